import type { Clock } from '../clock.ts';
import { within, type TimeLeft } from '../deadline.ts';
import type { TaskRef } from '../task-request.ts';
import type { DlcClient } from '../dlc/client.ts';
import { TOO_LATE } from '../dlc/failure.ts';
import { needsLookup, settle, type Attempt, type CancelAnswer } from './outcome.ts';
import { decideRetry, SHORTEST_ATTEMPT_MS } from './retry.ts';
import { noTurn, type TurnAnswer } from './turn.ts';
import { describeTask, type DescribedTask, type Lookup } from '../dlc/task-state.ts';

export interface UpstreamSettings {
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  /** False: DescribeTasks is never called. */
  readonly lookup: boolean;
}

export interface Upstream {
  readonly dlc: Pick<DlcClient, 'call'>;
  readonly settings: UpstreamSettings;
  readonly clock: Clock;
  readonly random: () => number;
  readonly traceId?: string;
  /**
   * Waits for a turn upstream, which every attempt spends; absent: there is no pace to keep.
   *
   * @param reachMs gives the milliseconds from now in which a turn is of use
   */
  readonly takeTurn?: (
    region: string,
    reachMs: () => number,
    signal: AbortSignal,
  ) => Promise<TurnAnswer>;
  /** Told of every attempt that ends. */
  readonly onAttempt?: (attempt: Attempt) => void;
  /** Told of the task wherever DLC shows it. */
  readonly onFound?: (task: DescribedTask) => void;
}

/** Kept free for the lookup that settles an unknown outcome: this much, or a quarter of what there is. */
const LOOKUP_RESERVE_MS = 1000;

/**
 * Asks DLC to cancel a task: attempts, pauses between them, and a look at the task's state where only
 * that tells what happened. All of it within the deadline; what goes wrong is in the answer.
 */
export async function cancelTask(
  task: TaskRef,
  deadline: TimeLeft,
  upstream: Upstream,
): Promise<CancelAnswer> {
  const attempts = await attemptUntilSettled(task, deadline, upstream);
  const lookup = needsLookup(attempts) ? await lookUp(task, deadline, upstream) : undefined;
  return settle(attempts, lookup);
}

async function attemptUntilSettled(
  task: TaskRef,
  deadline: TimeLeft,
  upstream: Upstream,
): Promise<Attempt[]> {
  const { settings, clock, random } = upstream;
  const reserve = settings.lookup ? Math.min(LOOKUP_RESERVE_MS, deadline.remaining() / 4) : 0;
  const remaining = (): number => deadline.remaining() - reserve;
  const reach = (): number => remaining() - SHORTEST_ATTEMPT_MS;
  const attempts: Attempt[] = [];
  for (;;) {
    const timeLeft = remaining();
    const decision = decideRetry(attempts, settings.maxAttempts, timeLeft, random);
    if (!decision.again) break;
    if (decision.afterMs > 0)
      await clock.sleep(decision.afterMs, deadline.signal).catch(() => undefined);
    if (deadline.signal.aborted) break;
    const turn = await upstream.takeTurn?.(task.region, reach, deadline.signal);
    if (turn?.go === false) return [...attempts.slice(0, -1), noTurn(attempts.at(-1), turn)];
    const ms = Math.min(settings.attemptTimeoutMs, remaining());
    const attempt = await within(ms, deadline.signal, (signal) =>
      once(task, signal, upstream, turn?.mayLeave),
    );
    if (attempt === TOO_LATE) continue;
    attempts.push(attempt);
    upstream.onAttempt?.(attempt);
  }
  return attempts.length > 0 ? attempts : [NO_TIME];
}

/** The deadline had passed before anything could be written. */
const NO_TIME: Attempt = {
  outcome: 'did-not-happen',
  code: 'upstream-timeout',
  again: true,
  reason: 'no time for an attempt',
};

async function once(
  task: TaskRef,
  signal: AbortSignal,
  upstream: Upstream,
  mayLeave?: () => boolean,
): Promise<Attempt> {
  const options = { ...callOptions(task, signal, upstream), ...(mayLeave && { mayLeave }) };
  const reply = await upstream.dlc.call('CancelTask', { TaskId: task.taskId }, options);
  if (reply.outcome !== 'answered') return reply;
  return { outcome: 'accepted', upstreamRequestId: reply.requestId };
}

/**
 * The task's state now, or nothing where it cannot be known: a cancellation never fails because a
 * lookup did. A lookup that fails for a passing reason is tried once more.
 */
export async function lookUp(
  task: TaskRef,
  deadline: TimeLeft,
  upstream: Upstream,
): Promise<Lookup | undefined> {
  if (!upstream.settings.lookup) return undefined;
  // Half of the time that is left, so that a lookup that hangs leaves room for another.
  const first = await lookUpWithin(deadline.remaining() / 2, task, deadline, upstream);
  const failedForNow = first && 'again' in first && first.again;
  return failedForNow ? lookUpWithin(deadline.remaining(), task, deadline, upstream) : first;
}

/** One look at the task's state, within this much time. */
export async function lookUpWithin(
  timeLeft: number,
  task: TaskRef,
  deadline: TimeLeft,
  upstream: Upstream,
): Promise<Lookup | undefined> {
  if (deadline.signal.aborted) return undefined;
  const ms = Math.min(upstream.settings.attemptTimeoutMs, timeLeft);
  const found = await within(ms, deadline.signal, (signal) =>
    describeTask(upstream.dlc, task.taskId, callOptions(task, signal, upstream)),
  );
  if (found.outcome === 'found') upstream.onFound?.(found.task);
  return found;
}

function callOptions({ region }: TaskRef, signal: AbortSignal, { traceId }: Upstream) {
  return { region, signal, ...(traceId !== undefined && { traceId }) };
}
