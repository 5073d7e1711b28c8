import { afterAll, expect, it } from '@jest/globals';
import { availableParallelism } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import type { FaultRequest } from '../emulator/faults.ts';
import { canHang, faultCells, refusedCells, type Cell } from './support/fault-cells.ts';
import { judge, type Truth } from './support/fault-oracle.ts';
import { startInProcess, type Answer } from './support/in-process.ts';

const MAX_ATTEMPTS = 4;
const COMMON = {
  MAX_ATTEMPTS: String(MAX_ATTEMPTS),
  MAX_PREFER_WAIT_MS: '300',
  LOG_LEVEL: 'silent',
};
/** Where every fault ends by itself, a busy machine must not end an attempt either: then "unknown" has to have a cause. */
const PATIENT = { ...COMMON, REQUEST_TIMEOUT_MS: '60000', ATTEMPT_TIMEOUT_MS: '30000' };
/** Where only a timeout ends an attempt. */
const HASTY = { ...COMMON, REQUEST_TIMEOUT_MS: '1000', ATTEMPT_TIMEOUT_MS: '150' };
/** From accepted to cancelled: long enough for an attempt to come between. */
const CANCEL_MS = 40;
/** An emulator remembers 1000 requests, which must suffice for the cells of one. */
const CELLS_PER_EMULATOR = 120;
const AT_ONCE = 12;
const EMULATORS = 2 * availableParallelism();
/** Where a gateway backs off, all its cells wait; and where nothing is timed, a crowd does no harm. */
const PATIENT_EMULATORS = 4 * EMULATORS;

const count = { cells: 0, unknown: 0 };
afterAll(() => {
  process.stdout.write(`\nfault matrix: ${count.cells} cells, ${count.unknown} said "unknown"\n`);
});

it('every fault, at every point, in every state of the task: each answer is true', async () => {
  const untrue: string[] = [];
  for (const [hangs, emulators] of [
    [true, EMULATORS],
    [false, PATIENT_EMULATORS],
  ] as const) {
    const cells = faultCells().filter((cell) => hangs === canHang(cell));
    await concurrently(emulators, inBatches(cells), async (batch) => {
      untrue.push(...(await run(batch)));
    });
  }
  expect(untrue).toEqual([]);
}, 900_000);

it('nothing listens: it did not happen, and the answer says so', async () => {
  const untrue: string[] = [];
  // Each has an emulator to itself.
  await concurrently(EMULATORS, refusedCells(), async (cell) => {
    untrue.push(...(await run([cell])));
  });
  expect(untrue).toEqual([]);
}, 120_000);

function inBatches(cells: readonly Cell[]): Cell[][] {
  const starts = Array.from(
    { length: Math.ceil(cells.length / CELLS_PER_EMULATOR) },
    (_, i) => i * CELLS_PER_EMULATOR,
  );
  return starts.map((start) => cells.slice(start, start + CELLS_PER_EMULATOR));
}

/**
 * Sends the requests of the cells, all of which can hang or none, through gateways of their own.
 *
 * @returns what is untrue, each with the cell and the response
 */
async function run(batch: readonly Cell[]): Promise<string[]> {
  const emulator = await startEmulator({ cancelMs: CANCEL_MS, rate: 1_000_000 });
  const common = { port: emulator.port, callers: CELLS_PER_EMULATOR, random: () => 0.1 };
  const env = batch.some(canHang) ? HASTY : PATIENT;
  const on = startInProcess({ ...common, env });
  const off = startInProcess({ ...common, env: { ...env, TASK_STATE_LOOKUP: 'off' } });
  const ran: { cell: Cell; id: string; response: Answer }[] = [];
  await concurrently(AT_ONCE, [...batch.entries()], async ([i, cell]) => {
    const id = `task-${i}`;
    if (cell.state !== 'absent') emulator.addTasks({ id, state: cell.state });
    await emulator.addFault(cell.faults.map((fault) => aimed(fault, id)));
    const headers = cell.prefer ? { prefer: 'wait=1' } : {};
    const gateway = cell.lookup ? on : off;
    const response = await gateway.call(cell.method, `/tasks/${id}`, { headers, caller: i });
    ran.push({ cell, id, response });
  });
  // What was delayed may still take effect, and what was accepted too.
  await sleep(400 + CANCEL_MS + 50);
  const truths = truthsOf(emulator);
  await emulator.close();
  return ran.flatMap(({ cell, id, response }) => {
    count.cells += 1;
    if (response.body['outcomeUnknown'] === true) count.unknown += 1;
    const lies = judge(cell, response, truths(id), MAX_ATTEMPTS);
    return lies.length > 0 ? [`${lies.join(', ')}: ${cell.name}: ${response.text}`] : [];
  });
}

/** A refusal is the listener's, and knows no tasks. */
function aimed(fault: FaultRequest, taskId: string): FaultRequest {
  return fault.kind === 'refuse' ? fault : { ...fault, taskId };
}

function truthsOf(emulator: Emulator): (id: string) => Truth {
  const { cancelled, calls } = emulator.stats();
  const requests = emulator.requests();
  if (calls.CancelTask + calls.DescribeTasks !== requests.length) {
    throw new Error('the emulator does not remember all requests');
  }
  return (id) => {
    const about = requests.filter(({ taskIds }) => taskIds.includes(id));
    return {
      took: cancelled.includes(id),
      state: emulator.task(id)?.state ?? 'absent',
      attempts: about.filter(({ action }) => action === 'CancelTask').length,
      lookups: about.filter(({ action }) => action === 'DescribeTasks').length,
    };
  };
}

/** Does the work for each item, so many at once. */
async function concurrently<T>(
  workers: number,
  items: readonly T[],
  work: (item: T) => Promise<void>,
): Promise<void> {
  const left = [...items];
  const worker = async (): Promise<void> => {
    for (let item = left.shift(); item !== undefined; item = left.shift()) await work(item);
  };
  await Promise.all(Array.from({ length: workers }, worker));
}
