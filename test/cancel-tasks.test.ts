import { beforeEach, describe, expect, it } from '@jest/globals';
import { setMaxListeners } from 'node:events';

import type { Emulator } from '../emulator/emulator.ts';
import { Problem } from '../src/lib/problems.ts';
import { MAX_PER_PRINCIPAL } from '../src/middlewares/quota.ts';
import { onEmulator } from './support/emulator.ts';
import { expectProblem } from './support/gateway.ts';
import type { Answer, InProcessGateway } from './support/in-process.ts';
import { bearer, KEY, keyEntry, startGateway } from './support/three-callers.ts';

/** `POST /tasks:cancel`, through the whole gateway. */
let emulator: Emulator;
onEmulator(
  [
    { id: 'a', state: 'running', engine: 'etl' },
    { id: 'b', state: 'running', engine: 'reports', operator: '100' },
    { id: 'cancelled', state: 'cancelled', engine: 'etl' },
    { id: 'succeeded', state: 'succeeded', engine: 'etl' },
    { id: 'failed', state: 'failed', engine: 'etl' },
  ],
  (started) => void (emulator = started),
);

const key = ['X-API-Key', KEY] as const;
const json = ['Content-Type', 'application/json'] as const;
const start = (settings: Record<string, string> = {}): InProcessGateway =>
  startGateway(emulator.port, { UPSTREAM_RATE: '10000', ...settings });
const withKey = (members: object, settings: Record<string, string> = {}) =>
  start({ API_KEYS: JSON.stringify([keyEntry(KEY, { rate: '999/s', ...members })]), ...settings });

function post(
  gateway: InProcessGateway,
  body: unknown,
  headers: readonly (readonly [string, string])[] = [key, json],
): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return gateway.send('POST', '/tasks:cancel', headers, text);
}

const resultsOf = ({ body }: Answer): Record<string, unknown>[] => Object(body['results']);
const shown = (response: Answer) =>
  resultsOf(response).map(({ taskId, status, outcome, code }) => [taskId, status, outcome ?? code]);
const calls = () => emulator.stats().calls;
const audits = ({ lines }: InProcessGateway) => lines.filter(({ event }) => event === 'audit');

