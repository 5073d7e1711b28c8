import type { Clock } from '../clock.ts';
import { within, type TimeLeft } from '../deadline.ts';
import type { Caller, DlcClient } from '../dlc/client.ts';
import {
  describeTasks,
  isFinal,
  lookupIn,
  MOST_TASK_IDS,
  type FinalState,
  type Lookup,
} from '../dlc/describe-task.ts';
import type { TaskRef } from '../tasks.ts';

/** The request that something is looked up, or cancelled, for. */
export interface Job extends Caller {
  readonly deadline: TimeLeft;
}

export interface LookupDeps {
  readonly dlc: DlcClient;
  readonly clock: Clock;
  readonly settings: { readonly attemptTimeoutMs: number; readonly taskStateLookup: boolean };
}

/**
 * The task's state now; `undefined` if it cannot be known: a cancellation never fails because a lookup
 * did. A lookup that fails for a passing reason is tried once more.
 */
export async function lookUp(
  task: TaskRef,
  job: Job,
  deps: LookupDeps,
): Promise<Lookup | undefined> {
  const found = (await lookUpTogether([task], job, deps)).get(task);
  if (found) noteEngine(found, job);
  return found;
}

/** Looks several tasks up as `lookUp` does one, up to 50 of a region by one call. */
export async function lookUpAll(
  tasks: readonly TaskRef[],
  job: Job,
  deps: LookupDeps,
): Promise<ReadonlyMap<TaskRef, Lookup>> {
  const found = await Promise.all(groups(tasks).map((group) => lookUpTogether(group, job, deps)));
  return new Map(found.flatMap((some) => [...some]));
}

/** At most so many tasks of one region as DLC takes in one call. */
function groups(tasks: readonly TaskRef[]): TaskRef[][] {
  const made: TaskRef[][] = [];
  for (const task of tasks) {
    const open = made.findLast(([first]) => first?.region === task.region);
    if (open && open.length < MOST_TASK_IDS) open.push(task);
    else made.push([task]);
  }
  return made;
}

/** Looks up tasks of one region, at most 50. */
async function lookUpTogether(
  tasks: readonly TaskRef[],
  job: Job,
  deps: LookupDeps,
): Promise<ReadonlyMap<TaskRef, Lookup>> {
  const found = new Map<TaskRef, Lookup>();
  if (!deps.settings.taskStateLookup) return found;
  const look = async (timeLeft: number, some: readonly TaskRef[]): Promise<void> => {
    const lookups = await lookUpWithin(timeLeft, some, job, deps);
    for (const [i, task] of some.entries()) if (lookups[i]) found.set(task, lookups[i]);
  };
  // Half of the time that is left, so that a lookup that hangs leaves room for another.
  await look(job.deadline.remaining() / 2, tasks);
  const again = tasks.filter((task) => mayPass(found.get(task)));
  if (again.length > 0) await look(job.deadline.remaining(), again);
  // Then one of the ids may be to blame, and the others are not.
  const apart = tasks.length > 1 ? tasks.filter((task) => mayBeOfAnother(found.get(task))) : [];
  await Promise.all(apart.map((task) => look(job.deadline.remaining(), [task])));
  return found;
}

function mayPass(lookup: Lookup | undefined): boolean {
  return lookup !== undefined && 'again' in lookup && lookup.again !== false;
}

const OF_ANOTHER: ReadonlySet<string> = new Set([
  'task-not-found',
  'upstream-rejected-request',
  'upstream-invalid-response',
]);

function mayBeOfAnother(lookup: Lookup | undefined): boolean {
  return lookup !== undefined && 'code' in lookup && OF_ANOTHER.has(lookup.code);
}

async function lookUpWithin(
  timeLeft: number,
  tasks: readonly TaskRef[],
  job: Job,
  { dlc, settings }: LookupDeps,
): Promise<Lookup[]> {
  const [first] = tasks;
  if (!first || job.deadline.signal.aborted) return [];
  const ms = Math.min(settings.attemptTimeoutMs, timeLeft);
  const query = { taskIds: tasks.map(({ taskId }) => taskId), limit: tasks.length };
  const page = await within(ms, job.deadline.signal, (signal) =>
    describeTasks(dlc, query, { region: first.region, caller: job, signal }),
  );
  return tasks.map(({ taskId }) => lookupIn(page, taskId));
}

/** For the audit line. */
export function noteEngine(lookup: Lookup, { stats }: Pick<Job, 'stats'>): void {
  if (lookup.outcome === 'found') stats.engine = lookup.task.engine;
}

/** Pauses between lookups: 100 ms, 200 ms, 400 ms, …, but never above 1 s. */
const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 1000;
/** The last lookup comes so long before the end that there is time for its response. */
const LAST_LOOKUP_MS = 100;

/**
 * Looks a task up until its state is final.
 *
 * @param ms how long at most; never beyond the deadline
 * @returns the final state; `undefined` if time was up, or DLC refuses lookups
 */
export async function waitForEnd(
  task: TaskRef,
  ms: number,
  job: Job,
  deps: LookupDeps,
): Promise<FinalState | undefined> {
  const { clock } = deps;
  const { deadline } = job;
  const endsAt = clock.steadyMs() + ms;
  const timeLeft = (): number => Math.min(endsAt - clock.steadyMs(), deadline.remaining());
  for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
    const wait = Math.min(pause, timeLeft() - LAST_LOOKUP_MS);
    if (wait <= 0) return undefined;
    await clock.sleep(wait, deadline.signal).catch(() => undefined);
    const [seen] = await lookUpWithin(timeLeft(), [task], job, deps);
    if (seen) noteEngine(seen, job);
    if (seen?.outcome === 'found' && isFinal(seen.task.state)) return seen.task.state;
    const isRefused = seen && 'again' in seen && !seen.again;
    if (isRefused || deadline.signal.aborted) return undefined;
  }
}
