import path from 'node:path';

import { keyEntries, settings } from './callers.ts';
import { startListening, type Server } from './children.ts';

/** Servers of the gateway before an emulator that accepts 20 cancellations a second. */
export interface Scene {
  readonly ports: readonly number[];
  /** Says what has come of the tasks. */
  stats(): Promise<EmulatorStats>;
  /** How many cancellations have arrived at DLC between two times. */
  arrivals(from: number, to: number): Promise<number>;
  stop(): Promise<void>;
}

export interface EmulatorStats {
  /** Arrivals in the busiest sliding second. */
  readonly busiestSecond: number;
  readonly cancelled: readonly string[];
}

export interface Cast {
  readonly servers: number;
  /** Each has a key, as `keyOf` has it. */
  readonly callers: number;
  readonly redis?: Server;
  /** Those that run. */
  readonly tasks: readonly string[];
}

/** Names of tasks. */
export const tasksOf = (prefix: string, count: number): string[] =>
  Array.from({ length: count }, (_, i) => `${prefix}${i}`);

export async function startScene(dist: string, cast: Cast): Promise<Scene> {
  const emulator = await startListening(['--import', 'tsx', 'scripts/main.ts', 'emulator'], {
    PATH: process.env['PATH'] ?? '',
    EMULATOR_PORT: '0',
    // Each task may be named again within the run: by then it must be cancelled, or DLC is busy with it.
    EMULATOR_CANCEL_MS: '0',
  });
  const url = `http://127.0.0.1:${emulator.port}`;
  const { servers: count, callers, redis } = cast;
  const tasks = cast.tasks.map((id) => ({ id, state: 'running' }));
  await fetch(`${url}/_emulator/tasks`, { method: 'POST', body: JSON.stringify(tasks) });
  const env = settings(url, {
    API_KEYS: JSON.stringify(keyEntries(callers)),
    EXPECTED_INSTANCES: String(count),
    HOST: '127.0.0.1',
    PORT: '0',
    UPSTREAM_RATE: '20',
    ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  });
  const servers = await Promise.all(
    Array.from({ length: count }, () => startListening([path.join(dist, 'server.js')], env)),
  );
  const read = async (name: string): Promise<object> =>
    Object(await (await fetch(`${url}/_emulator/${name}`)).json());
  return {
    ports: servers.map(({ port }) => port),
    async stats() {
      const { busiestSecond = NaN, cancelled = [] }: Partial<EmulatorStats> = await read('stats');
      return { busiestSecond, cancelled };
    },
    async arrivals(from, to) {
      const requests: { action: string; at: string }[] = Object(await read('requests'));
      const times = requests
        .filter(({ action }) => action === 'CancelTask')
        .map(({ at }) => Date.parse(at));
      return times.filter((at) => at >= from && at < to).length;
    },
    async stop() {
      await Promise.all([...servers, emulator].map((one) => one.stop()));
    },
  };
}
