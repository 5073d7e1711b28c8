import { afterEach, expect, it } from '@jest/globals';
import { once } from 'node:events';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { OPEN_MS, TIMEOUT_MS } from '../../../src/lib/rate-limit/redis-connection.ts';
import { createRedisStore, type RedisStore } from '../../../src/lib/rate-limit/redis.ts';
import { slotRule } from '../../../src/lib/rate-limit/slots.ts';

/** A server that speaks as much of Redis's protocol as a test needs, and counts connections and scripts. */

interface Answers {
  readonly ping?: string;
  readonly script?: string;
  /** Milliseconds, for one script after the other. */
  readonly delays?: number[];
}

const closing: (() => void)[] = [];
afterEach(() => {
  while (closing.length > 0) closing.pop()?.();
});

async function start(response: (connection: number) => Answers) {
  const counts = { connections: 0, scripts: 0 };
  const server = net.createServer((socket) => {
    const { ping, script, delays = [] } = response((counts.connections += 1));
    closing.push(() => socket.destroy());
    socket.on('error', () => undefined);
    socket.on('data', (data) => {
      for (const [, name] of data.toString().matchAll(/\$\d+\r\n(ping|eval|evalsha)\r\n/gi)) {
        const isPing = name?.toLowerCase() === 'ping';
        if (!isPing) counts.scripts += 1;
        const text = isPing ? ping : script;
        const delayMs = isPing ? 0 : (delays.shift() ?? 0);
        if (text !== undefined) setTimeout(() => socket.write(`${text}\r\n`), delayMs);
      }
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  const port = typeof address === 'object' && address ? address.port : 0;
  const target = { host: '127.0.0.1', port, tls: false, database: 0 };
  const store = createRedisStore(target, slotRule(20, 3000), () => performance.now());
  closing.push(() => {
    store.close();
    server.close();
  });
  return { store, counts };
}

const spend = (store: RedisStore) => store.spend('a', { limit: 10, windowMs: 1000 }, 1);
const SPENT = '*2\r\n:1000\r\n:1';

it('a silent Redis is tried on several connections; then calls fail at once, and later it is tried again', async () => {
  const { store, counts } = await start(() => ({}));
  await expect(spend(store)).rejects.toThrow('no answer within 60 ms');
  const [failedMs, { connections }] = [performance.now(), { ...counts }];
  expect(connections).toBeGreaterThan(1);
  await expect(spend(store)).rejects.toThrow('no answer within 60 ms');
  // Unless the machine let this process stand still for longer.
  if (performance.now() - failedMs < OPEN_MS) expect(counts.connections).toBe(connections);
  await sleep(OPEN_MS);
  await expect(spend(store)).rejects.toThrow('no answer within 60 ms');
  expect(counts).toEqual({ connections: expect.any(Number), scripts: 0 });
  expect(counts.connections).toBeGreaterThan(connections);
});

it('a connection that is silent is left for another, where the script runs', async () => {
  const { store, counts } = await start((connection) => ({
    ping: '+PONG',
    ...(connection > 1 && { script: SPENT }),
  }));
  expect(await spend(store)).toMatchObject({ allowed: true, left: 9 });
  expect(counts.connections).toBeGreaterThan(1);
});

it('a connection that is only slow is kept: others wait for its answers', async () => {
  const delays = [50, 80, 25];
  const { store, counts } = await start(() => ({ ping: '+PONG', script: SPENT, delays }));
  await spend(store).catch(() => undefined);
  delays.unshift(50, 80, 25);
  const begunMs = performance.now();
  const first = spend(store);
  await sleep(20);
  const spent = await Promise.all([first, spend(store)]);
  expect(spent).toMatchObject([{ allowed: true }, { allowed: true }]);
  // Unless the machine was slow itself.
  if (performance.now() - begunMs < 115) expect(counts.connections).toBe(1);
});

it.each(['READONLY', 'MASTERDOWN', 'LOADING', 'MOVED 1 127.0.0.1:7000'])(
  'a refusal with %s drops the connection: the address may lead elsewhere by now',
  async (word) => {
    const { store, counts } = await start((connection) => ({
      ping: '+PONG',
      script: connection > 1 ? SPENT : `-${word}`,
    }));
    expect(await spend(store)).toMatchObject({ allowed: true });
    expect(counts.connections).toBeGreaterThan(1);
  },
);

it.each([
  ['-OOM no memory', 'OOM', undefined],
  ['-ERR something: READ ONLY', 'ERR', undefined],
  ["-NOPERM can't run hset", 'NOPERM', 'redis-permission'],
  ['-CLUSTERDOWN not served', 'CLUSTERDOWN', 'redis-cluster'],
  ['-something else', 'refused', undefined],
  ['*1\r\n$4\r\ntext', 'an unknown answer', undefined],
])(
  'a refusal keeps the connection, and its reason quotes nothing: %s',
  async (script, message, misconfiguration) => {
    const { store, counts } = await start(() => ({ ping: '-NOPERM', script }));
    const begunMs = performance.now();
    const failure = await spend(store).catch((error: unknown) => error);
    // Unless the machine was slow itself.
    if (performance.now() - begunMs >= TIMEOUT_MS) return;
    expect(failure).toMatchObject({ message, misconfiguration });
    expect(counts).toMatchObject({ connections: 1, scripts: 1 });
  },
);
