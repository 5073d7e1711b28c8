import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { onEmulator } from '../support/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { SENDERS, type Sender } from '../support/senders.ts';

/** Each kind of sender, in its real form, through the real SDK: what it names is cancelled, and nothing else. */
let emulator: Emulator;
onEmulator(
  ['one', 'two', 'over'].map((id) => ({ id, state: 'running' as const })),
  (started) => void (emulator = started),
);

const now = (): number => Math.floor(Date.now() / 1000);

function gatewayFor({ kind, entry }: Sender, settings: Readonly<Record<string, string>> = {}) {
  const WEBHOOK_SENDERS = JSON.stringify([{ id: 'it', kind, ...entry }]);
  return startInProcess({ port: emulator.port, env: { WEBHOOK_SENDERS, ...settings } });
}

interface Sent {
  readonly body?: string;
  readonly seconds?: number;
  readonly proved?: string;
}

async function deliver(
  sender: Sender,
  { body = sender.body('one'), seconds = now(), proved }: Sent,
) {
  const proof = sender.prove(proved ?? body, seconds);
  const headers = [['Content-Type', sender.contentType] as const, ...proof];
  return gatewayFor(sender).send('POST', '/webhooks/it', headers, body);
}

const cancelled = (): readonly string[] => [...emulator.stats().cancelled].toSorted();
const rows = Object.entries(SENDERS);
const isSlack = ({ kind }: Sender): boolean => kind === 'slack';

describe.each(rows)('%s', (_, sender) => {
  it('cancels the task that it names', async () => {
    const response = await deliver(sender, {});
    expect(response.status).toBe(200);
    expect(cancelled()).toEqual(['one']);
    if (isSlack(sender))
      expect(response.body['text']).toBe('Task one: DLC was asked to cancel it.');
    else {
      expect(response.body).toEqual({
        results: [
          {
            taskId: 'one',
            status: 202,
            outcome: 'cancel_requested',
            upstreamRequestId: expect.any(String),
          },
        ],
        requestId: expect.any(String),
      });
    }
  });

  it('may come twice: the task is cancelled once', async () => {
    await deliver(sender, {});
    expect((await deliver(sender, {})).status).toBe(200);
    expect(cancelled()).toEqual(['one']);
  });

  it('names no task in a test or a ping: a 200, and nothing is cancelled', async () => {
    const body = isSlack(sender) ? sender.body('') : '{"zen":"Keep it logically awesome."}';
    const response = await deliver(sender, { body });
    expect(response.status).toBe(200);
    if (!isSlack(sender)) expect(response.body).toMatchObject({ outcome: 'ignored' });
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('changed by one byte anywhere is a 401', async () => {
    if (sender.isStatic) return;
    const body = sender.body('one');
    for (let at = 0; at < body.length; at += Math.ceil(body.length / 40)) {
      const changed = `${body.slice(0, at)}${body[at] === 'x' ? 'y' : 'x'}${body.slice(at + 1)}`;
      expect(await deliver(sender, { body: changed, proved: body })).toMatchObject({ status: 401 });
    }
    expect(await deliver(sender, { body: `${body} `, proved: body })).toMatchObject({
      status: 401,
      headers: { 'WWW-Authenticate': 'Webhook-Signature' },
    });
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it.each([-301, 301])('%i seconds from now is a 401, if it has a timestamp', async (late) => {
    const { status } = await deliver(sender, { seconds: now() + late });
    expect(status).toBe(sender.isTimed ? 401 : 200);
  });

  it('with a wrong proof, a repeated one or none is a 401, the same as of an unknown sender', async () => {
    const gateway = gatewayFor(sender);
    const body = sender.body('one');
    const proof = sender.prove(body, now());
    const type = ['Content-Type', sender.contentType] as const;
    const id = ['X-Request-Id', 'r'] as const;
    const send = async (target: string, headers: readonly (readonly [string, string])[]) => {
      const {
        status,
        headers: fields,
        text,
      } = await gateway.send('POST', target, [type, id, ...headers], body);
      return { status, fields, text };
    };
    const unknown = await send('/webhooks/nobody', proof);
    expect(unknown.status).toBe(401);
    const wrong = proof.map(([name, value]) => [name, value.replace(/.{8}$/, 'AAAAAAA=')] as const);
    expect(await send('/webhooks/it', wrong)).toEqual(unknown);
    expect(await send('/webhooks/it', [])).toEqual(unknown);
    expect(await send('/webhooks/it', [...proof, ...proof.slice(-1)])).toEqual(unknown);
    expect(await send('/webhooks/it', [['X-API-Key', 'the-api-key-of-caller-0']])).toEqual(unknown);
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('in another media type is a 415 that says which to choose', async () => {
    const body = sender.body('one');
    const headers = [['Content-Type', 'text/plain'] as const, ...sender.prove(body, now())];
    const response = await gatewayFor(sender).send('POST', '/webhooks/it', headers, body);
    if (isSlack(sender)) expect(response.body['text']).toMatch(/form/);
    else {
      expect(response).toMatchObject({ status: 415 });
      expect(response.body['detail']).toContain('application/json');
    }
  });

  it('comes again after a failure, as its documents say, until the task is cancelled', async () => {
    if (isSlack(sender)) return;
    const code = 'LimitExceeded';
    await emulator.addFault({ action: 'CancelTask', kind: 'code', code, times: 2 });
    const settings = { MAX_ATTEMPTS: '1' };
    const gateway = gatewayFor(sender, settings);
    const body = sender.body('one');
    const statuses: number[] = [];
    // All of them repeat a 5xx, some a 429; every other failure is final, and may switch the address off.
    do {
      const headers = [['Content-Type', sender.contentType] as const, ...sender.prove(body, now())];
      statuses.push((await gateway.send('POST', '/webhooks/it', headers, body)).status);
    } while ((statuses.at(-1) ?? 0) >= 500 && statuses.length < 5);
    expect(statuses).toEqual([503, 503, 200]);
    expect(cancelled()).toEqual(['one']);
  });

  it('names several tasks in one delivery', async () => {
    if (sender.isSingle) return;
    const response = await deliver(sender, {
      body: sender.body('one', '../x', 'two', 'one', 'gone'),
    });
    expect(cancelled()).toEqual(['one', 'two']);
    expect(response).toMatchObject({
      status: 200,
      body: {
        results: [
          { taskId: 'one', status: 202 },
          { taskId: '???x', status: 400, code: 'invalid-request', retryable: false },
          { taskId: 'two', status: 202 },
          { taskId: 'gone', status: 404, code: 'task-not-found' },
        ],
      },
    });
  });
});
