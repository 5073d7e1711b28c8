import type { Clock } from '../clock.ts';
import { within, type TimeLeft } from '../deadline.ts';
import type { Caller, DlcClient } from '../dlc/client.ts';
import { describeTask, isFinal, type FinalState, type Lookup } from '../dlc/describe-task.ts';
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
  if (!deps.settings.taskStateLookup) return undefined;
  // Half of the time that is left, so that a lookup that hangs leaves room for another.
  const first = await lookUpWithin(job.deadline.remaining() / 2, task, job, deps);
  const mayPass = first && 'again' in first && first.again;
  return mayPass ? lookUpWithin(job.deadline.remaining(), task, job, deps) : first;
}

async function lookUpWithin(
  timeLeft: number,
  task: TaskRef,
  job: Job,
  { dlc, settings }: LookupDeps,
): Promise<Lookup | undefined> {
  if (job.deadline.signal.aborted) return undefined;
  const ms = Math.min(settings.attemptTimeoutMs, timeLeft);
  const found = await within(ms, job.deadline.signal, (signal) =>
    describeTask(dlc, task.taskId, { region: task.region, caller: job, signal }),
  );
  if (found.outcome === 'found') job.stats.engine = found.task.engine;
  return found;
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
    const seen = await lookUpWithin(timeLeft(), task, job, deps);
    if (seen?.outcome === 'found' && isFinal(seen.task.state)) return seen.task.state;
    const isRefused = seen && 'again' in seen && !seen.again;
    if (isRefused || deadline.signal.aborted) return undefined;
  }
}
