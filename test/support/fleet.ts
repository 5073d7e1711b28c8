import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { builtCommands } from './built.ts';
import { settingsFor } from './gateway.ts';
import { send } from './http-client.ts';
import { keyEntry } from './key-entry.ts';
import { startServer, type ListeningServer } from './processes.ts';

/** Several real servers in front of one emulator, each a process of its own, and a load that outgrows them. */

export interface Fleet {
  readonly servers: readonly ListeningServer[];
  /** When each CancelTask arrived at the emulator, in milliseconds since the epoch. */
  arrivals(): Promise<number[]>;
  stats(): Promise<{ busiestSecond: number; rateLimited: number }>;
  /** The longest that a server, the emulator or this process took for a trivial request, in milliseconds. */
  slowestMs(): number;
  stop(): Promise<void>;
}

export const keyOf = (caller: number): string => `the-api-key-of-caller-${caller}`;

export async function startFleet(
  count: number,
  callers: number,
  env: Readonly<Record<string, string>>,
): Promise<Fleet> {
  const emulator = spawn(process.execPath, [await builtCommands(), 'emulator'], {
    env: { PATH: process.env['PATH'], EMULATOR_PORT: '0' },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const url = await addressOf(emulator);
  const known = { url, secretId: 'AKIDEMULATOR', secretKey: 'emulator-secret-key' };
  const entries = Array.from({ length: callers }, (_, caller) =>
    keyEntry(keyOf(caller), { id: `c${caller}`, rate: '999999/s' }),
  );
  const settings = settingsFor(known, { API_KEYS: JSON.stringify(entries), ...env });
  const servers = await Promise.all(Array.from({ length: count }, () => startServer(settings)));
  const ask = async (path: string): Promise<unknown> =>
    (await fetch(`${url}/_emulator${path}`)).json();
  const post = (path: string, body = ''): Promise<Response> =>
    fetch(`${url}/_emulator${path}`, { method: 'POST', body });
  const tasks = Array.from({ length: 3000 }, (_, i) => ({ id: `t${i}`, state: 'running' }));
  await post('/tasks', JSON.stringify(tasks));
  const probes = [
    `${url}/_emulator/stats`,
    ...servers.map(({ port }) => `http://127.0.0.1:${port}/healthz`),
  ];
  let slowest = 0;
  const probe = async (target: string): Promise<void> => {
    const begun = performance.now();
    await fetch(target).then((response) => response.text());
    slowest = Math.max(slowest, performance.now() - begun);
  };
  const watching = setInterval(() => void Promise.allSettled(probes.map(probe)), 50);
  return {
    servers,
    async arrivals() {
      const requests: { action: string; at: string }[] = Object(await ask('/requests'));
      return requests
        .filter(({ action }) => action === 'CancelTask')
        .map(({ at }) => Date.parse(at));
    },
    async stats() {
      return Object(await ask('/stats'));
    },
    slowestMs: () => slowest,
    async stop() {
      clearInterval(watching);
      await Promise.all(servers.map((server) => server.stop()));
      emulator.kill();
      await once(emulator, 'close');
    },
  };
}

async function addressOf(emulator: ChildProcess): Promise<string> {
  let output = '';
  emulator.stdout?.setEncoding('utf8').on('data', (text: string) => (output += text));
  for (;;) {
    const url = /http:\/\/127\.0\.0\.1:\d+/.exec(output)?.[0];
    if (url) return url;
    if (emulator.exitCode !== null) throw new Error(`no emulator: ${output}`);
    await sleep(10);
  }
}

export interface Offered {
  readonly caller: number;
  /** `lost` if there was no response. */
  readonly status: number | 'lost';
  readonly retryAfter: number;
}

/**
 * Offers so many cancellations a second, without waiting for responses; half of them are of caller 0, the
 * others of all others, one after the other. Gives every response, once all have come.
 */
export async function offer(
  { servers }: Fleet,
  { perSecond, seconds, callers }: { perSecond: number; seconds: number; callers: number },
): Promise<Offered[]> {
  const agent = new Agent({ keepAlive: true });
  const begun = performance.now();
  const responses: Promise<Offered>[] = [];
  for (let i = 0; i < perSecond * seconds; i += 1) {
    const due = begun + (i * 1000) / perSecond;
    if (due > performance.now()) await sleep(due - performance.now());
    const caller = i % 2 === 0 ? 0 : 1 + (Math.floor(i / 2) % (callers - 1));
    const server = servers[Math.floor(i / 2) % servers.length];
    if (server) responses.push(cancel(server.port, i, caller, agent));
  }
  const offered = await Promise.all(responses);
  agent.destroy();
  return offered;
}

async function cancel(port: number, task: number, caller: number, agent: Agent): Promise<Offered> {
  const headers = { 'x-api-key': keyOf(caller) };
  try {
    const response = await send(port, {
      method: 'DELETE',
      path: `/tasks/t${task}`,
      headers,
      agent,
    });
    const retryAfter = Number(response.headers['retry-after'] ?? 0);
    return { caller, status: response.status, retryAfter };
  } catch {
    return { caller, status: 'lost', retryAfter: 0 };
  }
}
