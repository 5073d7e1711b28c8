import type { UpstreamStats } from '../dlc/client.ts';
import { isFinal, type Lookup } from '../dlc/describe-task.ts';
import type { ProblemCode } from '../problems.ts';
import type { Acquired, Limiter, SlotRequest } from '../rate-limit/limiter.ts';
import type { TaskRef } from '../tasks.ts';
import { needsLookup, settle, type Attempt, type CancelResult } from './attempts.ts';
import { attemptUntilSettled, type CancelDeps, type CancelJob } from './cancel.ts';
import { lookUpAll, noteEngine } from './lookup.ts';

/**
 * What became of one of several tasks.
 *
 * @typeParam Id `string | null` for deliveries: what stands in the place of an id may be no text
 */
export interface TaskResult<Id extends string | null = string> {
  readonly taskId: Id;
  /** As `DELETE` would have answered. */
  readonly status: number;
  /** Of a success. */
  readonly outcome?: string;
  readonly confirmed?: false;
  /** Of a failure. */
  readonly code?: ProblemCode;
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly outcomeUnknown?: true | undefined;
  /** Seconds; there if the same cancellation may succeed later. */
  readonly retryAfter?: number | undefined;
  readonly taskState?: string | undefined;
  readonly upstreamCode?: string | undefined;
  readonly upstreamRequestId?: string | undefined;
}

/** A task of a batch, with stats of its own. */
export interface BatchTask {
  readonly task: TaskRef;
  readonly stats: UpstreamStats;
}

/**
 * Cancels several tasks, each as `cancelTask` does it. Their attempts overlap, and wait for slots in one
 * list for each region. The states that settle what is open are looked up together.
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
  const stateOf = lookUpOpen(all, job, deps);
  return all.map(async ({ task, stats, attempts }) => {
    const made = await attempts;
    if (!needsLookup(made)) return settle(made, undefined);
    const lookup = await stateOf(task);
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

/**
 * Looks up the tasks that only their states can settle, together: those of which the attempts have ended
 * at half the time, and after all attempts those that are open still. So a task that hangs does not hold
 * up the others until no time is left to look them up.
 */
function lookUpOpen(
  all: readonly { readonly task: TaskRef; readonly attempts: Promise<readonly Attempt[]> }[],
  job: CancelJob,
  deps: CancelDeps,
): (task: TaskRef) => Promise<Lookup | undefined> {
  const open = new Set<TaskRef>();
  const allEnded = new AbortController();
  const lookUpEarly = async (): Promise<ReadonlyMap<TaskRef, Lookup>> => {
    const half = job.deadline.remaining() / 2;
    await deps.clock.sleep(half, allEnded.signal).catch(() => undefined);
    if (allEnded.signal.aborted) return new Map();
    const found = await lookUpAll([...open], job, deps);
    for (const [task, lookup] of found) if (isSettled(lookup)) open.delete(task);
    return found;
  };
  const lookUpLate = async (): Promise<ReadonlyMap<TaskRef, Lookup>> => {
    const ends = all.map(async ({ task, attempts }) => {
      // A defect of one task is its own.
      if (needsLookup(await attempts.catch(() => []))) open.add(task);
    });
    await Promise.all(ends);
    allEnded.abort();
    return lookUpAll([...open], job, deps);
  };
  const [early, late] = [lookUpEarly(), lookUpLate()];
  return async (task) => {
    const first = (await early).get(task);
    return isSettled(first) ? first : ((await late).get(task) ?? first);
  };
}

function isSettled(lookup: Lookup | undefined): boolean {
  return lookup?.outcome === 'found' && isFinal(lookup.task.state);
}

/** So many slots of a batch are waited for at once, in a region. Its share of the rate is mostly smaller. */
const MOST_AHEAD = 8;

interface Waiting {
  /** The smallest gets the next slot. */
  readonly order: number;
  readonly request: SlotRequest;
  readonly resolve: (acquired: Acquired) => void;
}

/**
 * The attempts of a batch that wait for slots of one region, in one list. A slot goes to the first of
 * it. If no further slot is in reach, the last one is refused, since the slots that are still to come
 * go to the others.
 */
export class SlotList {
  readonly #limiter: Pick<Limiter, 'acquire'>;
  readonly #waiting: Waiting[] = [];
  /** Never more than wait. */
  #acquiring = 0;

  constructor(limiter: Pick<Limiter, 'acquire'>) {
    this.#limiter = limiter;
  }

  acquire(request: SlotRequest, order: number): Promise<Acquired> {
    return new Promise((resolve) => {
      const after = this.#waiting.findIndex((one) => one.order > order);
      const at = after < 0 ? this.#waiting.length : after;
      this.#waiting.splice(at, 0, { order, request, resolve });
      this.#fill();
    });
  }

  #fill(): void {
    while (this.#acquiring < Math.min(MOST_AHEAD, this.#waiting.length)) {
      this.#acquiring += 1;
      void this.#acquireOne();
    }
  }

  async #acquireOne(): Promise<void> {
    const [first] = this.#waiting;
    const acquired = first && (await this.#limiter.acquire({ ...first.request, kind: 'batch' }));
    this.#acquiring -= 1;
    if (!acquired) return;
    const isOver = first.request.signal.aborted;
    const leaving = acquired.granted
      ? this.#waiting.splice(0, 1)
      : this.#waiting.splice(isOver ? 0 : -1);
    for (const { resolve } of leaving) resolve(acquired);
    this.#fill();
  }
}