describe('a batch', () => {
  it('gives each task its own result, in the order asked for', async () => {
    const taskIds = ['succeeded', 'nowhere', 'a', 'cancelled', 'failed', 'b'];
    const response = await post(withKey({}), { taskIds, region: 'ap-singapore' });
    expect(response).toMatchObject({ status: 200, body: { region: 'ap-singapore' } });
    expect(shown(response)).toEqual([
      ['succeeded', 409, 'task-already-finished'],
      ['nowhere', 404, 'task-not-found'],
      ['a', 202, 'cancel_requested'],
      ['cancelled', 200, 'already_cancelled'],
      ['failed', 409, 'task-already-finished'],
      ['b', 202, 'cancel_requested'],
    ]);
    expect(resultsOf(response)[0]).toMatchObject({ taskState: 'succeeded', retryable: false });
    expect(emulator.stats().cancelled.toSorted()).toEqual(['a', 'b']);
    // The three states that only a lookup shows are looked up at once.
    expect(calls()).toMatchObject({ CancelTask: 6, DescribeTasks: 1 });
    expect(response.headers).not.toHaveProperty('Retry-After');
    expect(response.headers['X-Tc-Request-Id']).toBe(resultsOf(response)[0]?.['upstreamRequestId']);
  });

  it('says by Retry-After when the first of its tasks may be tried again', async () => {
    const fault = { action: 'CancelTask', kind: 'code', times: 'always' } as const;
    await emulator.addFault([
      { ...fault, code: 'LimitExceeded', taskId: 'a' },
      { ...fault, code: 'ResourceInUse', taskId: 'b' },
    ]);
    const response = await post(withKey({}), { taskIds: ['a', 'b'] });
    expect(resultsOf(response)).toMatchObject([
      { status: 429, retryAfter: 60, retryable: true },
      { status: 409, retryAfter: 1, retryable: true },
    ]);
    expect(response.headers['Retry-After']).toBe('1');
  });

  it('looks up what is open while another task hangs', async () => {
    await emulator.addFault([
      { action: 'CancelTask', kind: 'reset-after', taskId: 'a' },
      { action: 'CancelTask', kind: 'hang', taskId: 'b' },
      { action: 'DescribeTasks', kind: 'hang', times: 'always', taskId: 'b' },
    ]);
    const settings = { MAX_ATTEMPTS: '1', REQUEST_TIMEOUT_MS: '4000' };
    const response = await post(withKey({}, settings), { taskIds: ['a', 'b'] });
    expect(resultsOf(response)).toMatchObject([
      { taskId: 'a', status: 200, outcome: 'cancelled' },
      { taskId: 'b', status: 504, outcomeUnknown: true },
    ]);
  });

  it('is permitted task by task, with one question to DLC for up to 50', async () => {
    const many = Array.from({ length: 98 }, (_, i) => `t${i}`);
    emulator.addTasks(many.map((id) => ({ id, state: 'running' as const, engine: 'etl' })));
    const response = await post(withKey({ engines: ['etl'] }), {
      taskIds: ['b', 'nowhere', ...many],
    });
    expect(shown(response).slice(0, 3)).toEqual([
      ['b', 403, 'task-not-permitted'],
      ['nowhere', 403, 'task-not-permitted'],
      ['t0', 202, 'cancel_requested'],
    ]);
    expect(calls()).toMatchObject({ CancelTask: 98, DescribeTasks: 2 });
  });

  it('by a token for one task cancels that one alone', async () => {
    const details = [{ type: 'dlc_task', actions: ['cancel'], identifier: 'a' }];
    const token = bearer({ authorization_details: details });
    expect(shown(await post(start(), { taskIds: ['b', 'a'] }, [token, json]))).toEqual([
      ['b', 403, 'task-not-permitted'],
      ['a', 202, 'cancel_requested'],
    ]);
    expect(calls()).toMatchObject({ CancelTask: 1, DescribeTasks: 0 });
  });

  it('by owner, and in a region that is not its own', async () => {
    const taskIds = ['a', 'b'];
    const mine = await post(withKey({ owner: '100' }), { taskIds });
    expect(shown(mine).map(([, status]) => status)).toEqual([403, 202]);
    const elsewhere = await post(withKey({ regions: ['ap-singapore'] }), { taskIds });
    expect(shown(elsewhere).map(([, status]) => status)).toEqual([403, 403]);
  });

  it('leaves an intent and a result of each task, under one batchId', async () => {
    const gateway = withKey({ engines: ['etl'] });
    await post(gateway, { taskIds: ['a', 'b', 'succeeded'] });
    const lines = audits(gateway);
    expect(new Set(lines.map(({ batchId }) => batchId)).size).toBe(1);
    expect(lines[0]?.['batchId']).toMatch(/^[\da-f-]{36}$/);
    const of = (taskId: string) => lines.filter((line) => line['taskId'] === taskId);
    for (const [id, outcome] of Object.entries({
      a: 'cancel_requested',
      succeeded: 'not_cancelled',
    })) {
      const [intent, result] = of(id);
      expect([intent, result]).toMatchObject([
        { phase: 'intent', decision: 'allow', rule: 'scope, engine', engine: 'etl' },
        { phase: 'result', decision: 'allow', outcome, intentId: intent?.['lineId'] },
      ]);
    }
    expect(of('b')).toMatchObject([
      { phase: 'result', decision: 'deny', rule: 'task-not-permitted', status: 403 },
    ]);
    expect(lines.length).toBe(5);
    expect(gateway.lines.find(({ event }) => event === 'request')).toMatchObject({
      route: '/tasks:cancel',
      outcome: 'batch',
      tasks: 3,
      attempts: 2,
      batchId: lines[0]?.['batchId'],
    });
  });

  it('does not let the defect of one task touch another', async () => {
    await emulator.addFault([
      { action: 'CancelTask', kind: 'reset-after', times: 'always', taskId: 'a' },
      { action: 'DescribeTasks', kind: 'code', code: 'InvalidParameter', times: 1 },
    ]);
    const response = await post(withKey({}), { taskIds: ['a', 'succeeded'] });
    // The question about both was refused, so each is asked about alone.
    expect(shown(response)).toEqual([
      ['a', 200, 'cancelled'],
      ['succeeded', 409, 'task-already-finished'],
    ]);
    expect(resultsOf(response)[1]).toMatchObject({ taskState: 'succeeded' });
  });
});

