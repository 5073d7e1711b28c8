import { describe, expect, it } from '@jest/globals';

import {
  jsonResponse,
  problemResponse,
  withAlwaysHeaders,
} from '../../../src/lib/http/response.ts';
import { toPlatformResponse } from '../../../src/lib/http/events.ts';
import { albMultiValue } from '../../fixtures/events/aws/http-events.ts';
import { responseForSender, isAcknowledged } from '../../../src/lib/webhooks/sender-response.ts';
import {
  Problem,
  type ProblemOptions,
  PROBLEMS,
  type ProblemCode,
  titleOf,
} from '../../../src/lib/problems.ts';

const isCode = (code: string): code is ProblemCode => code in PROBLEMS;
const CODES = Object.keys(PROBLEMS).filter(isCode);
const CONTEXT = { requestId: 'r-1', typePrefix: '' };
const parse = (text: string): Record<string, unknown> => Object(JSON.parse(text));

describe('a problem', () => {
  it.each(CODES)('%s is problem+json with all members', (code) => {
    const { status, headers, body } = problemResponse(new Problem(code), CONTEXT);
    const kind = PROBLEMS[code];
    expect(parse(body)).toEqual({
      type: `/problems/${code}`,
      title: titleOf(code),
      status: kind.status,
      detail: kind.detail,
      code,
      retryable: kind.retryable,
      requestId: 'r-1',
    });
    expect(status).toBe(kind.status);
    expect(headers['Content-Type']).toBe('application/problem+json');
    expect(headers['Retry-After'] !== undefined).toBe(kind.retryable);
    if (kind.retryable) expect(headers['Retry-After']).toMatch(/^[1-9][0-9]*$/);
  });

  it('has a type under the prefix', () => {
    const typeWith = (typePrefix: string): unknown =>
      parse(problemResponse(new Problem('overloaded'), { ...CONTEXT, typePrefix }).body)['type'];
    expect(typeWith('/gateway')).toBe('/gateway/problems/overloaded');
    expect(typeWith('https://gateway.example.org')).toBe(
      'https://gateway.example.org/problems/overloaded',
    );
  });

  it('tells what is known, and never what is for the log alone', () => {
    const problem = new Problem('task-already-finished', {
      detail: 'Too late.',
      taskState: 'succeeded',
      upstreamCode: 'ResourceNotFound.TaskAlreadyFinished',
      upstreamRequestId: 'u-1',
      outcomeUnknown: true,
      reason: 'REASON',
      headers: { Allow: 'GET' },
    });
    const response = problemResponse(problem, {
      ...CONTEXT,
      taskId: 't',
      region: 'ap-guangzhou',
    });
    expect(parse(response.body)).toEqual({
      type: '/problems/task-already-finished',
      title: 'Task already finished',
      status: 409,
      detail: 'Too late.',
      code: 'task-already-finished',
      retryable: false,
      requestId: 'r-1',
      taskId: 't',
      region: 'ap-guangzhou',
      taskState: 'succeeded',
      upstreamCode: 'ResourceNotFound.TaskAlreadyFinished',
      upstreamRequestId: 'u-1',
      outcomeUnknown: true,
    });
    expect(response.headers).toEqual({
      'Content-Type': 'application/problem+json',
      Vary: 'Accept-Language',
      'X-Tc-Request-Id': 'u-1',
      Allow: 'GET',
    });
  });

  it('has the computed Retry-After before that of the table', () => {
    const response = problemResponse(new Problem('quota-exceeded', { retryAfter: 42 }), CONTEXT);
    expect(response.headers['Retry-After']).toBe('42');
  });
});

