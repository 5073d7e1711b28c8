import http from 'node:http';
import { text } from 'node:stream/consumers';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { SENT_KINDS } from '../../scripts/callers/webhook-kinds.ts';
import { startDemo, type Demo } from '../support/demo.ts';
import { GatewayLog } from '../../scripts/start/gateway.ts';

/** The playground's own server, as its page and as strangers ask it. */

let demo: Demo;
let url = '';
beforeAll(async () => {
  demo = await startDemo();
  url = demo.find(/Playground +(\S+)/);
});
afterAll(async () => {
  expect(await demo.end('SIGTERM')).toBe(0);
});

const post = (path: string, body: unknown, headers: Record<string, string> = {}) =>
  fetch(`${url}${path}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  });

/** With fields that `fetch` would not send. */
function rawGet(path: string, headers: Record<string, string>): Promise<http.IncomingMessage> {
  return new Promise((resolve, reject) => {
    http.get(`${url}${path}`, { headers }, resolve).once('error', reject);
  });
}

async function logOf(requestId: string): Promise<Record<string, unknown>[]> {
  for (let i = 0; i < 100; i++) {
    const lines: unknown = await (await fetch(`${url}/log/${requestId}`)).json();
    if (Array.isArray(lines) && lines.some(({ event }) => event === 'request')) return lines;
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
  return [];
}

describe('who may ask it', () => {
  it('is its own page, and no other page of the same browser', async () => {
    const asked = { taskId: 'demo-queued' };
    expect((await post('/token', asked, { Origin: url })).status).toBe(200);
    expect((await post('/token', asked, { Origin: 'https://evil.example' })).status).toBe(403);
    expect((await post('/token', asked, { Origin: 'null' })).status).toBe(403);
    expect((await post('/token', asked, { 'Content-Type': 'text/plain' })).status).toBe(415);
  });

  it('is nobody under another name, but localhost is led to where CORS works', async () => {
    const port = new URL(url).port;
    expect((await rawGet('/settings', { Host: `evil.example:${port}` })).statusCode).toBe(421);
    const led = await rawGet('/docs', { Host: `localhost:${port}` });
    expect([led.statusCode, led.headers.location]).toEqual([307, `${url}/docs`]);
  });
});

describe('the API reference', () => {
  const key = 'dlcgw_dGhpcyBrZXkgb3BlbnMgYSBkZW1vIG9ubHkuLi4uLi4';

  it('has the document, the demo key, and a server that takes it', async () => {
    expect(await (await fetch(`${url}/docs/openapi.json`)).json()).toMatchObject({
      servers: [{ url: '/gateway' }],
      paths: { '/tasks/{taskId}': {} },
    });
    expect(await (await fetch(`${url}/settings`)).json()).toMatchObject({ key });
    const headers = { 'X-API-Key': key, Origin: url };
    const task = `${url}/gateway/tasks/demo-initializing`;
    const deleted = await fetch(`${task}?region=ap-guangzhou`, { method: 'DELETE', headers });
    expect([deleted.status, await deleted.json()]).toMatchObject([
      202,
      { taskId: 'demo-initializing', region: 'ap-guangzhou' },
    ]);
    expect(deleted.headers.get('access-control-allow-origin')).toBeNull();
    expect((await fetch(task)).status).toBe(401);
    expect((await fetch(`${url}/gateway/none`)).status).toBe(404);
  });

  it('signs a webhook, whose body goes on byte by byte', async () => {
    const data = { taskId: 'demo-queued' };
    const body = JSON.stringify(
      { type: 'task.cancel', timestamp: '2026-01-31T00:00:00Z', data },
      null,
      2,
    );
    const signed = Object(await (await post('/signature', { body })).json());
    const hook = `${url}/gateway/webhooks/cancel-task`;
    const send = (sent: string) => fetch(hook, { method: 'POST', headers: signed, body: sent });
    expect((await send(`${body} `)).status).toBe(401);
    expect((await send(body)).status).toBeLessThan(300);
  });

  it('is for its own page, on every method', async () => {
    const headers = { 'X-API-Key': key, Origin: 'https://evil.example' };
    const asked = await fetch(`${url}/gateway/tasks/a`, { method: 'DELETE', headers });
    expect(asked.status).toBe(403);
    expect((await post('/signature', { body: '' }, { Origin: 'null' })).status).toBe(403);
    const Host = `evil.example:${new URL(url).port}`;
    expect((await rawGet('/gateway/healthz', { Host })).statusCode).toBe(421);
  });
});

describe('what it passes on', () => {
  it('is four requests to the emulator', async () => {
    expect(await (await fetch(`${url}/_emulator/tasks`)).json()).toHaveLength(9);
    expect(await (await fetch(`${url}/_emulator/stats`)).json()).toHaveProperty('busiestSecond');
    const wrong = await post('/_emulator/faults', [{ kind: 'none' }]);
    expect([wrong.status, await wrong.text()]).toEqual([400, expect.stringContaining('kind')]);
    expect((await post('/_emulator/reset', null)).status).toBe(204);
    expect(await (await fetch(`${url}/_emulator/tasks`)).json()).toHaveLength(9);
    for (const path of ['/_emulator', '/_emulator/requests', '/_emulator/../_emulator/requests']) {
      expect((await fetch(`${url}${path}`)).status).toBe(404);
    }
    expect((await post('/_emulator/tasks', [])).status).toBe(405);
    expect((await fetch(`${url}/_emulator/reset`)).status).toBe(405);
  });

  it.each(['key', 'webhook'])(
    'is a cancellation of a %s, with the lines of its log',
    async (caller) => {
      const requestId = `by-${caller}`;
      const taskId = caller === 'key' ? 'demo-queued' : 'demo-writing';
      const called = await (await post('/call', { caller, taskId, requestId })).json();
      expect(called).toMatchObject({
        response: { status: 202, body: expect.stringContaining(requestId) },
      });
      const events = (await logOf(requestId)).map(({ event }) => event);
      expect(events).toEqual(['audit', 'slot', 'call', 'audit', 'request']);
      // The terminal has what it would have without the playground.
      const shown = demo
        .output()
        .split('\n')
        .filter((line) => line.includes(`"${requestId}"`));
      expect(shown.map((line) => JSON.parse(line).event)).toEqual(['audit', 'audit', 'request']);
    },
  );

  it('is a delivery of every kind of sender, which the gateway takes', async () => {
    const settings: unknown = await (await fetch(`${url}/settings`)).json();
    expect(settings).toMatchObject({ kinds: SENT_KINDS });
    for (const kind of SENT_KINDS) {
      const wanted = { caller: 'webhook', kind, taskId: 'demo-queued', requestId: `as-${kind}` };
      const called = await (await post('/call', wanted)).json();
      const said = expect.stringContaining('demo-queued');
      expect(called).toMatchObject({ response: { status: 200, body: said } });
    }
  });

  it('is nothing that makes no sense', async () => {
    const wanted = { caller: 'key', taskId: 'a/b', requestId: 'r' };
    const refused = await post('/call', wanted);
    expect([refused.status, await refused.json()]).toEqual([400, { error: 'wrong: taskId' }]);
    expect((await post('/call', { ...wanted, taskId: 'a', caller: 'other' })).status).toBe(400);
    expect(await (await fetch(`${url}/log/none`)).json()).toEqual([]);
  });
});

describe("the gateway's log on its way to the terminal", () => {
  const lines = ['debug', 'info', 'warn', 'error'].map((level) => JSON.stringify({ level }));
  const audit = JSON.stringify({ level: 'info', event: 'audit' });
  const shownAt = async (level: string | undefined, input: string): Promise<string[]> => {
    const log = new GatewayLog(level);
    // In two pieces: a line may come in several.
    log.write(input.slice(0, 30));
    log.end(input.slice(30));
    return (await text(log)).split('\n').filter(Boolean);
  };

  it.each([
    [undefined, [...lines.slice(1), audit]],
    ['debug', [...lines, audit]],
    ['error', [...lines.slice(3), audit]],
    ['silent', []],
    ['chatty', [...lines, audit]],
  ])('is what LOG_LEVEL %p lets through', async (level, expected) => {
    expect(await shownAt(level, `${[...lines, audit].join('\n')}\n`)).toEqual(expected);
    expect(new GatewayLog(level).level).toBe(level === 'chatty' ? 'chatty' : 'debug');
  });

  it('has what is no JSON, and a last line without an end', async () => {
    const input = 'Segmentation fault\n{"level":"debug"}\nthe last';
    expect(await shownAt('info', input)).toEqual(['Segmentation fault', 'the last']);
  });
});
