import { startRedis, type Server } from '../children.ts';
import { figure, type Figure, type Section } from '../figures.ts';
import { flood, FLOOD_TASKS, type Flood } from '../flood.ts';
import { startScene, tasksOf, type Scene } from '../scene.ts';
import type { Build } from '../subjects.ts';
import { measureRefusals } from './refusals.ts';

const CONNECTIONS = 256;

interface Load {
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
  const load = { section: 'overload', servers: 1, callers: 1 } as const;
  const own = await measure(build, load, rounds, seconds);
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
    const load = { section: 'fleet', servers: 4, callers: 10, redis } as const;
    return await measure(build, load, rounds, seconds);
  } finally {
    await redis.stop();
  }
}

async function measure(
  { dist }: Build,
  load: Load,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const rows = new Map<string, number[]>();
  const note = (row: string, value: number): void =>
    void rows.set(row, [...(rows.get(row) ?? []), value]);
  for (let round = 0; round < rounds; round += 1) {
    const scene = await startScene(dist, { ...load, tasks: tasksOf('t', FLOOD_TASKS) });
    try {
      const { callers } = load;
      const begun = Date.now();
      const flooded = await flood(scene.ports, { seconds, connections: CONNECTIONS, callers });
      await noteAll(note, flooded, scene, callers);
      // In the first second of a load the servers are cold.
      const used = await scene.arrivals(begun + 1000, begun + seconds * 1000);
      note('used of DLC’s 20 a second', used / (seconds - 1));
    } finally {
      await scene.stop();
    }
  }
  return [...rows].map(([row, values]) => {
    const unit = row.endsWith('a second') ? '/s' : row.includes(' to ') ? 'ratio' : 'requests';
    return figure(load.section, row, unit, values);
  });
}

async function noteAll(
  note: (row: string, value: number) => void,
  { accepted, refused, lost, seconds }: Flood,
  scene: Scene,
  callers: number,
): Promise<void> {
  const { busiestSecond, cancelled } = await scene.stats();
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
