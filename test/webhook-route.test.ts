import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { newWebhookKeyPair } from '../scripts/callers/webhook-sign.ts';
import { onEmulator } from './support/emulator.ts';
import {
  bearer,
  cancelBody,
  KEY,
  startGateway,
  webhook,
  WEBHOOK_SECRET,
} from './support/three-callers.ts';

let emulator: Emulator;
onEmulator({ id: 'mine', state: 'running', engine: 'etl' }, (started) => void (emulator = started));

const PATH = '/webhooks/cancel-task';
const start = (settings: Record<string, string> = {}) => startGateway(emulator.port, settings);
const sender = (members: object) =>
  start({
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: [WEBHOOK_SECRET], ...members }]),
  });

function post(gateway: ReturnType<typeof start>, body: unknown) {
  const signed = webhook(body);
  return gateway.send('POST', PATH, signed.headers, signed.body);
}

describe('a signed webhook', () => {
  it('cancels the task that its body names', async () => {
    expect(await post(start(), cancelBody('mine'))).toMatchObject({
      status: 202,
      body: { outcome: 'cancel_requested', taskId: 'mine' },
    });
    expect(emulator.stats().cancelled).toEqual(['mine']);
  });

  it('may be signed with an Ed25519 key', async () => {
    const { privateKey, publicKey } = newWebhookKeyPair();
    const signed = webhook(cancelBody('mine'), [privateKey]);
    const response = await sender({ secrets: [publicKey] }).send(
      'POST',
      PATH,
      signed.headers,
      signed.body,
    );
    expect(response).toMatchObject({ status: 202 });
  });

  it('may come twice: the task is cancelled once', async () => {
    const gateway = start();
    const signed = webhook(cancelBody('mine'));
    await gateway.send('POST', PATH, signed.headers, signed.body);
    const again = await gateway.send('POST', PATH, signed.headers, signed.body);
    expect(again).toMatchObject({ status: 200, body: { outcome: 'already_cancelled' } });
    expect(emulator.stats().cancelled).toEqual(['mine']);
  });

  it('of another type is acknowledged and ignored', async () => {
    const response = await post(start(), { ...cancelBody('mine'), type: 'task.created' });
    expect(response).toMatchObject({ status: 200, body: { outcome: 'ignored' } });
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('may have members of its own at the top, which are ignored', async () => {
    const body = { ...cancelBody('mine'), tenant: 'x', ['__proto__']: { type: 'y' } };
    expect(await post(start(), body)).toMatchObject({ status: 202 });
  });
});

describe('the signature', () => {
  it.each([
    ['a body changed by one byte', (body: string) => body.replace('mine', 'mind')],
    ['a body with a byte more', (body: string) => `${body} `],
  ])('does not hold for %s', async (_, change) => {
    const signed = webhook(cancelBody('mine'));
    const response = await start().send('POST', PATH, signed.headers, change(signed.body));
    expect(response).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
    expect(response.headers['WWW-Authenticate']).toBe('Webhook-Signature');
    expect(emulator.stats().cancelled).toEqual([]);
  });

  it('is not taken on another route', async () => {
    const signed = webhook(cancelBody('mine'));
    const response = await start().send('DELETE', '/tasks/mine', signed.headers, signed.body);
    expect(response).toMatchObject({ status: 401 });
    expect(response.headers['WWW-Authenticate']).toBe('Bearer realm="dlc-task-gateway"');
  });

  it.each([
    ['a key', ['X-API-Key', KEY] as const],
    ['a token', bearer({ scope: 'tasks:cancel' })],
  ])('cannot be replaced by %s', async (_, credentials) => {
    const headers = [['Content-Type', 'application/json'], credentials] as const;
    const response = await start().send('POST', PATH, headers, JSON.stringify(cancelBody('mine')));
    expect(response).toMatchObject({ status: 401 });
  });

  it('beside a key is two schemes: 400', async () => {
    const signed = webhook(cancelBody('mine'));
    const headers = [...signed.headers, ['X-API-Key', KEY]] as const;
    const response = await start().send('POST', PATH, headers, signed.body);
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  });
});

describe('signed nonsense', () => {
  it.each([
    ['no JSON', '{'],
    ['bytes that are no UTF-8 text of JSON', '"\u0000'],
    [
      'a member twice',
      JSON.stringify(cancelBody('mine')).replace('"taskId":', '"taskId":"a","taskId":'),
    ],
    ['a list', []],
    ['null', null],
    ['no data', { type: 'task.cancel', timestamp: new Date().toISOString() }],
    ['no timestamp', { type: 'task.cancel', data: { taskId: 'mine' } }],
    ['a date without a time', { ...cancelBody('mine'), timestamp: '2026-01-01' }],
    ['a task id that is none', cancelBody('../mine')],
    ['a misspelt region', cancelBody('mine', { regoin: 'ap-singapore' })],
    ['a region that is not served', cancelBody('mine', { region: 'eu-frankfurt' })],
  ])('(%s) is a 400, and the task is untouched', async (_, body) => {
    const response = await post(start(), body);
    expect(response).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
    expect(response.body['errors']).toEqual([expect.objectContaining({ in: 'body' })]);
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it.each(['text/plain', 'application/jsonx', ''])('as %j is a 415', async (type) => {
    const { headers, body } = webhook(cancelBody('mine'));
    const others = headers.filter(([name]) => name !== 'Content-Type');
    const response = await start().send('POST', PATH, [['Content-Type', type], ...others], body);
    expect(response).toMatchObject({ status: 415, body: { code: 'unsupported-media-type' } });
  });
});

describe('the response to a sender', () => {
  it.each([
    ['InvalidParameter.InvalidTaskId', 200, 'task_not_found'],
    ['UnsupportedOperation', 200, 'operation_not_supported'],
    ['ResourceNotFound.TaskAlreadyFinished', 200, 'task_already_finished'],
  ])('of %s: it is final, so a 200', async (code, status, outcome) => {
    emulator.addTasks({ id: 'mine', state: 'succeeded' });
    await emulator.addFault({ action: 'CancelTask', kind: 'code', code, times: 'always' });
    const gateway = start();
    const response = await post(gateway, cancelBody('mine'));
    expect(response).toMatchObject({ status, body: { taskId: 'mine', outcome } });
    const lines = gateway.log.map((line): { event?: string } => JSON.parse(line));
    const line = lines.findLast(({ event }) => event === 'request');
    expect(line).toMatchObject({ level: 'warn', status: 200 });
  });

  it.each([
    ['ResourceInUse', 503, 'task-busy'],
    ['FailedOperation.AnotherRequestProcessing', 503, 'another-request-processing'],
    ['LimitExceeded', 429, 'upstream-quota-exceeded'],
    ['FailedOperation', 502, 'upstream-operation-failed'],
    ['AuthFailure', 502, 'upstream-credentials-rejected'],
  ])('of %s: to come again, so never a 2xx', async (code, status, problem) => {
    await emulator.addFault({ action: 'CancelTask', kind: 'code', code, times: 'always' });
    const response = await post(start(), cancelBody('mine'));
    expect(response).toMatchObject({ status, body: { status, code: problem } });
    if (status !== 502) expect(response.headers['Retry-After']).toMatch(/^\d+$/);
  });

  it('of an engine that it may not use: a 200, though nothing was done', async () => {
    const response = await post(sender({ engines: ['reports'] }), cancelBody('mine'));
    expect(response).toMatchObject({ status: 200, body: { outcome: 'task_not_permitted' } });
    expect(emulator.stats().cancelled).toEqual([]);
  });

  it('of being blocked: a 200, so that it stops', async () => {
    const response = await post(start({ BLOCKED_PRINCIPALS: 'hook:hub' }), cancelBody('mine'));
    expect(response).toMatchObject({ status: 200, body: { outcome: 'principal_blocked' } });
  });
});

describe('CORS', () => {
  it('is nothing for this route', async () => {
    const gateway = start({ CORS_ORIGINS: 'https://app.example.org' });
    const origin = ['Origin', 'https://app.example.org'] as const;
    const ask = ['Access-Control-Request-Method', 'POST'] as const;
    for (const response of [
      await gateway.send('OPTIONS', PATH, [origin, ask]),
      await gateway.send('POST', PATH, [origin]),
    ]) {
      expect(Object.keys(response.headers).join()).not.toMatch(/access-control/i);
      const isProblem = response.status === 401;
      expect(response.headers['Vary']).toBe(isProblem ? 'Accept-Language, Origin' : 'Origin');
    }
  });
});
