import { describe, expect, it } from '@jest/globals';

import {
  Problem,
  PROBLEMS,
  titleOf,
  type ProblemCode,
  type ProblemKind,
} from '../../src/lib/problems.ts';

const isCode = (code: string): code is ProblemCode => code in PROBLEMS;
const KINDS = Object.keys(PROBLEMS)
  .filter(isCode)
  .map((code): [ProblemCode, ProblemKind] => [code, PROBLEMS[code]]);

describe('the table of problems', () => {
  it.each(KINDS)('%s is fit for callers', (code, { status, detail, retryable, retryAfter }) => {
    expect(code).toMatch(/^[a-z]+(-[a-z]+)*$/);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(status).toBeLessThan(600);
    expect(titleOf(code)).toMatch(/^[A-Z][^.]*$/);
    expect(detail).toMatch(/^[A-Z].*\.$/);
    expect(retryAfter !== undefined).toBe(retryable);
  });

  it('has no 410, on which senders of webhooks disable an endpoint for good', () => {
    expect(KINDS.filter(([, { status }]) => status === 410)).toEqual([]);
  });

  it('waits as long as the contract says', () => {
    const waiting = (seconds: number): [string, ProblemKind][] =>
      KINDS.filter(([, kind]) => kind.retryAfter === seconds);
    const waits = (seconds: number): string[] => waiting(seconds).map(([code]) => code);
    expect(waits(60)).toEqual(['upstream-quota-exceeded']);
    expect(waits(1).toSorted()).toEqual(
      [
        'another-request-processing',
        'quota-exceeded',
        'task-busy',
        'upstream-rate-limited',
      ].toSorted(),
    );
    for (const [, { status }] of waiting(2)) expect([502, 503, 504]).toContain(status);
  });
});

describe('a problem', () => {
  it('has the sentence of the table, or a better one', () => {
    expect(new Problem('overloaded').message).toBe(PROBLEMS.overloaded.detail);
    expect(new Problem('overloaded', { detail: 'Busy.' }).message).toBe('Busy.');
    expect(new Problem('overloaded').kind).toBe(PROBLEMS.overloaded);
  });

  it('keeps apart what is for a caller and what is for the log', () => {
    const problem = new Problem('internal-error', { reason: 'why', taskState: 'failed' });
    expect(problem.members).toEqual({ taskState: 'failed' });
    expect(problem.reason).toBe('why');
  });

  it('has a time to wait only where a repetition makes sense', () => {
    expect(new Problem('quota-exceeded').retryAfter).toBe(1);
    expect(new Problem('quota-exceeded', { retryAfter: 7 }).retryAfter).toBe(7);
    expect(new Problem('task-not-found', { retryAfter: 7 }).retryAfter).toBeUndefined();
  });
});
