import { setTimeout as sleep } from 'node:timers/promises';

import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { Problem } from '../../src/lib/problems.ts';
import { onEmulator } from '../support/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { SENDERS, type Sender } from '../support/senders.ts';

/** What a delivery is answered with, and what of it reaches DLC and the log. */
let emulator: Emulator;
onEmulator(
  ['one', 'two', 'three'].map((id) => ({ id, state: 'running' as const, engine: 'etl' })),
  (started) => void (emulator = started),
);

function sender(name: string): Sender {
  const found = SENDERS[name];
  if (!found) throw new Error(`no sender ${name}`);
  return found;
}

function start(name: string, entry: object = {}, settings: Readonly<Record<string, string>> = {}) {
  const one = sender(name);
  const gateway = startInProcess({
    port: emulator.port,
    env: {
      WEBHOOK_SENDERS: JSON.stringify([{ id: 'it', kind: one.kind, ...one.entry, ...entry }]),
      MAX_ATTEMPTS: '1',
      ...settings,
    },
  });
  const deliver = (body: string, more: readonly (readonly [string, string])[] = []) => {
    const proof = one.prove(body, Math.floor(Date.now() / 1000));
    const headers = [['Content-Type', one.contentType] as const, ...proof, ...more];
    return gateway.send('POST', '/webhooks/it', headers, body);
  };
  return { ...gateway, deliver, name: (...ids: string[]) => deliver(one.body(...ids)) };
}

const fail = (code: string, times: number | 'always' = 'always') =>
  emulator.addFault({ action: 'CancelTask', kind: 'code', code, times });
const cancelled = (): readonly string[] => [...emulator.stats().cancelled].toSorted();

describe('results', () => {
  it.each([
    ['ResourceInUse', 'task-busy', 409, '1'],
    ['FailedOperation.AnotherRequestProcessing', 'another-request-processing', 409, '1'],
    ['LimitExceeded', 'upstream-quota-exceeded', 429, '60'],
    ['RequestLimitExceeded', 'upstream-rate-limited', 429, expect.stringMatching(/^\d+$/)],
    ['ServiceUnavailable', 'upstream-unavailable', 503, '2'],
    ['InternalError', 'upstream-internal-error', 502, '2'],
    ['FailedOperation', 'upstream-operation-failed', 502, '2'],
    ['AuthFailure', 'upstream-credentials-rejected', 502, '2'],
    ['InvalidAction', 'gateway-misconfigured', 500, '2'],
  ])('with %s may yet succeed: a 503 with all of them', async (fault, code, status, retryAfter) => {
    await fail(fault);
    const response = await start('alertmanager with a token').name('one');
    expect(response).toMatchObject({
      status: 503,
      headers: { 'Retry-After': retryAfter },
      body: { code, status: 503, retryable: true, results: [{ taskId: 'one', status, code }] },
    });
  });

  it.each([
    ['InvalidParameter.InvalidTaskId', 'task-not-found'],
    ['UnsupportedOperation', 'operation-not-supported'],
    ['InvalidParameter', 'upstream-rejected-request'],
  ])('with %s are final: a 200, and a warning in the log', async (fault, code) => {
    await fail(fault);
    const gateway = start('grafana');
    expect(await gateway.name('one')).toMatchObject({
      status: 200,
      body: { results: [{ taskId: 'one', code, retryable: false }] },
    });
    const line = gateway.lines.findLast(({ event }) => event === 'request');
    expect(line).toMatchObject({ level: 'warn', code, route: '/webhooks/{senderId}' });
  });

  it('of some that may yet succeed are a 503, and a repetition finishes them', async () => {
    await fail('ResourceInUse', 1);
    const gateway = start('grafana');
    const response = await gateway.name('one', 'two', 'x/y');
    expect(response).toMatchObject({ status: 503, body: { code: 'task-busy' } });
    expect(response.body['results']).toHaveLength(3);
    expect(cancelled()).toHaveLength(1);
    expect((await gateway.name('one', 'two', 'x/y')).status).toBe(200);
    expect(cancelled()).toEqual(['one', 'two']);
  });

  it('of an unknown outcome are no 200', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'status', status: 504, times: 'always' });
    const response = await start('github').name('one');
    expect(response).toMatchObject({
      status: 503,
      body: { outcomeUnknown: true, results: [{ outcomeUnknown: true }] },
    });
  });

  it('keep to the engines, regions and owner of the entry', async () => {
    emulator.addTasks({ id: 'other', state: 'running', engine: 'reports' });
    const gateway = start('grafana', { engines: ['etl'] });
    expect(await gateway.name('one', 'other', 'gone')).toMatchObject({
      status: 200,
      body: {
        results: [
          { taskId: 'one', status: 202 },
          { taskId: 'other', status: 403, code: 'task-not-permitted' },
          { taskId: 'gone', status: 403, code: 'task-not-permitted' },
        ],
      },
    });
    expect(cancelled()).toEqual(['one']);
    expect((await start('grafana', { regions: ['ap-singapore'] }).name('two')).status).toBe(200);
    expect(cancelled()).toEqual(['one']);
  });
});

