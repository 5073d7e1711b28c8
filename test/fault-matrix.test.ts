import { afterAll, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import type { FaultRequest } from '../emulator/faults.ts';
import { faultCells, refusedCells, type Cell } from './support/fault-cells.ts';
import { judge, type Truth } from './support/fault-oracle.ts';
import { startInProcess, type Answer, type InProcessGateway } from './support/in-process.ts';

const DEADLINE_MS = 1000;
const MAX_ATTEMPTS = 4;
const SETTINGS = {
  REQUEST_TIMEOUT_MS: String(DEADLINE_MS),
  ATTEMPT_TIMEOUT_MS: '150',
  MAX_ATTEMPTS: String(MAX_ATTEMPTS),
  MAX_PREFER_WAIT_MS: '300',
  LOG_LEVEL: 'silent',
};
/** From accepted to cancelled: long enough for an attempt to come between. */
const CANCEL_MS = 40;
/** What an emulator remembers of the requests (1000) must suffice for the cells of one. */
const CELLS_PER_EMULATOR = 120;
const LANES = 5;
const AT_ONCE = 12;
/** More than these are no accident. */
const MOST_SUSPECTS = 150;

interface Result {
  readonly cell: Cell;
  readonly answer: Answer;
  readonly ms: number;
  readonly truth: Truth;
  readonly lies: readonly string[];
}

const results: Result[] = [];

afterAll(() => {
  const untrue = results.filter(({ lies }) => lies.length > 0);
  const unknown = results.filter(({ answer }) => answer.body['outcomeUnknown'] === true);
  const unconfirmed = results.filter(({ answer }) => answer.body['confirmed'] === false);
  const guessed = unconfirmed.filter(({ truth }) => !truth.took);
  const over = Math.max(...results.map(({ ms }) => ms)) - DEADLINE_MS;
  process.stdout.write(
    `\nfault matrix: ${results.length} cells, ${untrue.length} untrue answers; ` +
      `${unknown.length} said "unknown", ${unconfirmed.length} "unconfirmed" ` +
      `(${guessed.length} of them had not taken effect); ` +
      `worst answer ${over > 0 ? `${over} ms after` : `${-over} ms before`} its deadline\n`,
  );
  for (const { cell, answer, lies } of untrue.slice(0, 20)) {
    process.stdout.write(`untrue: ${lies.join(', ')}\n  ${cell.name}\n  ${answer.text}\n`);
  }
});

const untrueOf = (some: readonly Result[]): unknown[] => some.filter(({ lies }) => lies[0]);

it('every fault, at every point, in every state of the task: each answer is true', async () => {
  const cells = faultCells();
  const batches: Cell[][] = [];
  while (cells.length > 0) batches.push(cells.splice(0, CELLS_PER_EMULATOR));
  await concurrently(LANES, batches, async (batch) => {
    results.push(...(await withGateways((gateways) => runBatch(batch, gateways))));
  });
  await tryAgainAlone();
  expect(untrueOf(results)).toEqual([]);
}, 180_000);

it('nothing listens: it did not happen, and the answer says so', async () => {
  // Each has an emulator to itself.
  await concurrently(LANES, refusedCells(), async (cell) => {
    const ran = await withGateways((gateways) => runBatch([cell], gateways));
    results.push(...ran);
    expect(ran[0]?.answer.body).not.toHaveProperty('outcomeUnknown');
    expect(untrueOf(ran)).toEqual([]);
  });
}, 60_000);

/**
 * On a machine that stands still for a while, an attempt times out before its request was read: the answer
 * cannot know that nothing came of it. So what is untrue is tried once more, with nothing beside it.
 */
async function tryAgainAlone(): Promise<void> {
  const suspects = [...results.entries()].filter(([, { lies }]) => lies.length > 0);
  if (suspects.length > MOST_SUSPECTS) return;
  for (const [index, { cell }] of suspects) {
    const [again] = await withGateways((gateways) => runBatch([cell], gateways));
    if (again) results[index] = again;
  }
}

interface Gateways {
  readonly emulator: Emulator;
  readonly on: InProcessGateway;
  readonly off: InProcessGateway;
}

async function withGateways(run: (gateways: Gateways) => Promise<Result[]>): Promise<Result[]> {
  const emulator = await startEmulator({ cancelMs: CANCEL_MS, rate: 1_000_000 });
  const common = { port: emulator.port, callers: CELLS_PER_EMULATOR, random: () => 0.1 };
  const on = startInProcess({ ...common, env: SETTINGS });
  const off = startInProcess({ ...common, env: { ...SETTINGS, TASK_STATE_LOOKUP: 'off' } });
  try {
    return await run({ emulator, on, off });
  } finally {
    await emulator.close();
  }
}

async function runBatch(batch: readonly Cell[], gateways: Gateways): Promise<Result[]> {
  const { emulator } = gateways;
  const ran: { cell: Cell; id: string; answer: Answer; ms: number }[] = [];
  await concurrently(AT_ONCE, [...batch.entries()], async ([i, cell]) => {
    const id = `task-${i}`;
    if (cell.state !== 'absent') emulator.addTasks({ id, state: cell.state });
    await emulator.addFault(cell.faults.map((fault) => aimed(fault, id)));
    const begun = Date.now();
    const headers = cell.prefer ? { prefer: 'wait=1' } : {};
    const gateway = cell.lookup ? gateways.on : gateways.off;
    const answer = await gateway.call(cell.method, `/tasks/${id}`, { headers, caller: i });
    ran.push({ cell, id, answer, ms: Date.now() - begun });
  });
  // What was delayed may still take effect, and what was accepted too.
  await sleep(400 + CANCEL_MS + 50);
  const truths = truthsOf(emulator);
  return ran.map(({ cell, id, answer, ms }) => {
    const truth = truths(id);
    return { cell, answer, ms, truth, lies: judge(cell, answer, truth, MAX_ATTEMPTS) };
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
