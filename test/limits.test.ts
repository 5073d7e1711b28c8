import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { expectProblem } from './support/gateway.ts';
import { startInProcess, type Answer, type InProcessGateway } from './support/in-process.ts';
import { watchStandstill } from './support/standstill.ts';
import {
  KEY,
  bearer,
  cancelBody,
  keyEntry,
  startGateway,
  webhook,
} from './support/three-callers.ts';

/** Both limits through the whole gateway, against an emulator that counts every sliding second itself. */

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(() => emulator.reset());
afterAll(() => emulator.close());

const PER_SECOND = 20;
const startLimited = (env: Readonly<Record<string, string>> = {}): InProcessGateway =>
  startInProcess({
    port: emulator.port,
    env: { UPSTREAM_RATE: String(PER_SECOND), LOG_LEVEL: 'info', ...env },
  });

/** Cancels so many tasks at once, for one caller. */
function cancelAll(gateway: InProcessGateway, names: string, n: number, caller = 0) {
  const ids = Array.from({ length: n }, (_, i) => `${names}-${i}`);
  emulator.addTasks(ids.map((id) => ({ id, state: 'running' as const })));
  return Promise.all(ids.map((id) => gateway.call('DELETE', `/tasks/${id}`, { caller })));
}

const statuses = (responses: readonly Answer[]): Set<number> =>
  new Set(responses.map(({ status }) => status));

describe('the rate limit upstream', () => {
  it('is kept under far more than DLC takes: only 202 and 429, and DLC refuses nothing', async () => {
    const endWatch = watchStandstill();
    const gateway = startLimited();
    const loud: Promise<Answer[]>[] = [];
    for (let round = 0; round < 4; round += 1) {
      loud.push(cancelAll(gateway, `loud-${round}`, 60));
      await new Promise((resolve) => setTimeout(resolve, 500));
    }
    const quiet = await cancelAll(gateway, 'quiet', 1, 1);
    const responses = (await Promise.all(loud)).flat();
    expect(statuses(quiet)).toEqual(new Set([202]));
    expect(statuses(responses)).toEqual(new Set([202, 429]));
    const { busiestSecond, rateLimited, cancelled } = emulator.stats();
    const stoodStill = endWatch();
    expect(busiestSecond).toBeLessThanOrEqual(PER_SECOND + stoodStill);
    if (stoodStill === 0) expect(rateLimited).toBe(0);
    const done = responses.filter(({ status }) => status === 202);
    expect(cancelled.length).toBe(done.length + 1);
    for (const refused of responses.filter(({ status }) => status === 429)) {
      const body = expectProblem(refused, 429, 'upstream-rate-limited');
      expect(body).not.toHaveProperty('outcomeUnknown');
      expect(Number(refused.headers['Retry-After'])).toBeGreaterThanOrEqual(1);
      // The shared rate limit never shows in a caller's fields.
      expect(refused.headers['RateLimit']).not.toContain('r=0');
    }
    expect(gateway.lines.some(({ waitMs }) => Number(waitMs) > 0)).toBe(true);
  });

  it('serves a quiet caller beside a flood, and a caller that comes back as Retry-After says', async () => {
    const endWatch = watchStandstill();
    const gateway = startLimited({ MAX_WAIT_MS: '2000' });
    const flood: Promise<Answer[]>[] = [];
    const isOver = new AbortController();
    const flooding = (async () => {
      for (let round = 0; !isOver.signal.aborted; round += 1) {
        flood.push(cancelAll(gateway, `flood-${round}`, 10));
        await sleep(50);
      }
    })();
    await sleep(1000);
    const refused = (await cancelAll(gateway, 'many', 40, 1)).find(({ status }) => status === 429);
    expect(statuses(await cancelAll(gateway, 'quiet', 1, 2))).toEqual(new Set([202]));
    await sleep(Number(refused?.headers['Retry-After']) * 1000);
    expect(statuses(await cancelAll(gateway, 'back', 1, 1))).toEqual(new Set([202]));
    isOver.abort();
    await flooding;
    expect(statuses((await Promise.all(flood)).flat())).toEqual(new Set([202, 429]));
    expect(emulator.stats().busiestSecond).toBeLessThanOrEqual(PER_SECOND + endWatch());
  });

  it('is not to blame where a caller does not wait for its slot', async () => {
    const gateway = startLimited();
    await cancelAll(gateway, 'b', 1);
    const leaving = new AbortController();
    setTimeout(() => leaving.abort(), 10);
    await gateway.call('DELETE', '/tasks/b-0', { disconnected: leaving.signal });
    const lines = gateway.lines.filter(({ event }) => event === 'request' || event === 'audit');
    const gone = { level: 'info', disconnected: true, reason: 'the client has disconnected' };
    expect(lines.slice(-2)).toMatchObject([gone, gone]);
    expect(lines.slice(0, -2).filter((line) => 'disconnected' in line)).toEqual([]);
  });

  it('is no limit for other regions, nor for looking', async () => {
    const gateway = startLimited({ MAX_WAIT_MS: '0' });
    const [first, ...rest] = await cancelAll(gateway, 'a', 3);
    expect(first?.status).toBe(202);
    expect(statuses(rest)).toEqual(new Set([429]));
    emulator.addTasks({ id: 'sg', state: 'running', region: 'ap-singapore' });
    const elsewhere = await gateway.call('DELETE', '/tasks/sg?region=ap-singapore');
    expect(elsewhere.status).toBe(202);
    expect((await gateway.call('GET', '/tasks/a-1')).status).toBe(200);
  });

  it('counts every attempt, those after a failure too', async () => {
    await emulator.addFault({
      action: 'CancelTask',
      kind: 'code',
      code: 'InternalError',
      times: 2,
    });
    const gateway = startLimited({ UPSTREAM_RATE: '4' });
    const [response] = await cancelAll(gateway, 'a', 1);
    expect(response?.status).toBe(202);
    const line = gateway.lines.find(({ event }) => event === 'request');
    expect(line).toMatchObject({ attempts: 3, waitMs: expect.any(Number) });
    // The third slot is two times (1 s + M) / 4 after the first, however fast the machine is.
    expect(line?.['totalMs']).toBeGreaterThanOrEqual(545);
  });

  it('goes a second back where DLC refuses all the same, and a refusal says when to come back', async () => {
    const code = 'RequestLimitExceeded';
    await emulator.addFault({ action: 'CancelTask', kind: 'code', code, times: 'always' });
    const gateway = startLimited({ MAX_WAIT_MS: '200' });
    const [response] = await cancelAll(gateway, 'a', 1);
    if (!response) throw new Error('no answer');
    const body = expectProblem(response, 429, 'upstream-rate-limited');
    expect(body['upstreamCode']).toBe(code);
    expect(response.headers['Retry-After']).toBe('1');
    expect(emulator.stats().calls.CancelTask).toBe(1);
  });

  it('waits no longer than the deadline allows, and then nothing has happened', async () => {
    const gateway = startLimited({ UPSTREAM_RATE: '1', REQUEST_TIMEOUT_MS: '600' });
    const responses = await cancelAll(gateway, 'a', 2);
    expect(statuses(responses)).toEqual(new Set([202, 429]));
    expect(emulator.stats().calls.CancelTask).toBe(1);
  });

  it('is the share of this instance where several are expected', async () => {
    const gateway = startLimited({ EXPECTED_INSTANCES: '20', MAX_WAIT_MS: '0' });
    const [first] = await cancelAll(gateway, 'a', 1);
    const [second] = await cancelAll(gateway, 'b', 1);
    expect([first?.status, second?.status]).toEqual([202, 429]);
  });
});