describe("what a webhook's sender gets", () => {
  const FORBIDDEN: ProblemCode[] = [
    'insufficient-scope',
    'task-not-permitted',
    'principal-blocked',
    'origin-not-allowed',
    'confirmation-required',
  ];
  const FINAL: ProblemCode[] = [
    'task-not-found',
    'task-already-finished',
    'operation-not-supported',
  ];
  const LATER: ProblemCode[] = ['another-request-processing', 'task-busy'];

  it('is never 410, and a 409 never', () => {
    for (const code of CODES) {
      const { status } = responseForSender(new Problem(code), CONTEXT);
      expect([409, 410]).not.toContain(status);
    }
  });

  it.each([...FORBIDDEN, ...FINAL])('of %s is an acknowledgement', (code) => {
    const problem = new Problem(code, { upstreamRequestId: 'u-1', headers: { Allow: 'x' } });
    const context = { ...CONTEXT, taskId: 't', region: 'ap-guangzhou' };
    const { status, headers, body } = responseForSender(problem, context);
    expect(isAcknowledged(problem)).toBe(true);
    expect(status).toBe(200);
    expect(headers).toEqual({ 'Content-Type': 'application/json', 'X-Tc-Request-Id': 'u-1' });
    expect(parse(body)).toEqual({
      taskId: 't',
      region: 'ap-guangzhou',
      outcome: code.replaceAll('-', '_'),
      requestId: 'r-1',
      upstreamRequestId: 'u-1',
    });
  });

  it('has the state of a task that is known', () => {
    const problem = new Problem('task-already-finished', { taskState: 'failed' });
    const { headers, body } = responseForSender(problem, CONTEXT);
    expect(parse(body)).toEqual({
      outcome: 'task_already_finished',
      requestId: 'r-1',
      taskState: 'failed',
    });
    expect(headers).toEqual({ 'Content-Type': 'application/json' });
  });

  it.each(LATER)('of %s is a 503 with the same Retry-After', (code) => {
    const { status, headers, body } = responseForSender(new Problem(code), CONTEXT);
    expect(status).toBe(503);
    expect(parse(body)).toMatchObject({ status: 503, code, retryable: true, requestId: 'r-1' });
    expect(headers).toMatchObject({
      'Content-Type': 'application/problem+json',
      'Retry-After': '1',
    });
  });

  it('of a body that came too late is a 503: some senders give up at any 4xx', () => {
    const { status, headers, body } = responseForSender(new Problem('request-timeout'), CONTEXT);
    expect(parse(body)).toMatchObject({ status: 503, code: 'request-timeout', retryable: true });
    expect({ status, again: headers['Retry-After'] }).toEqual({ status: 503, again: '2' });
  });

  const rest = CODES.filter(
    (code) => ![...FORBIDDEN, ...FINAL, ...LATER, 'request-timeout'].includes(code),
  );

  it.each(rest)('of %s is the problem as it is', (code) => {
    const options: ProblemOptions = { headers: { 'WWW-Authenticate': 'Webhook-Signature' } };
    const problem = new Problem(code, options);
    expect(isAcknowledged(problem)).toBe(false);
    expect(responseForSender(problem, CONTEXT)).toEqual(problemResponse(problem, CONTEXT));
  });

  it.each([...FORBIDDEN, ...FINAL])(
    'of %s is no acknowledgement while the outcome is unknown',
    (code) => {
      const problem = new Problem(code, { outcomeUnknown: true });
      const { status, body } = responseForSender(problem, CONTEXT);
      expect(status).toBe(PROBLEMS[code].status);
      expect(parse(body)).toMatchObject({ code, outcomeUnknown: true });
    },
  );
});

describe('an answer', () => {
  it('as JSON has the type and what else is given', () => {
    expect(jsonResponse(202, { a: 1, b: undefined }, { 'Retry-After': '1' })).toEqual({
      status: 202,
      headers: { 'Content-Type': 'application/json', 'Retry-After': '1' },
      body: '{"a":1}',
    });
  });

  it('keeps its own fields, but those of every answer come first', () => {
    const response = {
      status: 204,
      headers: { Allow: 'GET', 'Cache-Control': 'public' },
      body: '',
    };
    expect(withAlwaysHeaders(response, 'r-1')).toEqual({
      status: 204,
      body: '',
      headers: {
        Allow: 'GET',
        'X-Request-Id': 'r-1',
        'Cache-Control': 'no-store',
        'X-Content-Type-Options': 'nosniff',
        'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
        'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
        'X-Frame-Options': 'DENY',
        'Referrer-Policy': 'no-referrer',
      },
    });
  });

  it('goes back to a platform with one value a name, or with lists of one', () => {
    const response = { status: 202, headers: { A: '1', B: '2' }, body: '{}' };
    expect(toPlatformResponse(response, {})).toEqual({
      statusCode: 202,
      headers: { A: '1', B: '2' },
      body: '{}',
      isBase64Encoded: false,
    });
    expect(toPlatformResponse(response, albMultiValue)).toEqual({
      statusCode: 202,
      multiValueHeaders: { A: ['1'], B: ['2'] },
      body: '{}',
      isBase64Encoded: false,
    });
  });
});