describe('a dry run', () => {
  const taskIds = ['a', 'nowhere', 'cancelled', 'succeeded', 'strange'];
  beforeEach(() => void emulator.addTasks({ id: 'strange', state: -9 }));

  it('says what would become of each task, and sends nothing', async () => {
    const gateway = withKey({});
    const response = await post(gateway, { taskIds, dryRun: true });
    expect(shown(response)).toEqual([
      ['a', 200, 'would_cancel'],
      ['nowhere', 404, 'task-not-found'],
      ['cancelled', 200, 'already_cancelled'],
      ['succeeded', 409, 'task-already-finished'],
      ['strange', 200, 'would_cancel'],
    ]);
    expect(resultsOf(response)[1]?.['detail']).toMatch(/45 days/);
    expect(resultsOf(response).map(({ confirmed }) => confirmed)).toEqual([
      undefined,
      undefined,
      undefined,
      undefined,
      false,
    ]);
    expect(calls()).toMatchObject({ CancelTask: 0, DescribeTasks: 1 });
    const lines = audits(gateway);
    expect(lines.map(({ phase, dryRun }) => [phase, dryRun])).toEqual(
      taskIds.map(() => ['result', true]),
    );
  });

  it('asks DLC once where the permission needed the task too', async () => {
    const response = await post(withKey({ engines: ['etl'] }), {
      taskIds: ['a', 'b'],
      dryRun: true,
    });
    expect(shown(response)).toEqual([
      ['a', 200, 'would_cancel'],
      ['b', 403, 'task-not-permitted'],
    ]);
    expect(calls()).toMatchObject({ CancelTask: 0, DescribeTasks: 1 });
  });

  it.each([
    ['the lookup is off', { TASK_STATE_LOOKUP: 'off' }, 'InternalError', 0],
    ['DLC cannot be asked', {}, 'InternalError', 2],
  ])('does not know, if %s', async (_, settings, code, lookups) => {
    await emulator.addFault({ action: 'DescribeTasks', kind: 'code', code, times: 'always' });
    const response = await post(withKey({}, settings), { taskIds: ['a'], dryRun: true });
    expect(resultsOf(response)).toEqual([
      { taskId: 'a', status: 200, outcome: 'would_cancel', confirmed: false },
    ]);
    expect(calls()).toMatchObject({ CancelTask: 0, DescribeTasks: lookups });
  });
});

describe('the quota', () => {
  it('lets a batch in by one unit, and is owed the others', async () => {
    const gateway = withKey({ rate: '2/h' });
    const response = await post(gateway, { taskIds: ['a', 'b', 'nowhere', 'cancelled'] });
    expect(response.status).toBe(200);
    // Four units are spent of two: three have to come back before there is one.
    expect(response.headers['RateLimit']).toBe('"cancel";r=0;t=5400');
    const next = await gateway.send('DELETE', '/tasks/a', [key]);
    const body = expectProblem(next, 429, 'quota-exceeded');
    expect(body['violated-policies']).toEqual(['cancel']);
    expect(next.headers['Retry-After']).toBe('5400');
  });

  it('of the last unit lets a whole batch in', async () => {
    const response = await post(withKey({ rate: '1/h' }), { taskIds: ['a', 'b'] });
    expect(shown(response).map(([, status]) => status)).toEqual([202, 202]);
    expect(response.headers['RateLimit']).toBe('"cancel";r=0;t=7200');
  });

  it('is as it is where there is more than the batch costs', async () => {
    const response = await post(withKey({ rate: '10/h' }), { taskIds: ['a', 'b', 'nowhere'] });
    expect(response.headers['RateLimit']).toBe('"cancel";r=7;t=1080');
  });
});

