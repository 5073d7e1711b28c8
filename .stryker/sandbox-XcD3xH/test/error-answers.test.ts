import { readFileSync } from 'node:fs';

import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { ruleFor } from '../src/lib/dlc/errors.ts';
import { PROBLEMS, type ProblemKind } from '../src/lib/problems.ts';
import { startInProcess } from './support/in-process.ts';

/**
 * Each of the codes that DLC's API defines, through a real request: what `errors.test.ts` proves of the
 * table is what callers get.
 */
const tsv = new URL('fixtures/dlc-error-codes.tsv', import.meta.url);
const codes = readFileSync(tsv, 'utf8')
  .trim()
  .split('\n')
  .slice(1)
  .map((line) => line.split('\t')[0] ?? '');
const COMMON = [
  'RequestLimitExceeded',
  'RequestLimitExceeded.UinLimitExceeded',
  'InternalError.Brand.New',
  'InvalidAction',
  'NoSuchVersion',
  'UnsupportedRegion',
  'ServiceUnavailable',
  'ActionOffline',
  'IpInBlacklist',
  'RequestSizeLimitExceeded',
  'ResponseSizeLimitExceeded',
  'DryRunOperation',
  'Brand.NewCode',
];

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ rate: 1e6 });
});
afterAll(() => emulator.close());

it('every code of DLC gets the answer of its row', async () => {
  expect(codes).toHaveLength(293);
  const env = { MAX_ATTEMPTS: '2', LOG_LEVEL: 'info' };
  const gateway = startInProcess({ port: emulator.port, env });
  for (const [i, code] of [...codes, ...COMMON].entries()) {
    const taskId = `task-${i}`;
    emulator.addTasks({ id: taskId, state: 'running' });
    await emulator.addFault({ action: 'CancelTask', taskId, kind: 'code', code, times: 'always' });
    const rule = ruleFor(code);
    const { status, retryable }: ProblemKind = PROBLEMS[rule.code];
    const answer = await gateway.call('DELETE', `/tasks/${taskId}`);

    const { requestId, upstreamRequestId, title, detail, ...told } = answer.body;
    expect({ status: answer.status, told }).toEqual({
      status,
      told: {
        type: `/problems/${rule.code}`,
        code: rule.code,
        status,
        retryable,
        taskId,
        region: 'ap-guangzhou',
        ...(rule.code !== 'upstream-credentials-rejected' && { upstreamCode: code }),
        ...(rule.outcome === 'unknown' && { outcomeUnknown: true }),
      },
    });
    expect([requestId, upstreamRequestId, title, detail].map((member) => typeof member)).toEqual(
      Array.from({ length: 4 }, () => 'string'),
    );
    expect(answer.headers['Content-Type']).toBe('application/problem+json');
    expect(answer.headers['X-Tc-Request-Id']).toBe(upstreamRequestId);
    expect(answer.headers['Retry-After'] !== undefined).toBe(retryable);
    expect(gateway.lines.findLast(({ event }) => event === 'request')).toMatchObject({
      attempts: rule.again ? 2 : 1,
      reason: expect.stringContaining(code),
    });
  }
  const calls = emulator.stats().calls.CancelTask;
  expect(calls).toBeGreaterThan(codes.length);
}, 60_000);
