import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { createHttpServer, drain } from '../src/lib/http/node-server.ts';
import { KEYS, settingsFor } from './support/gateway.ts';
import { connectRaw, parseAnswers, portOf, send } from './support/http-client.ts';
import { startInProcess } from './support/in-process.ts';
import { startServer, type ListeningServer, type Settings } from './support/processes.ts';
import { until } from './support/until.ts';

/** Many callers at once, idle, slow or greedy: they are bounded, and nobody else waits for them. */

let emulator: Emulator;
const closing: (() => Promise<unknown>)[] = [];
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await emulator.reset();
});
afterAll(async () => emulator.close());

type Timeouts = Parameters<typeof createHttpServer>[1];

async function start(timeouts: Timeouts) {
  const { gateway, lines } = startInProcess({ port: emulator.port });
  const server = createHttpServer(gateway, timeouts).listen(0, '127.0.0.1');
  closing.push(() => drain(server, 0));
  await once(server, 'listening');
  return { server, port: portOf(server), lines };
}

async function startProcess(settings: Settings): Promise<ListeningServer> {
  const server = await startServer(settings);
  closing.push(async () => server.child.kill('SIGKILL'));
  return server;
}

let served = 0;
/** An honest caller is served, and a probe too. */
const isServed = async (port: number): Promise<void> => {
  const id = `served-${(served += 1)}`;
  emulator.addTasks({ id, state: 'running' });
  const headers = { 'X-API-Key': KEYS.both };
  expect(await send(port, { path: '/healthz' })).toMatchObject({ status: 200 });
  const response = await send(port, { method: 'DELETE', path: `/tasks/${id}`, headers });
  expect(response.status).toBe(202);
};

/** How many connections this process can open, with some room to live. */
function mostConnections(): number {
  const limits = readFileSync('/proc/self/limits', 'utf8');
  const open = Number(/^Max open files +(\d+)/m.exec(limits)?.[1] ?? 1024);
  return Math.min(10_000, open - 500);
}

async function connectMany(port: number, count: number): Promise<net.Socket[]> {
  const sockets: net.Socket[] = [];
  closing.push(async () => sockets.forEach((socket) => socket.destroy()));
  while (sockets.length < count) {
    const some = Array.from({ length: Math.min(200, count - sockets.length) }, () =>
      net.connect(port, '127.0.0.1').on('error', () => undefined),
    );
    await Promise.all(some.map((socket) => once(socket, 'connect')));
    sockets.push(...some);
  }
  return sockets;
}

const GET = 'GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n';

describe('idle connections', () => {
  it('by the thousand leave room for others, and do not keep the server from ending', async () => {
    const server = await startProcess(settingsFor(emulator));
    const sockets = await connectMany(server.port, mostConnections());
    await Promise.all(
      sockets.map(async (socket) => {
        socket.write(GET);
        await once(socket, 'data');
      }),
    );
    await isServed(server.port);
    expect(sockets.filter(({ closed }) => closed)).toEqual([]);
    expect(await server.stop()).toBe(0);
  });

  it('beyond the most that are held make room for new ones', async () => {
    const { server, port } = await start({});
    server.maxConnections = 10;
    const idle = await connectMany(port, 10);
    for (const socket of idle) socket.write(GET);
    await Promise.all(idle.map((socket) => once(socket, 'data')));
    // The one that finds no room is dropped; the next finds it.
    const dropped = await connectRaw(port);
    expect(await dropped.closed()).toBe('');
    await Promise.all(idle.map(async (socket) => socket.closed || once(socket, 'close')));
    expect(await send(port, { path: '/healthz' })).toMatchObject({ status: 200 });
  });
});

describe('slow callers', () => {
  it('that send their header fields a byte at a time are answered with a 408, and others at once', async () => {
    const { port } = await start({ headersTimeout: 300, connectionsCheckingInterval: 20 });
    const raws = await Promise.all(Array.from({ length: 100 }, () => connectRaw(port)));
    for (const raw of raws) raw.write('GET /healthz HTTP/1.1\r\nHost: x\r\nX-Slow: ');
    const drip = setInterval(() => {
      for (const raw of raws) if (raw.socket.writable) raw.write('x');
    }, 10);
    expect(await send(port, { path: '/healthz' })).toMatchObject({ status: 200 });
    for (const raw of raws) {
      expect(parseAnswers(await raw.closed())).toMatchObject([{ status: 408 }]);
    }
    clearInterval(drip);
  });

  it('that send a body a byte at a time are refused, and others served', async () => {
    const server = await startProcess(settingsFor(emulator));
    const raws = await Promise.all(Array.from({ length: 20 }, () => connectRaw(server.port)));
    const head = 'POST /webhooks/cancel-task HTTP/1.1\r\nHost: x\r\nContent-Length: 8000\r\n\r\n';
    for (const raw of raws) raw.write(head);
    const drip = setInterval(() => {
      for (const raw of raws) if (raw.socket.writable) raw.write('x');
    }, 10);
    await isServed(server.port);
    const statuses = new Set<number | undefined>();
    for (const raw of raws) statuses.add(parseAnswers(await raw.closed())[0]?.status);
    // A client that goes on sending may lose the response with the connection.
    statuses.delete(undefined);
    expect(statuses.size).toBeGreaterThan(0);
    expect([408, 503]).toEqual(expect.arrayContaining([...statuses]));
    clearInterval(drip);
    expect(await server.stop()).toBe(0);
  });

  it('that never send the body they announce, a thousand of them, keep no honest caller out', async () => {
    const server = await startProcess(settingsFor(emulator));
    const count = Math.min(1000, mostConnections());
    const heads = ['DELETE /tasks/x', 'POST /webhooks/cancel-task', 'GET /healthz'];
    const open = async (): Promise<void> => {
      for (const [i, socket] of (await connectMany(server.port, count)).entries()) {
        socket.write(`${heads[i % heads.length]} HTTP/1.1\r\nHost: x\r\nContent-Length: 9\r\n\r\n`);
      }
    };
    await open();
    for (let i = 0; i < 20; i += 1) await isServed(server.port);
    const strangers = server.lines().filter(({ principal, route }) => !principal && route);
    expect(strangers.length).toBeGreaterThan(0);
    expect(server.lines().filter(({ reason }) => reason === 'overloaded')).toEqual([]);
  });

  it('that ask and ask and take no answer are read no further, and cut off', async () => {
    const stallMs = 25_000;
    const { port, server, lines } = await start({ stallMs });
    const [raw, [accepted]] = await Promise.all([connectRaw(port), once(server, 'connection')]);
    raw.socket.pause();
    // Each response is large, so that few of them fill the buffers of both sockets.
    const asked = 10_000;
    raw.write('GET /openapi.json HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(asked));
    let before = -1;
    while (before !== lines.length) {
      before = lines.length;
      await sleep(500);
    }
    expect(lines.filter(({ event }) => event === 'request').length).toBeLessThan(asked / 2);
    expect(await send(port, { path: '/healthz' })).toMatchObject({ status: 200 });
    // Not waited for: shortened, it must end this connection, and it is the one that was set.
    expect(accepted.timeout).toBe(stallMs);
    accepted.setTimeout(50);
    await until(() => accepted.destroyed);
    raw.socket.destroy();
  });
});