describe('a request that is refused as a whole', () => {
  const id = 'x'.repeat(128);
  const ids = (n: number) => Array.from({ length: n }, (_, i) => `${i}`);

  it.each<[string, unknown, string]>([
    ['no JSON', '{', ''],
    ['a member twice', '{"taskIds":["a"],"taskIds":["b"]}', ''],
    ['no object', [], ''],
    ['no ids', {}, 'taskIds'],
    ['an empty list', { taskIds: [] }, 'taskIds'],
    ['101 ids', { taskIds: ids(101) }, 'taskIds'],
    ['an id twice', { taskIds: ['a', 'b', 'a'] }, 'taskIds'],
    ['an id that is none', { taskIds: ['a', 'b c'] }, 'taskIds[1]'],
    ['an id that is a number', { taskIds: [1] }, 'taskIds[0]'],
    ['a region that is not served', { taskIds: ['a'], region: 'eu-frankfurt' }, 'region'],
    ['a misspelt region', { taskIds: ['a'], regoin: 'ap-singapore' }, ''],
    ['a dry run in words', { taskIds: ['a'], dryRun: 'yes' }, 'dryRun'],
  ])('for %s', async (_, body, name) => {
    const gateway = withKey({});
    const problem = expectProblem(await post(gateway, body), 400, 'invalid-request');
    expect(problem['errors']).toMatchObject([{ in: 'body', name }]);
    expect(calls()).toMatchObject({ CancelTask: 0, DescribeTasks: 0 });
    expect(audits(gateway)).toMatchObject([{ phase: 'result', decision: 'deny', status: 400 }]);
  });

  it('takes the longest ids that there are, a hundred of them', async () => {
    const taskIds = ids(100).map((n) => n + id.slice(n.length));
    const response = await post(withKey({}), { taskIds });
    expect(shown(response)).toEqual(taskIds.map((taskId) => [taskId, 404, 'task-not-found']));
  });

  it('for a query, another media type, a missing scope, nobody', async () => {
    const gateway = withKey({});
    const body = JSON.stringify({ taskIds: ['a'] });
    const sent = await gateway.send('POST', '/tasks:cancel?region=ap-singapore', [key, json], body);
    expectProblem(sent, 400, 'invalid-request');
    expectProblem(await post(gateway, body, [key]), 415, 'unsupported-media-type');
    expectProblem(await post(gateway, body, [json]), 401, 'unauthenticated');
    const reader = withKey({ scopes: ['tasks:read'] });
    expectProblem(await post(reader, body), 403, 'insufficient-scope');
    expect(calls()).toMatchObject({ CancelTask: 0, DescribeTasks: 0 });
  });

  it('for a body that is too large, or that a defect keeps from being read', async () => {
    const gateway = withKey({});
    const send = (error: Error) =>
      gateway.send('POST', '/tasks:cancel', [key, json], async () => {
        throw error;
      });
    const responses = [
      await send(new Problem('payload-too-large')),
      await send(new Error('a defect')),
    ];
    expect(responses.map(({ status }) => status)).toEqual([413, 500]);
    // The quota is checked before the body is read.
    for (const { headers } of responses) expect(headers['RateLimit']).toMatch(/^"cancel";r=/);
  });

  it('for a caller of whom too many requests hang, as every request of it is', async () => {
    const gateway = withKey({}, { REQUEST_TIMEOUT_MS: '60000' });
    const leaving = new AbortController();
    setMaxListeners(0, leaving.signal);
    const never = () => new Promise<Buffer>(() => undefined);
    const headers = [key, json];
    const hanging = Array.from({ length: MAX_PER_PRINCIPAL }, () =>
      gateway.send('POST', '/tasks:cancel', headers, never, false, leaving.signal),
    );
    const refused = await Promise.all([
      post(gateway, { taskIds: ['a'] }),
      gateway.send('GET', '/tasks', headers),
      gateway.send('GET', '/tasks/a', headers),
      gateway.send('DELETE', '/tasks/a', headers),
    ]);
    for (const response of refused) expectProblem(response, 503, 'overloaded');
    leaving.abort();
    await Promise.all(hanging);
  });

  it('is not read before the quota and the scope are', async () => {
    const unread = () => Promise.reject(new Error('the body was read'));
    const reader = withKey({ scopes: ['tasks:read'] });
    const response = await reader.send('POST', '/tasks:cancel', [key, json], unread);
    expectProblem(response, 403, 'insufficient-scope');
  });
});