describe("a caller's own quota", () => {
  const key = ['X-API-Key', KEY] as const;
  const limited = (rate: string, more: Readonly<Record<string, string>> = {}) =>
    startGateway(emulator.port, { API_KEYS: JSON.stringify([keyEntry(KEY, { rate })]), ...more });

  it('is on every response from its step on, and its end is a 429 that names the policy', async () => {
    const gateway = limited('2/h');
    const [first, second, third] = [
      await gateway.send('DELETE', '/tasks/none', [key]),
      await gateway.send('DELETE', '/tasks/not%20an%20id', [key]),
      await gateway.send('DELETE', '/tasks/none', [key]),
    ];
    expect([first.status, second.status]).toEqual([404, 400]);
    expect(first.headers).toMatchObject({
      'RateLimit-Policy': '"cancel";q=2;w=3600',
      RateLimit: '"cancel";r=1;t=1800',
    });
    expect(second.headers['RateLimit']).toMatch(/^"cancel";r=0;t=1(800|79\d)$/);
    const body = expectProblem(third, 429, 'quota-exceeded');
    expect(body['violated-policies']).toEqual(['cancel']);
    expect(third.headers['RateLimit']).toBe(`"cancel";r=0;t=${third.headers['Retry-After']}`);
    expect(emulator.stats().calls.CancelTask).toBe(1);
  });

  it('for reading is another one, five times as large', async () => {
    const gateway = limited('1/h');
    await gateway.send('DELETE', '/tasks/none', [key]);
    const read = await gateway.send('GET', '/tasks/none', [key]);
    expect(read.headers['RateLimit-Policy']).toBe('"read";q=5;w=3600');
  });

  it('is on no response before its step: no route, no credentials, a blocked caller', async () => {
    const gateway = limited('1/h', { BLOCKED_PRINCIPALS: 'key:k' });
    const responses = [
      await gateway.send('GET', '/healthz'),
      await gateway.send('GET', '/nowhere', [key]),
      await gateway.send('DELETE', '/tasks/a'),
      await gateway.send('DELETE', '/tasks/a', [key]),
    ];
    expect(responses.map(({ status }) => status)).toEqual([200, 404, 401, 403]);
    for (const { headers } of responses)
      expect(Object.keys(headers).join()).not.toMatch(/ratelimit/i);
  });

  it('is looked at before the scope, and is each principal’s own', async () => {
    const gateway = limited('5/h', { CALLER_RATE: '3/m' });
    const alice = await gateway.send('DELETE', '/tasks/a', [bearer({ scope: 'tasks:read' })]);
    expect(alice.status).toBe(403);
    expect(alice.headers['RateLimit']).toMatch(/^"cancel";r=2;/);
    const bob = { sub: 'bob', scope: 'tasks:read' };
    const other = await gateway.send('DELETE', '/tasks/a', [bearer(bob)]);
    expect(other.headers['RateLimit']).toMatch(/^"cancel";r=2;/);
  });

  it('holds for webhooks, which are never acknowledged where it is used up', async () => {
    const gateway = limited('5/h', { CALLER_RATE: '1/h' });
    const send = () => {
      const { headers, body } = webhook(cancelBody('none'));
      return gateway.send('POST', '/webhooks/cancel-task', headers, body);
    };
    const [first, second] = [await send(), await send()];
    expect(first).toMatchObject({ status: 200, body: { outcome: 'task_not_found' } });
    expect(first.headers['RateLimit-Policy']).toBe('"cancel";q=1;w=3600');
    expectProblem(second, 429, 'quota-exceeded');
  });
});
