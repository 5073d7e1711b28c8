import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { onEmulator } from '../support/emulator.ts';
import { until } from '../support/until.ts';
import {
  bearer,
  cancelBody,
  KEY,
  keyEntry,
  startGateway,
  webhook,
  type InProcessGateway,
} from '../support/three-callers.ts';

/** The audit trail: an intent and a result for each cancellation that is allowed, a result for each refusal. */
let emulator: Emulator;
onEmulator(
  [
    { id: 'mine', state: 'running', engine: 'etl' },
    { id: 'other', state: 'running', engine: 'reports' },
    { id: 'done', state: 'succeeded', engine: 'etl' },
  ],
  (started) => void (emulator = started),
);

const start = (settings: Record<string, string> = {}) => startGateway(emulator.port, settings);
const withKey = (members: object) => start({ API_KEYS: JSON.stringify([keyEntry(KEY, members)]) });
const key = [['X-API-Key', KEY]] as const;
const UUID = /^[\da-f]{8}(-[\da-f]{4}){3}-[\da-f]{12}$/;

const lines = ({ log }: InProcessGateway, wanted: string): Record<string, unknown>[] =>
  log.map((line) => Object(JSON.parse(line))).filter(({ event }) => event === wanted);
const audits = (gateway: InProcessGateway) =>
  lines(gateway, 'audit').filter(({ phase }) => phase === 'result');

describe('a cancellation that is let through', () => {
  it('is logged whole: who, what, why, and what came of it', async () => {
    const gateway = start();
    const { body } = await gateway.send('DELETE', '/tasks/mine?region=ap-singapore', key);
    const [intent, result, ...more] = lines(gateway, 'audit');
    expect(more).toEqual([]);
    expect({ ...intent, ...result, lineId: intent?.['lineId'] }).toEqual(
      // What the intent says, the result says again.
      { ...result, lineId: result?.['intentId'] },
    );
    expect([intent, result].map((line) => line?.['lineId'])).toEqual([
      expect.stringMatching(UUID),
      expect.stringMatching(UUID),
    ]);
    expect([result]).toEqual([
      {
        time: expect.any(String),
        level: 'info',
        event: 'audit',
        phase: 'result',
        lineId: expect.not.stringMatching(String(intent?.['lineId'])),
        intentId: intent?.['lineId'],
        requestId: body['requestId'],
        upstreamRequestId: body['upstreamRequestId'],
        traceId: expect.stringMatching(/^[\da-f]{32}$/),
        principal: 'key:k',
        scheme: 'api-key',
        action: 'cancel',
        route: '/tasks/{taskId}',
        taskId: 'mine',
        region: 'ap-singapore',
        decision: 'allow',
        rule: 'scope',
        outcome: 'cancel_requested',
        status: 202,
      },
    ]);
  });

  it('names the engine where an entry has engines', async () => {
    const gateway = withKey({ engines: ['etl'] });
    await gateway.send('DELETE', '/tasks/mine', key);
    expect(audits(gateway)).toMatchObject([
      { decision: 'allow', rule: 'scope, engine', engine: 'etl', outcome: 'cancel_requested' },
    ]);
  });

  it('names the engine where the state had to be looked up, and what had happened before', async () => {
    const gateway = start();
    await gateway.send('DELETE', '/tasks/done', key);
    expect(audits(gateway)).toMatchObject([
      {
        decision: 'allow',
        engine: 'etl',
        outcome: 'not_cancelled',
        code: 'task-already-finished',
        status: 409,
      },
    ]);
  });

  it('tells a permission for this task alone from a scope', async () => {
    const details = [{ type: 'dlc_task', actions: ['cancel'], identifier: 'mine' }];
    const gateway = start();
    await gateway.send('DELETE', '/tasks/mine', [bearer({ authorization_details: details })]);
    expect(audits(gateway)).toMatchObject([
      { principal: 'jwt:idp:sub:alice', scheme: 'bearer', rule: 'authorization_details' },
    ]);
  });

  it('is logged of a webhook too, and of one that was acknowledged but not done', async () => {
    const gateway = start();
    for (const id of ['mine', 'nowhere']) {
      const { headers, body } = webhook(cancelBody(id));
      await gateway.send('POST', '/webhooks/cancel-task', headers, body);
    }
    expect(audits(gateway)).toMatchObject([
      { principal: 'hook:hub', scheme: 'webhook', decision: 'allow', outcome: 'cancel_requested' },
      { taskId: 'nowhere', outcome: 'not_cancelled', code: 'task-not-found', status: 200 },
    ]);
  });

  it('says that nobody knows, where nobody does', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'reset-after', times: 'always' });
    await emulator.addFault({ action: 'DescribeTasks', kind: 'reset-before', times: 'always' });
    const gateway = start({ MAX_ATTEMPTS: '1' });
    await gateway.send('DELETE', '/tasks/mine', key);
    expect(audits(gateway)).toMatchObject([
      { decision: 'allow', outcome: 'unknown', outcomeUnknown: true, status: 502 },
    ]);
  });

  it('says that it is not confirmed', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'reset-after', times: 1 });
    const code = 'FailedOperation.AnotherRequestProcessing';
    await emulator.addFault({ action: 'CancelTask', kind: 'code', code, times: 'always' });
    const gateway = start({ MAX_ATTEMPTS: '2', TASK_STATE_LOOKUP: 'off' });
    const { body } = await gateway.send('DELETE', '/tasks/mine', key);
    expect(body).toMatchObject({ confirmed: false });
    expect(audits(gateway)).toMatchObject([{ outcome: 'cancel_requested', confirmed: false }]);
  });
});

