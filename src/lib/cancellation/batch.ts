import type { UpstreamStats } from '../dlc/client.ts';
import type { Lookup } from '../dlc/describe-task.ts';
import type { TaskRef } from '../tasks.ts';
import { needsLookup, settle, type Attempt, type CancelResult } from './attempts.ts';
import { attemptUntilSettled, type CancelDeps, type CancelJob } from './cancel.ts';
import { lookUpAll, noteEngine } from './lookup.ts';
import { SlotList } from './slot-list.ts';

/** A task of a batch, with stats of its own. */
export interface BatchTask {
  readonly task: TaskRef;
  readonly stats: UpstreamStats;
}

/**
 * Cancels several tasks, each as `cancelTask` does it. Their attempts overlap, and wait for slots in one
 * list for each region. The states that settle what is open are looked up together, after all attempts.
 *
 * @param job its stats count the lookups
 * @returns a result for each task, in order
 */
export function cancelBatch(
  tasks: readonly BatchTask[],
  job: CancelJob,
  deps: CancelDeps,
): Promise<CancelResult>[] {
  const limiterFor = createSlotLists(deps.limiter);
  const all = tasks.map(({ task, stats }, i) => {
    const own = { ...deps, limiter: limiterFor(i, stats) };
    return { task, stats, attempts: attemptUntilSettled(task, { ...job, stats }, own) };
  });
  const lookups = lookUpOpen(all, job, deps);
  return all.map(async ({ task, stats, attempts }) => {
    const made = await attempts;
    if (!needsLookup(made)) return settle(made, undefined);
    const lookup = (await lookups).get(task);
    if (lookup) noteEngine(lookup, { stats });
    return settle(made, lookup);
  });
}

/** Gives each task a limiter of its own, whose slots come from the list of the batch. */
function createSlotLists(limiter: CancelDeps['limiter']) {
  const lists = new Map<string, SlotList>();
  const listOf = (region: string): SlotList => {
    const list = lists.get(region) ?? new SlotList(limiter);
    lists.set(region, list);
    return list;
  };
  return (index: number, stats: UpstreamStats): CancelDeps['limiter'] => ({
    // First attempts come before those that try again.
    acquire: (request) =>
      listOf(request.region).acquire(request, index + (stats.attempts > 0 ? 1_000 : 0)),
    backOff: (region) => limiter.backOff(region),
  });
}

/** Looks up, after all attempts, the tasks that only their states can settle. */
async function lookUpOpen(
  all: readonly { readonly task: TaskRef; readonly attempts: Promise<readonly Attempt[]> }[],
  job: CancelJob,
  deps: CancelDeps,
): Promise<ReadonlyMap<TaskRef, Lookup>> {
  const open: TaskRef[] = [];
  for (const { task, attempts } of all) {
    // A defect of one task is its own.
    const made = await attempts.catch(() => []);
    if (needsLookup(made)) open.push(task);
  }
  return lookUpAll(open, job, deps);
}
