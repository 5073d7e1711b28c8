import { setTimeout as sleep } from 'node:timers/promises';

import { keyOf, settings } from '../callers.ts';
import { output } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { flood, FLOOD_TASKS } from '../flood.ts';
import { startScene, tasksOf, type Scene } from '../scene.ts';
import { interleaved, quantile } from '../statistics.ts';
import type { Build } from '../subjects.ts';

/** The most that one request may name. */
const PER_BATCH = 100;

/** @returns how many were not asked to be cancelled */
async function cancelBatch([port]: Scene['ports'], key: string, taskIds: readonly string[]) {
  const response = await fetch(`http://127.0.0.1:${port}/tasks:cancel`, {
    method: 'POST',
    headers: { 'X-API-Key': key, 'Content-Type': 'application/json' },
    body: JSON.stringify({ taskIds }),
  });
  const { results = [] }: { results?: { status: number }[] } = Object(await response.json());
  return taskIds.length - results.filter(({ status }) => status < 300).length;
}

/** Cancels 200 tasks of one caller by two requests, one after the other, while nobody else cancels. */
export async function measureBatches({ dist }: Build, rounds: number): Promise<Figure[]> {
  const [took, lost, busiest]: [number[], number[], number[]] = [[], [], []];
  for (let round = 0; round < rounds; round += 1) {
    const tasks = tasksOf('t', 2 * PER_BATCH);
    const scene = await startScene(dist, { servers: 1, callers: 1, tasks });
    try {
      const begun = performance.now();
      for (const part of [tasks.slice(0, PER_BATCH), tasks.slice(PER_BATCH)]) {
        await cancelBatch(scene.ports, keyOf(0), part);
      }
      took.push((performance.now() - begun) / 1000);
      const { cancelled, busiestSecond } = await scene.stats();
      lost.push(tasks.length - new Set(cancelled).size);
      busiest.push(busiestSecond);
    } finally {
      await scene.stop();
    }
  }
  return [
    figure('many', '200 tasks in two requests, s', 's', took),
    figure('many', '200 tasks: not cancelled', 'requests', lost),
    figure('many', '200 tasks: arrived at DLC in the busiest second', 'requests', busiest),
  ];
}

/** Of each caller who floods. */
const FLOOD_CONNECTIONS = 32;

/**
 * One caller cancels one task after the other: alone, and while a second one cancels 100 in each request, and one
 * or four others flood.
 */
export async function measureBeside(
  { dist }: Build,
  rounds: number,
  seconds: number,
): Promise<Figure[]> {
  const times = async (flooders: number): Promise<number> => {
    const tasks = [...tasksOf('one', 400), ...tasksOf('b', 2000), ...tasksOf('t', FLOOD_TASKS)];
    const scene = await startScene(dist, { servers: 1, callers: 2 + flooders, tasks });
    const [port] = scene.ports;
    const env = { ...settings(''), GATEWAY: `http://127.0.0.1:${port}`, KEY: keyOf(0) };
    try {
      // The quiet caller begins a second after the others, and ends before them.
      const lasts = seconds + 2;
      const others = flooders > 0 ? beside(scene, flooders, lasts) : Promise.resolve();
      if (flooders > 0) await sleep(1000);
      const took: number[] = JSON.parse(await output(['one', String(seconds)], { env }));
      await others;
      return quantile(took, 0.99) / 1000;
    } finally {
      await scene.stop();
    }
  };
  const alone = 'one task, alone: p99, s';
  const rows = {
    [alone]: 0,
    'beside a batch and one flooder, more': 1,
    'beside a batch and four flooders, more': 4,
  };
  const measured = await interleaved(
    rounds,
    Object.fromEntries(Object.entries(rows).map(([row, count]) => [row, () => times(count)])),
  );
  const base = measured.get(alone) ?? [];
  return [...measured].map(([row, values]) => {
    const more = values.map((value, round) => value - (base[round] ?? NaN));
    return figure('many', row, 's', row === alone ? values : more);
  });
}

/** The second caller cancels by batches, the next ones flood. */
async function beside(scene: Scene, flooders: number, seconds: number): Promise<void> {
  const ends = performance.now() + seconds * 1000;
  const cancelBatches = async (): Promise<void> => {
    for (let first = 0; performance.now() < ends; first += PER_BATCH) {
      const taskIds = tasksOf('b', first + PER_BATCH).slice(first);
      await cancelBatch(scene.ports, keyOf(1), taskIds);
    }
  };
  const floods = Array.from({ length: flooders }, (_, i) =>
    flood(scene.ports, {
      seconds,
      connections: FLOOD_CONNECTIONS,
      callers: 1,
      firstCaller: 2 + i,
    }),
  );
  await Promise.all([cancelBatches(), ...floods]);
}