describe('a delivery', () => {
  it('that names 101 tasks is a 400, cancels none, and is an error in the log', async () => {
    const gateway = start('grafana');
    const response = await gateway.name('one', ...Array.from({ length: 100 }, (_, i) => `t${i}`));
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    expect(emulator.stats().calls.CancelTask).toBe(0);
    expect(gateway.lines).toContainEqual(
      expect.objectContaining({ level: 'error', event: 'too-many-tasks', principal: 'hook:it' }),
    );
  });

  it('spends a unit of the quota for each task; a refusal is a 503', async () => {
    const gateway = start('grafana', { rate: '2/h' });
    expect(await gateway.name('one', 'two', 'three')).toMatchObject({
      status: 200,
      headers: { RateLimit: expect.stringMatching(/^"cancel";r=0;t=/) },
    });
    expect(await gateway.name('one')).toMatchObject({
      status: 503,
      headers: { 'Retry-After': expect.stringMatching(/^\d{4}$/) },
      body: { code: 'quota-exceeded', 'violated-policies': ['cancel'] },
    });
  });

  it('of a sender who is blocked, or of whom more is required, is a 200', async () => {
    const blocked = start('grafana', {}, { BLOCKED_PRINCIPALS: 'hook:it' });
    expect(await blocked.name('one')).toMatchObject({
      status: 200,
      body: { outcome: 'principal_blocked' },
    });
    const required = start('grafana', { require: { '/receiver': 'another' } });
    expect(await required.name('one')).toMatchObject({
      status: 200,
      body: { outcome: 'task_not_permitted' },
    });
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('may carry other credentials, which are ignored', async () => {
    const gateway = start('github');
    const body = sender('github').body('one');
    const response = await gateway.deliver(body, [
      ['Authorization', 'Basic x'],
      ['Authorization', 'Bearer y'],
      ['X-API-Key', 'z'],
      ['Webhook-Id', 'w'],
    ]);
    expect(response.status).toBe(200);
    expect(cancelled()).toEqual(['one']);
  });

  it('with a static secret is refused before its body is read', async () => {
    const gateway = start('datadog');
    const never = (): Promise<Buffer> => new Promise(() => undefined);
    const headers = [['Authorization', 'Bearer a-wrong-secret-of-a-sender']] as const;
    const response = await gateway.send('POST', '/webhooks/it', headers, never);
    expect(response.status).toBe(401);
  });

  it('whose body was dropped for another one is a 503', async () => {
    const gateway = start('github');
    const dropped = async (): Promise<Buffer> => {
      throw new Problem('overloaded');
    };
    const response = await gateway.send('POST', '/webhooks/it', [], dropped);
    expect(response).toMatchObject({ status: 503, body: { code: 'overloaded' } });
  });

  it('has audit lines for each task, with one batchId', async () => {
    const gateway = start('grafana', { engines: ['etl'] });
    await gateway.name('one', 'gone');
    const lines = gateway.lines.filter(({ event }) => event === 'audit');
    expect(
      lines.map(({ phase, taskId, decision, outcome }) => [phase, taskId, decision, outcome]),
    ).toEqual(
      expect.arrayContaining([
        ['intent', 'one', 'allow', undefined],
        ['result', 'one', 'allow', 'cancel_requested'],
        ['result', 'gone', 'deny', 'not_cancelled'],
      ]),
    );
    expect(lines).toHaveLength(3);
    expect(new Set(lines.map(({ batchId }) => batchId)).size).toBe(1);
  });

  it('that nobody sent leaves a refusal in the audit trail, without a task', async () => {
    const gateway = start('grafana');
    await gateway.send('POST', '/webhooks/it', [], '{}');
    const lines = gateway.lines.filter(({ event }) => event === 'audit');
    expect(lines).toEqual([
      expect.objectContaining({ decision: 'deny', rule: 'unauthenticated', status: 401 }),
    ]);
    expect(lines[0]).not.toHaveProperty('taskId');
    expect(gateway.lines.findLast(({ event }) => event === 'request')).toMatchObject({
      reason: 'hook:it: x-grafana-alerting-signature is missing',
    });
  });
});

describe('the secret of an entry', () => {
  it('is never tried for another entry, nor in another form', async () => {
    const [github, grafana] = [sender('github'), sender('grafana with a token')];
    const gateway = startInProcess({
      port: emulator.port,
      env: {
        WEBHOOK_SENDERS: JSON.stringify([
          { id: 'github', kind: 'github', ...github.entry },
          { id: 'grafana', kind: 'grafana', secrets: ['another-secret-of-the-sender'] },
        ]),
      },
    });
    const body = grafana.body('one');
    const type = ['Content-Type', 'application/json'] as const;
    for (const proof of [...Object.values(SENDERS).map((one) => one.prove(body, 0)), []]) {
      const response = await gateway.send('POST', '/webhooks/grafana', [type, ...proof], body);
      expect(response.status).toBe(401);
    }
    const atOurs = await gateway.send(
      'POST',
      '/webhooks/cancel-task',
      [type, ...github.prove(body, 0)],
      body,
    );
    expect(atOurs.status).toBe(401);
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('of Standard Webhooks with a task of its own is good at its own URL alone', async () => {
    const standard = sender('standard webhooks');
    for (const [entry, status] of [
      [{}, 202] as const,
      [{ task: { id: '/data/taskId' } }, 401] as const,
    ]) {
      const gateway = start('standard webhooks', entry);
      const body = standard.body('one');
      const headers = [
        ['Content-Type', 'application/json'] as const,
        ...standard.prove(body, Math.floor(Date.now() / 1000)),
      ];
      const response = await gateway.send('POST', '/webhooks/cancel-task', headers, body);
      expect(response.status).toBe(status);
      expect((await gateway.name('one')).status).toBe(200);
    }
  });
});

describe('Slack', () => {
  const COMMAND = 'a command of slack';

  it.each([
    ['InvalidParameter.InvalidTaskId', /^Task one: not cancelled\. DLC knows no such task/],
    ['ResourceInUse', /^Task one: not cancelled\. .* Please try again\.$/],
    ['InternalError', /^Task one: .*may or may not have taken effect/],
  ])('reads what happened, after %s too', async (code, text) => {
    await fail(code);
    const response = await start(COMMAND).name('one');
    expect(response).toMatchObject({
      status: 200,
      body: { response_type: 'ephemeral', replace_original: false },
    });
    expect(response.body['text']).toMatch(text);
  });

  it('reads which task was refused for the quota', async () => {
    const gateway = start(COMMAND, { rate: '1/h' });
    await gateway.name('one');
    expect((await gateway.name('two')).body['text']).toMatch(/^Task two: not cancelled\. .*quota/);
  });

  it('reads that nobody may cancel who is not required', async () => {
    const gateway = start(COMMAND, { require: { '/user_id': 'U2' } });
    expect((await gateway.name('one')).body['text']).toMatch(/not cancelled\. /);
    expect((await gateway.name('')).status).toBe(200);
  });

  it('is said who asked, in the audit trail', async () => {
    const gateway = start(COMMAND);
    await gateway.name('one');
    for (const line of gateway.lines.filter(({ event }) => event === 'audit')) {
      expect(line).toMatchObject({ userId: 'U1', teamId: 'T1' });
    }
  });

  it.each([
    [COMMAND, 2250, 200],
    ['pagerduty', 4250, 503],
    ['cls', 4250, 503],
  ])('%s has its answer after %i ms, although DLC hangs', async (name, ms, status) => {
    await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 'always' });
    const gateway = start(name, {}, { REQUEST_TIMEOUT_MS: '60000', ATTEMPT_TIMEOUT_MS: '30000' });
    const response = gateway.name('one');
    // Without a deadline of its own, the delivery would take a minute.
    const late = sleep(ms + 5000, 'late' as const, { ref: false });
    const first = await Promise.race([response, late]);
    if (first === 'late') throw new Error('the sender has given up');
    expect(first.status).toBe(status);
    if (status === 200) expect(first.body['text']).toMatch(/^Task one: /);
  });
});