describe('a cancellation that is not let through', () => {
  const nobody = 'a-key-that-nobody-has';
  it.each<[string, readonly (readonly [string, string])[], object]>([
    ['without credentials', [], { rule: 'unauthenticated', reason: 'no credentials' }],
    ['with a wrong key', [['X-API-Key', nobody]], { rule: 'unauthenticated' }],
    ['with an expired token', [bearer({ exp: 1 })], { rule: 'unauthenticated' }],
    ['with two schemes', [...key, bearer({})], { rule: 'invalid-request' }],
    ['with two keys', [...key, ['x-api-key', nobody]], { rule: 'invalid-request' }],
  ])('names no principal, but the task: %s', async (_, headers, expected) => {
    const gateway = start();
    const { status } = await gateway.send('DELETE', '/tasks/mine', headers);
    const [line, ...more] = audits(gateway);
    expect(more).toEqual([]);
    expect(line).toMatchObject({
      decision: 'deny',
      outcome: 'not_cancelled',
      taskId: 'mine',
      status,
      ...expected,
    });
    expect(line).not.toHaveProperty('principal');
    expect(JSON.stringify(line)).not.toContain(nobody);
  });

  it.each<[string, object, Record<string, string>, string, object]>([
    ['a scope', { scopes: ['tasks:read'] }, {}, 'mine', { rule: 'insufficient-scope' }],
    ['a block', {}, { BLOCKED_PRINCIPALS: 'key:k' }, 'mine', { rule: 'principal-blocked' }],
    ['a region', { regions: ['ap-singapore'] }, {}, 'mine', { rule: 'task-not-permitted' }],
    [
      'an engine',
      { engines: ['etl'] },
      {},
      'other',
      { rule: 'task-not-permitted', taskId: 'other', engine: 'reports', region: 'ap-guangzhou' },
    ],
    ['a bad parameter', {}, {}, 'mine?regoin=x', { rule: 'invalid-request', taskId: 'mine' }],
  ])('for want of %s, is logged with its caller', async (_, members, settings, task, expected) => {
    const gateway = start({ API_KEYS: JSON.stringify([keyEntry(KEY, members)]), ...settings });
    await gateway.send('DELETE', `/tasks/${task}`, key);
    expect(audits(gateway)).toMatchObject([
      { principal: 'key:k', decision: 'deny', outcome: 'not_cancelled', ...expected },
    ]);
    expect(emulator.stats().cancelled).toEqual([]);
  });

  it('for its quota, is logged each time', async () => {
    const gateway = withKey({ rate: '1/h' });
    for (const _ of [1, 2, 3]) await gateway.send('DELETE', '/tasks/mine', key);
    expect(audits(gateway).map(({ decision, rule }) => [decision, rule])).toEqual([
      ['allow', 'scope'],
      ['deny', 'quota-exceeded'],
      ['deny', 'quota-exceeded'],
    ]);
  });

  it('names no task where what stands in the path is none', async () => {
    const gateway = start();
    await gateway.send('DELETE', '/tasks/%0Aevil', []);
    const [line] = audits(gateway);
    expect(line).toMatchObject({ decision: 'deny' });
    expect(line).not.toHaveProperty('taskId');
  });
});

describe('no record', () => {
  it('is made of what asks for no cancellation', async () => {
    const gateway = start();
    await gateway.send('GET', '/tasks/mine', key);
    await gateway.send('GET', '/tasks/mine');
    await gateway.send('OPTIONS', '/tasks/mine');
    await gateway.send('POST', '/tasks/mine', key);
    await gateway.send('DELETE', '/nowhere/mine', key);
    const large = ['X-Large', 'x'.repeat(17_000)] as const;
    await gateway.send('DELETE', '/tasks/mine', [...key, large]);
    const { headers, body } = webhook({ type: 'task.started', timestamp: 'x', data: {} });
    expect(await gateway.send('POST', '/webhooks/cancel-task', headers, body)).toMatchObject({
      body: { outcome: 'ignored' },
    });
    expect(lines(gateway, 'request')).toHaveLength(7);
    expect(audits(gateway)).toEqual([]);
  });

  it.each([
    ['warn', 1],
    ['error', 1],
    ['silent', 0],
  ])('is lost to LOG_LEVEL=%s, but all are to silent', async (level, count) => {
    const gateway = start({ LOG_LEVEL: level });
    await gateway.send('DELETE', '/tasks/mine', key);
    expect(lines(gateway, 'request')).toEqual([]);
    expect(audits(gateway)).toHaveLength(count);
    expect(lines(gateway, 'audit')).toHaveLength(2 * count);
  });
});

it('an intent is there before the first attempt, and a refusal has none', async () => {
  const gateway = withKey({ engines: ['etl'] });
  await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 'always' });
  const hanging = gateway.send('DELETE', '/tasks/mine', key);
  await until(() => emulator.requests().some(({ action }) => action === 'CancelTask'));
  expect(lines(gateway, 'audit')).toMatchObject([{ phase: 'intent', decision: 'allow' }]);
  await emulator.reset();
  await hanging;
  await gateway.send('DELETE', '/tasks/other', key);
  expect(lines(gateway, 'audit').map(({ phase }) => phase)).toEqual(['intent', 'result', 'result']);
});

it('the rule names only what was checked', async () => {
  const gateway = withKey({});
  await gateway.send('DELETE', '/tasks/mine', [...key, ['Prefer', 'wait=2']]);
  expect(audits(gateway)).toMatchObject([{ rule: 'scope', outcome: 'cancelled' }]);
});
