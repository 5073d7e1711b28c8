import { type Clock, type TimeLeft, within } from '../clock.ts';
import type { Caller, DlcClient } from '../dlc/client.ts';
import {
  describeTasks,
  isFinal,
  lookupIn,
  MOST_TASK_IDS,
  type FinalState,
  type Lookup,
  type TaskPage,
  type TaskQuery,
} from '../dlc/describe-task.ts';
import { notSent, type Failure } from '../dlc/failure.ts';
import type { ProblemCode } from '../problems.ts';
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
 * The task's state now. A lookup that fails for a passing reason is tried once more. Never throws: a
 * cancellation never fails because a lookup did.
 */
export async function lookUp(task: TaskRef, job: Job, deps: LookupDeps): Promise<Lookup> {
  const lookup = (await lookUpAll([task], job, deps)).get(task) ?? NO_TIME;
  noteEngine(lookup, job);
  return lookup;
}

/**
 * Looks several tasks up as `lookUp` does one, up to 50 of a region by one call.
 *
 * @returns what is known of each; of none if lookups are off
 */
export async function lookUpAll(
  tasks: readonly TaskRef[],
  job: Job,
  deps: LookupDeps,
): Promise<ReadonlyMap<TaskRef, Lookup>> {
  if (!deps.settings.taskStateLookup) return new Map();
  const groups: Group[] = [];
  for (const task of tasks) {
    const open = groups.findLast(([first]) => first.region === task.region);
    if (open && open.length < MOST_TASK_IDS) open.push(task);
    else groups.push([task]);
  }
  const lookups = await Promise.all(groups.map((group) => lookUpGroup(group, job, deps)));
  return new Map(lookups.flat());
}

/** Tasks of one region, at most 50. */
type Group = [TaskRef, ...TaskRef[]];

async function lookUpGroup(
  tasks: Group,
  job: Job,
  deps: LookupDeps,
): Promise<(readonly [TaskRef, Lookup])[]> {
  const { deadline } = job;
  // Half of the time that is left, so that a lookup that hangs leaves room for another.
  let page = await askFor(tasks, deadline.remaining() / 2, job, deps);
  if (page.outcome !== 'answered' && page.again) {
    const second = await askFor(tasks, deadline.remaining(), job, deps);
    if (second !== NO_TIME) page = second;
  }
  if (tasks.length > 1 && page.outcome !== 'answered' && OF_ANOTHER.has(page.code)) {
    const alone = await Promise.all(tasks.map((task) => lookUpGroup([task], job, deps)));
    return alone.flat();
  }
  return tasks.map((task) => [task, lookupIn(page, task.taskId)]);
}

/** One of the ids may be to blame, and the others are not. */
const OF_ANOTHER: ReadonlySet<ProblemCode> = new Set([
  'task-not-found',
  'upstream-rejected-request',
  'upstream-invalid-response',
]);

function askFor(tasks: Group, ms: number, job: Job, deps: LookupDeps) {
  const [{ region }] = tasks;
  const taskIds = tasks.map(({ taskId }) => taskId);
  return ask({ region, taskIds, limit: taskIds.length }, ms, job, deps);
}

/** There was no time for a lookup, or lookups are off. */
export const NO_TIME = notSent('upstream-timeout', 'no time for a lookup');

/** Asks DLC for tasks once, for at most `ms` milliseconds and within the deadline. */
export async function ask(
  query: TaskQuery,
  ms: number,
  job: Job,
  { dlc, settings }: Pick<LookupDeps, 'dlc' | 'settings'>,
): Promise<TaskPage | Failure> {
  const { signal } = job.deadline;
  if (ms <= 0 || signal.aborted) return NO_TIME;
  return within(Math.min(settings.attemptTimeoutMs, ms), signal, (own) =>
    describeTasks(dlc, query, { caller: job, signal: own }),
  );
}

/** Notes the task's engine for the audit line, if the lookup shows it. */
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
    const seen = lookupIn(await askFor([task], timeLeft(), job, deps), task.taskId);
    noteEngine(seen, job);
    if (seen.outcome !== 'found') {
      if (!seen.again) return undefined;
    } else if (isFinal(seen.task.state)) return seen.task.state;
  }
}
