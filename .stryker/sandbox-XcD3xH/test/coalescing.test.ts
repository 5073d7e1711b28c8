import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { once } from 'node:events';

import { createHttpServer } from '../src/lib/http/node-server.ts';
import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { expectDocumented } from './support/documented.ts';
import { startInProcess } from './support/in-process.ts';
import { until } from './support/until.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterEach(async () => emulator.reset());
afterAll(async () => emulator.close());

const start = (env: Record<string, string> = {}): ReturnType<typeof startInProcess> =>
  startInProcess({ port: emulator.port, env });
const calls = (): number => emulator.stats().calls.CancelTask;

describe('the same cancellation, asked for at the same time', () => {
  it('goes upstream once, and each caller gets a full answer of its own', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const gateway = start();
    const answers = await Promise.all(
      Array.from({ length: 20 }, () => gateway.call('DELETE', '/tasks/a')),
    );
    expect(calls()).toBe(1);
    for (const { status, body, headers } of answers) {
      expect(status).toBe(202);
      expect(body).toMatchObject({
        outcome: 'cancel_requested',
        requestId: headers['X-Request-Id'],
      });
    }
    expect(new Set(answers.map(({ body }) => body['requestId'])).size).toBe(20);
    expect(new Set(answers.map(({ body }) => body['upstreamRequestId'])).size).toBe(1);
    const lines = gateway.lines.filter(({ event }) => event === 'request');
    expect(new Set(lines.map(({ requestId }) => requestId)).size).toBe(20);
    expect(lines.every(({ outcome }) => outcome === 'cancel_requested')).toBe(true);
  });

  it('fails for each of them alike', async () => {
    emulator.addTasks({ id: 'a', state: 'succeeded' });
    const gateway = start();
    const answers = await Promise.all([1, 2, 3].map(() => gateway.call('DELETE', '/tasks/a')));
    expect(calls()).toBe(1);
    for (const answer of answers) {
      expect(answer).toMatchObject({ status: 409, body: { taskState: 'succeeded' } });
    }
  });

  it('is another one for another principal, region or task', async () => {
    emulator.addTasks(['a', 'b'].map((id) => ({ id, state: 'running' as const })));
    const gateway = start();
    const path = ['/tasks/a', '/tasks/a', '/tasks/a?region=ap-singapore', '/tasks/b'];
    await Promise.all(path.map((p, i) => gateway.call('DELETE', p, { caller: i === 1 ? 1 : 0 })));
    // Some of them hear that another request is being processed, and ask again.
    expect(
      emulator.requests().filter(({ action }) => action === 'CancelTask').length,
    ).toBeGreaterThan(3);
    expect(new Set(emulator.stats().cancelled)).toEqual(new Set(['a', 'b']));
  });

  it('is another one once the first has ended', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const gateway = start();
    await gateway.call('DELETE', '/tasks/a');
    const second = await gateway.call('DELETE', '/tasks/a');
    expect(second).toMatchObject({ status: 200, body: { outcome: 'already_cancelled' } });
    expect(calls()).toBe(2);
  });
});

describe('a caller who goes away', () => {
  it('does not cancel the work of the others, the one who began it neither', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 200 });
    const gateway = start();
    const leaving = new AbortController();
    const first = gateway.call('DELETE', '/tasks/a', { gone: leaving.signal });
    const second = gateway.call('DELETE', '/tasks/a');
    await until(() => calls() > 0);
    leaving.abort(new Error('the caller has gone'));
    // Nobody hears this answer; but its line in the log must not say that nothing happened.
    expect(await first).toMatchObject({
      status: 504,
      body: { code: 'upstream-timeout', outcomeUnknown: true },
    });
    expect(await second).toMatchObject({ status: 202, body: { outcome: 'cancel_requested' } });
    expect(calls()).toBe(1);
  });

  it('ends the work where nobody else waits for it; who comes next begins anew', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 1 });
    const gateway = start();
    const leaving = new AbortController();
    const gone = { gone: leaving.signal };
    const both = [
      gateway.call('DELETE', '/tasks/a', gone),
      gateway.call('DELETE', '/tasks/a', gone),
    ];
    await until(() => calls() > 0);
    leaving.abort(new Error('the caller has gone'));
    const next = gateway.call('DELETE', '/tasks/a');
    for (const answer of await Promise.all(both)) {
      expect(answer).toMatchObject({ status: 504, body: { outcomeUnknown: true } });
    }
    expect(await next).toMatchObject({ status: 202 });
    expect(calls()).toBe(2);
  });

  it('is noticed by his connection', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 'always' });
    const gateway = start();
    const server = createHttpServer(gateway.gateway).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const leaving = new AbortController();
    const address = server.address();
    const port = typeof address === 'object' && address ? address.port : 0;
    const headers = { 'x-api-key': 'api-key-of-caller-0' };
    const options = { method: 'DELETE', headers, signal: leaving.signal };
    const call = fetch(`http://127.0.0.1:${port}/tasks/a`, options);
    await until(() => calls() > 0);
    leaving.abort();
    await expect(call).rejects.toThrow();
    const line = await until(() => gateway.lines.find(({ event }) => event === 'request'));
    expect(line).toMatchObject({ outcome: 'unknown', reason: 'the caller has gone', attempts: 1 });
    server.close();
  });

  it('before anything was sent has cancelled nothing', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const answer = await start().call('DELETE', '/tasks/a', { gone: AbortSignal.abort() });
    expect(answer).toMatchObject({ status: 504 });
    expect(answer.body).not.toHaveProperty('outcomeUnknown');
    expect(calls()).toBe(0);
  });
});

describe("each caller's own deadline", () => {
  it('holds for that caller, while the work goes on for one who came later', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 900, times: 'always' });
    const gateway = start({ REQUEST_TIMEOUT_MS: '4000', ATTEMPT_TIMEOUT_MS: '5000' });
    // The first caller's platform gives less time.
    const early = gateway.gateway.serve(
      {
        method: 'DELETE',
        path: '/tasks/a',
        query: [],
        headers: new Map([['x-api-key', ['api-key-of-caller-0']]]),
        readBody: async () => Buffer.alloc(0),
      },
      1000,
    );
    const late = gateway.call('DELETE', '/tasks/a');
    const first = await early;
    expect(first.status).toBe(504);
    expectDocumented({ ...first, text: first.body }, { method: 'DELETE', target: '/tasks/a' });
    expect(JSON.parse(first.body)).toMatchObject({ outcomeUnknown: true });
    // What was begun for the first caller may have been cut off with its time.
    expect([200, 202]).toContain((await late).status);
    expect(emulator.stats().cancelled).toEqual(['a']);
  });
});
