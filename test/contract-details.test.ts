import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { onEmulator } from './support/emulator.ts';
import {
  bearer,
  cancelBody,
  KEY,
  keyEntry,
  startGateway,
  webhook,
} from './support/three-callers.ts';

/** What a caller reads in a refusal, and what a probe reads in `/readyz`. */
let emulator: Emulator;
onEmulator({ id: 'mine', state: 'running' }, (started) => void (emulator = started));

const start = (settings: Record<string, string> = {}) => startGateway(emulator.port, settings);
const key = [['X-API-Key', KEY]] as const;

describe('a 401', () => {
  it.each([
    ['without credentials', []],
    ['with a wrong key', [['X-API-Key', 'a-key-of-nobody-at-all']]],
    ['with a wrong token', [bearer({ exp: 1 })]],
  ] as const)('%s names the ways to authenticate on /tasks', async (_, headers) => {
    const { status, body } = await start().send('DELETE', '/tasks/mine', headers);
    expect({ status, detail: body['detail'] }).toEqual({
      status: 401,
      detail: expect.stringMatching(/"Authorization: Bearer".*"X-API-Key"/),
    });
  });

  it('names the signature on the webhook route', async () => {
    const { body } = await start().send('POST', '/webhooks/cancel-task', key, '{}');
    expect(body['detail']).toMatch(/Webhook-Signature/);
    expect(body['detail']).not.toMatch(/X-API-Key/);
  });
});

describe('a 400', () => {
  it.each([
    ['/tasks/mine?regoin=x', 'The query parameter "regoin" is not a parameter of this route.'],
    ['/tasks/no%20id', /^The path parameter "taskId" must be /],
  ])('of one fault says it: %s', async (path, detail) => {
    const { status, body } = await start().send('DELETE', path, key);
    expect(status).toBe(400);
    expect(body['detail']).toEqual(
      typeof detail === 'string' ? detail : expect.stringMatching(detail),
    );
  });
});

describe("Svix's names of the signature's fields", () => {
  const asSvix = (headers: readonly (readonly [string, string])[]) =>
    headers.map(([name, value]) => [name.replace(/^Webhook-/, 'Svix-'), value] as const);

  it('count if the standard ones are not there', async () => {
    const { headers, body } = webhook(cancelBody('mine'));
    const response = await start().send('POST', '/webhooks/cancel-task', asSvix(headers), body);
    expect(response.status).toBe(202);
    expect(emulator.stats().cancelled).toEqual(['mine']);
  });

  it('are not mixed with the standard ones', async () => {
    const { headers, body } = webhook(cancelBody('mine'));
    const mixed = headers.map(([name, value]) =>
      name === 'Webhook-Signature'
        ? (['Svix-Signature', value] as const)
        : ([name, value] as const),
    );
    const response = await start().send('POST', '/webhooks/cancel-task', mixed, body);
    expect(response.status).toBe(401);
  });

  it('are ignored where the standard ones are', async () => {
    const { headers, body } = webhook(cancelBody('mine'));
    const forged = asSvix(webhook(cancelBody('other')).headers).filter(
      ([name]) => name !== 'Content-Type',
    );
    const both = [...headers, ...forged];
    const response = await start().send('POST', '/webhooks/cancel-task', both, body);
    expect(response.status).toBe(202);
    const wrong = headers.map(([name, value]) =>
      name === 'Webhook-Signature' ? ([name, 'v1,AAAA'] as const) : ([name, value] as const),
    );
    const right = asSvix(headers).filter(([name]) => name !== 'Content-Type');
    const refused = await start().send('POST', '/webhooks/cancel-task', [...wrong, ...right], body);
    expect(refused.status).toBe(401);
  });
});

describe('GET /readyz', () => {
  const ask = (settings: Record<string, string> = {}, gateway = start(settings)) =>
    gateway.send('GET', '/readyz');

  it('is 200 if DLC accepts a lookup of a task that does not exist', async () => {
    expect(await ask()).toMatchObject({ status: 200, body: { status: 'ready' } });
    expect(emulator.requests()).toMatchObject([{ action: 'DescribeTasks' }]);
  });

  it('asks DLC once a minute, however often it is asked', async () => {
    const gateway = start();
    for (let n = 0; n < 5; n += 1) await ask({}, gateway);
    expect(emulator.requests()).toHaveLength(1);
  });

  it.each([
    ['cloud-credentials-missing', { TENCENTCLOUD_SECRETID: '', TENCENTCLOUD_SECRETKEY: '' }, 0],
    ['cloud-credentials-rejected', { TENCENTCLOUD_SECRETKEY: 'another-secret-key-PLANTED' }, 1],
  ])('names %s, and nothing else', async (fault, settings, calls) => {
    const { status, body, text, headers } = await ask(settings);
    expect({ status, fault: body['fault'], again: headers['Retry-After'] }).toEqual({
      status: 503,
      fault,
      again: '2',
    });
    expect(text).not.toMatch(/PLANTED|AKID|AuthFailure|ap-guangzhou/);
    expect(emulator.requests()).toHaveLength(calls);
  });

  it('names the fault although the first client that asked has disconnected', async () => {
    await emulator.addFault({ action: 'DescribeTasks', kind: 'delay', ms: 300 });
    const gateway = start({ TENCENTCLOUD_SECRETKEY: 'another-secret-key' });
    const askAndLeave = (signal: AbortSignal) =>
      gateway.send('GET', '/readyz', [], '', false, signal);
    await askAndLeave(AbortSignal.abort());
    await askAndLeave(AbortSignal.timeout(100));
    expect(await ask({}, gateway)).toMatchObject({ status: 503 });
    expect(emulator.requests()).toHaveLength(1);
  });

  it('is 200 if DLC is only out of reach: no operator can mend that here', async () => {
    await emulator.addFault({ action: 'DescribeTasks', kind: 'reset-before', times: 'always' });
    expect(await ask()).toMatchObject({ status: 200 });
  });

  it('asks nothing if lookups are off', async () => {
    expect(await ask({ TASK_STATE_LOOKUP: 'off' })).toMatchObject({ status: 200 });
    expect(emulator.requests()).toEqual([]);
  });
});

it('a request without a body that it needs not is never kept waiting for one', async () => {
  const gateway = start({ API_KEYS: JSON.stringify([keyEntry(KEY)]) });
  const never = (): Promise<Buffer> => new Promise(() => undefined);
  expect(await gateway.send('DELETE', '/tasks/mine', key, never)).toMatchObject({ status: 202 });
});
