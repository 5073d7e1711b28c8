import path from 'node:path';

import { keyEntries, settings } from '../callers.ts';
import { startListening, startRedis, type Server } from '../children.ts';
import { figure, type Figure, type Section } from '../figures.ts';
import { flood, FLOOD_TASKS, type Flood } from '../flood.ts';
import type { Build } from '../subjects.ts';
import { measureRefusals } from './refusals.ts';

const CONNECTIONS = 256;

interface Scene {
  readonly section: Section;
  readonly servers: number;
  readonly callers: number;
  readonly redis?: Server;
}

/** Sends one server far more than DLC accepts: measures how fast it refuses the rest, and whether it loses any. */
export async function measureOverload(
  build: Build,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const scene = { section: 'overload', servers: 1, callers: 1 } as const;
  const own = await measure(build, scene, rounds, seconds);
  return [...own, ...(await measureRefusals(rounds, seconds, CONNECTIONS))];
}

/** The same offered to four that share Redis. None where no Redis is installed. */
export async function measureFleet(
  build: Build,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const redis = await startRedis();
  if (!redis) return [];
  try {
    const scene = { section: 'fleet', servers: 4, callers: 10, redis } as const;
    return await measure(build, scene, rounds, seconds);
  } finally {
    await redis.stop();
  }
}

async function measure(
  { dist }: Build,
  scene: Scene,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const rows = new Map<string, number[]>();
  const note = (row: string, value: number): void =>
    void rows.set(row, [...(rows.get(row) ?? []), value]);
  for (let round = 0; round < rounds; round += 1) {
    const emulator = await startListening(['--import', 'tsx', 'scripts/main.ts', 'emulator'], {
      PATH: process.env['PATH'] ?? '',
      EMULATOR_PORT: '0',
      // Each task is named again within the run: by then it must be cancelled, or DLC is busy with it.
      EMULATOR_CANCEL_MS: '0',
    });
    const servers = await start(dist, scene, emulator);
    const ports = servers.map(({ port }) => port);
    try {
      const { callers } = scene;
      const begun = Date.now();
      const flooded = await flood(ports, { seconds, connections: CONNECTIONS, callers });
      await noteAll(note, flooded, emulator, callers);
      const used = await arrivals(emulator, begun + 1000, begun + seconds * 1000);
      note('used of DLC’s 20 a second', used / (seconds - 1));
    } finally {
      await Promise.all([...servers, emulator].map((one) => one.stop()));
    }
  }
  return [...rows].map(([row, values]) => {
    const unit = row.endsWith('a second') ? '/s' : row.includes(' to ') ? 'ratio' : 'requests';
    return figure(scene.section, row, unit, values);
  });
}

async function start(
  dist: string,
  { servers, callers, redis }: Scene,
  emulator: Server,
): Promise<Server[]> {
  const url = `http://127.0.0.1:${emulator.port}`;
  const tasks = Array.from({ length: FLOOD_TASKS }, (_, i) => ({ id: `t${i}`, state: 'running' }));
  await fetch(`${url}/_emulator/tasks`, { method: 'POST', body: JSON.stringify(tasks) });
  const env = settings(url, {
    API_KEYS: JSON.stringify(keyEntries(callers)),
    EXPECTED_INSTANCES: String(servers),
    HOST: '127.0.0.1',
    PORT: '0',
    UPSTREAM_RATE: '20',
    ...(redis && { REDIS_URL: `redis://127.0.0.1:${redis.port}` }),
  });
  return Promise.all(
    Array.from({ length: servers }, () => startListening([path.join(dist, 'server.js')], env)),
  );
}

async function noteAll(
  note: (row: string, value: number) => void,
  { accepted, refused, lost, seconds }: Flood,
  emulator: Server,
  callers: number,
): Promise<void> {
  const stats = await fetch(`http://127.0.0.1:${emulator.port}/_emulator/stats`);
  const { busiestSecond, cancelled }: EmulatorStats = Object(await stats.json());
  const done = new Set(cancelled);
  const broken = [...accepted.keys()].filter((task) => !done.has(task)).length;
  note('refusals a second', refused / seconds);
  note('lost, or accepted and not cancelled', lost + broken);
  note('arrived at DLC in the busiest second', busiestSecond);
  if (callers === 1) return;
  const served = Array.from(
    { length: callers },
    (_, caller) => [...accepted.values()].filter((one) => one === caller).length,
  );
  const fair = served.reduce((sum, one) => sum + one, 0) / callers;
  note('slowest quiet caller to its fair share', Math.min(...served.slice(1)) / fair);
}

/** How many cancellations have arrived at DLC between two times; the first second of a load is left out, when the servers are cold. */
async function arrivals({ port }: Server, from: number, to: number): Promise<number> {
  const reply = await fetch(`http://127.0.0.1:${port}/_emulator/requests`);
  const requests: { action: string; at: string }[] = Object(await reply.json());
  const times = requests
    .filter(({ action }) => action === 'CancelTask')
    .map(({ at }) => Date.parse(at));
  return times.filter((at) => at >= from && at < to).length;
}

interface EmulatorStats {
  readonly busiestSecond: number;
  readonly cancelled: readonly string[];
}
