import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { ALL_OPERATIONS } from './support/every-operation.ts';
import { KEYS, settingsFor } from './support/gateway.ts';
import { connectRaw, parseAnswers, send, type Answer } from './support/http-client.ts';
import {
  spawnServer,
  startServer,
  type ListeningServer,
  type Settings,
} from './support/processes.ts';
import { until } from './support/until.ts';

/** How the built server ends: no response is lost, and nobody is refused for it. */

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
/** Whatever fails: no process is left behind. */
const children: ChildProcess[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  await emulator.reset();
});
async function start(settings: Settings): Promise<ListeningServer> {
  const server = await startServer(settings);
  children.push(server.child);
  return server;
}
afterAll(async () => emulator.close());

const isStopping = ({ event }: Record<string, unknown>): boolean => event === 'stopping';

const DELETE = (id: string): string =>
  `DELETE /tasks/${id} HTTP/1.1\r\nHost: x\r\nX-API-Key: ${KEYS.both}\r\n\r\n`;

interface Sent {
  readonly id: string;
  readonly isReused: boolean;
  readonly response?: Answer;
  readonly error?: string;
}

/** A caller that cancels one task after the other on a connection that it keeps, until nobody listens. */
async function callUntilStopped(server: ListeningServer, name: string, pauseMs: number) {
  const agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  let isReused = false;
  const all: Sent[] = [];
  for (let n = 0; ; n += 1) {
    const id = `${name}-${n}`;
    emulator.addTasks({ id, state: 'running' });
    const headers = { 'X-API-Key': KEYS.both };
    try {
      const sent = { method: 'DELETE', path: `/tasks/${id}`, headers, agent };
      const response = await send(server.port, sent);
      all.push({ id, isReused, response });
      isReused = response.headers.connection !== 'close';
    } catch (error) {
      all.push({ id, isReused, error: String(Object(error).code) });
      agent.destroy();
      return all;
    }
    if (pauseMs > 0) await sleep(pauseMs);
  }
}

describe('SIGTERM under load', () => {
  it('refuses nobody: requests on open connections are served, and each closes its connection', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 15, times: 'always' });
    const server = await start(settingsFor(emulator));
    // Half of them always have a request in flight; the others are often between two.
    const callers = Array.from({ length: 40 }, (_, i) =>
      callUntilStopped(server, `c${i}`, i % 2 ? 0 : 25),
    );
    await until(() => emulator.stats().cancelled.length > 200);
    const code = server.stop();
    const all = (await Promise.all(callers)).flat();
    expect(await code).toBe(0);

    const lost = all.filter(({ response }) => !response);
    expect(lost.filter(({ isReused }) => isReused)).toEqual([]);
    // A connection that was never let in.
    for (const { error } of lost) expect(error).toMatch(/^ECONNRE(FUSED|SET)$/);

    const answered = all.flatMap(({ id, response }) => (response ? [{ id, response }] : []));
    expect(answered.filter(({ response }) => response.status !== 202)).toEqual([]);
    expect(emulator.stats().cancelled.toSorted()).toEqual(answered.map(({ id }) => id).toSorted());
    const last = answered.filter(({ response }) => response.headers.connection === 'close');
    expect(last).toHaveLength(40);
  });

  it.each(ALL_OPERATIONS.map((make) => [make().target, make] as const))(
    'answers what still comes to %s as ever, and closes the connection',
    async (_, make) => {
      const server = await start(settingsFor(emulator));
      const { method, target, headers, body = '' } = make();
      const fields = [...headers, ['Host', 'x'], ['Content-Length', String(body.length)]];
      const lines = fields.map(([name, value]) => `${name}: ${value}\r\n`);
      const request = `${method} ${target} HTTP/1.1\r\n${lines.join('')}\r\n${body}`;
      const statuses: unknown[] = [];
      const connections = await Promise.all([1, 2].map(() => connectRaw(server.port)));
      for (const [n, raw] of connections.entries()) {
        if (n === 1) {
          server.child.kill('SIGTERM');
          await server.logged(isStopping);
        }
        raw.write(request);
        if (n === 0) await raw.until(/\r\n\r\n/);
        else expect(await raw.closed()).toMatch(/^Connection: close\r$/m);
        statuses.push(raw.received().split(' ', 2)[1]);
      }
      connections[0]?.socket.destroy();
      expect(statuses[1]).not.toBe('503');
      expect(await server.ended).toBe(0);
    },
  );

  it('answers all requests of a connection, in order, and closes it with the last', async () => {
    const ids = ['a', 'b', 'c'];
    emulator.addTasks(ids.map((id) => ({ id, state: 'running' })));
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 500, taskId: 'a' });
    const server = await start(settingsFor(emulator));
    const raw = await connectRaw(server.port);
    raw.write(ids.map(DELETE).join(''));
    await until(() => emulator.requests().length === 1);
    server.child.kill('SIGTERM');
    await server.logged(isStopping);
    raw.write(DELETE('d'));
    const responses = parseAnswers(await raw.closed());
    expect(responses.map(({ status, body }) => [status, body['taskId']])).toEqual([
      [202, 'a'],
      [202, 'b'],
      [202, 'c'],
      [404, 'd'],
    ]);
    const closing = responses.map(({ headers }) => headers['connection'] === 'close');
    expect(closing).toEqual([false, false, false, true]);
    expect(await server.ended).toBe(0);
  });

  it('answers what comes on a connection that was idle, a probe too, and closes it', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 500 });
    emulator.addTasks({ id: 'a', state: 'running' });
    const server = await start(settingsFor(emulator));
    const [busy, idle, fresh] = await Promise.all([1, 2, 3].map(() => connectRaw(server.port)));
    idle?.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await idle?.until(/"ok"/);
    busy?.write(DELETE('a'));
    await until(() => emulator.requests().length === 1);
    server.child.kill('SIGTERM');
    await server.logged(isStopping);
    for (const raw of [idle, fresh]) {
      raw?.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
      const response = parseAnswers((await raw?.closed()) ?? '').at(-1);
      expect(response).toMatchObject({ status: 200, headers: { connection: 'close' } });
    }
    expect(parseAnswers((await busy?.closed()) ?? '')).toMatchObject([{ status: 202 }]);
    expect(await server.ended).toBe(0);
  });

  it('ends although callers hold connections on which they send nothing, or half a request', async () => {
    const server = await start(settingsFor(emulator, { REQUEST_TIMEOUT_MS: '900000' }));
    const raws = await Promise.all([1, 2, 3].map(() => connectRaw(server.port)));
    raws[1]?.write('GET /heal');
    raws[2]?.write('GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n');
    await raws[2]?.until(/"ok"/);
    expect(await server.stop()).toBe(0);
    await Promise.all(raws.map((raw) => raw.closed()));
  });
});

describe('a signal while it starts', () => {
  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    '%s ends it whenever it comes',
    async (signal) => {
      for (const ms of [0, 20, 40, 60, 80, 120, 200]) {
        const server = await spawnServer({
          ...settingsFor(emulator),
          HOST: '127.0.0.1',
          PORT: '0',
        });
        await Promise.race([sleep(ms), once(server.child, 'exit')]);
        children.push(server.child);
        server.child.kill(signal);
        const code = await server.ended;
        // Before its first line ran there is nobody yet to answer the signal.
        expect([code, server.child.signalCode]).toEqual(code === 0 ? [0, null] : [null, signal]);
        expect(server.output.stderr).toBe('');
      }
    },
  );
});
