import type { Reply, UpstreamStats } from '../dlc/client.ts';
import { isFinal, type Lookup } from '../dlc/describe-task.ts';
import type { problemMembers } from '../http/response.ts';
import type { Problem } from '../problems.ts';
import type { Acquired, Limiter, SlotRequest } from '../rate-limit/limiter.ts';
import type { TaskRef } from '../tasks.ts';
import { needsLookup, settle, type Done } from './attempts.ts';
import { attemptUntilSettled, type CancelDeps, type CancelJob } from './cancel.ts';
import { lookUpAll, noteEngine } from './lookup.ts';

/**
 * The result of one of several tasks: what the response to a `DELETE` of it would say.
 *
 * @typeParam Id `string | null` for deliveries: what stands in the place of an id may be no text
 */
export interface TaskResult<Id extends string | null = string> extends Partial<
  ReturnType<typeof problemMembers>
> {
  readonly taskId: Id;
  readonly status: number;
  /** Of a success. */
  readonly outcome?: string;
  readonly confirmed?: false;
}

/**
 * Cancels several tasks, each as `cancelTask` does it. Their attempts overlap, and wait for slots in one
 * list for each region. The states that settle what is open are looked up together.
 *
 * @param tasks each with stats of its own
 * @param job its stats count the lookups
 * @returns a result for each task, in order
 */
export function cancelBatch(
  tasks: readonly { readonly task: TaskRef; readonly stats: UpstreamStats }[],
  job: CancelJob,
  deps: CancelDeps,
): Promise<Done | Problem>[] {
  const lists = new Map<string, SlotList>();
  const all = tasks.map(({ task, stats }, i) => {
    const list = lists.get(task.region) ?? new SlotList(deps.limiter);
    lists.set(task.region, list);
    const limiter: CancelDeps['limiter'] = {
      // First attempts come before those that try again.
      acquire: (request, isRetry) => list.acquire(request, i + (isRetry ? tasks.length : 0)),
      backOff: (region) => deps.limiter.backOff(region),
    };
    const attempts = attemptUntilSettled(task, { ...job, stats }, { ...deps, limiter });
    return { task, stats, attempts };
  });
  const lookupOf = lookUpOpen(all, job, deps);
  return all.map(async ({ task, stats, attempts }) => {
    const made = await attempts;
    const lookup = needsLookup(made) ? await lookupOf(task) : undefined;
    if (lookup) noteEngine(lookup, { stats });
    return settle(made, lookup);
  });
}

/**
 * Looks up the tasks that only their states can settle, together: those of which the attempts have ended
 * at half the time, and after all attempts those that are open still. So a task that hangs does not hold
 * up the others until no time is left to look them up.
 */
function lookUpOpen(
  all: readonly { readonly task: TaskRef; readonly attempts: Promise<readonly Reply[]> }[],
  job: CancelJob,
  deps: CancelDeps,
): (task: TaskRef) => Promise<Lookup | undefined> {
  const open = new Set<TaskRef>();
  const found = new Map<TaskRef, Lookup>();
  const look = async (): Promise<void> => {
    for (const [task, lookup] of await lookUpAll([...open], job, deps)) {
      if (!isSettled(found.get(task))) found.set(task, lookup);
      if (isSettled(lookup)) open.delete(task);
    }
  };
  const noteEnd = async ({ task, attempts }: (typeof all)[number]): Promise<void> => {
    // A defect of one task is its own.
    if (needsLookup(await attempts.catch(() => []))) open.add(task);
  };
  const { deadline } = job;
  const halfTime = deps.clock
    .sleep(deadline.remaining() / 2, deadline.signal)
    .catch(() => undefined);
  const ended = Promise.all(all.map(noteEnd));
  const isEarly = Promise.race([ended.then(() => false), halfTime.then(() => true)]);
  const early = isEarly.then((is) => (is ? look() : undefined));
  const late = ended.then(look);
  return async (task) => {
    await early;
    if (!isSettled(found.get(task))) await late;
    return found.get(task);
  };
}

function isSettled(lookup: Lookup | undefined): boolean {
  return lookup?.outcome === 'found' && isFinal(lookup.task.state);
}

/** So many slots of a batch are waited for at once, in a region. Its share of the rate is mostly smaller. */
const MOST_AHEAD = 8;

/**
 * The attempts of a batch that wait for slots of one region, in one list. A slot goes to the first of
 * it. If no further slot is in reach, the last one is refused, since the slots that are still to come
 * go to the others.
 */
export class SlotList {
  readonly #limiter: Pick<Limiter, 'acquire'>;
  readonly #waiting: {
    /** The smallest gets the next slot. */
    readonly order: number;
    readonly request: SlotRequest;
    readonly resolve: (acquired: Acquired) => void;
  }[] = [];
  /** Never more than wait. */
  #acquiring = 0;

  constructor(limiter: Pick<Limiter, 'acquire'>) {
    this.#limiter = limiter;
  }

  acquire(request: SlotRequest, order: number): Promise<Acquired> {
    return new Promise((resolve) => {
      this.#waiting.push({ order, request, resolve });
      this.#waiting.sort((a, b) => a.order - b.order);
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
