import type { Reply } from '../dlc/client.ts';
import type { Lookup } from '../dlc/describe-task.ts';
import { toProblem, type Failure } from '../dlc/failure.ts';
import { Problem, type ProblemCode } from '../problems.ts';

/** A cancellation that was done, after all its attempts. */
export interface Done {
  readonly outcome: 'cancel_requested' | 'cancelled' | 'already_cancelled';
  /** False: an earlier attempt, whose response was lost, has probably cancelled the task. */
  readonly confirmed?: false;
  readonly upstreamRequestId: string | undefined;
}

const FINISHED = 'task-already-finished';
const SAYS_TAKEN: ReadonlySet<ProblemCode> = new Set([FINISHED, 'another-request-processing']);

/** Of a problem after an attempt whose outcome nothing has settled. */
export const UNKNOWN = {
  outcomeUnknown: true,
  detail:
    'The cancellation was sent to DLC, but no reliable response came: it may or may not have taken effect.',
} as const;

/** Whether the task's state has to be looked up before the attempts make one result. */
export function needsLookup(attempts: readonly Reply[]): boolean {
  const last = attempts.at(-1);
  if (!last || last.outcome === 'answered') return false;
  return last.code === FINISHED || attempts.some(isUnknown);
}

/**
 * Folds the attempts of one request, and the lookup if one was needed, into its result.
 *
 * After an attempt whose outcome is unknown, no later error settles anything: "already finished" may
 * be this request's own doing, and "not found" or "too many requests" would say "not done". Only an
 * acceptance or the task's state does (docs/decisions/0005).
 *
 * @param attempts at least one, in order
 */
export function settle(attempts: readonly Reply[], lookup?: Lookup): Done | Problem {
  const last = attempts.at(-1);
  if (!last) throw new Error('a cancellation without an attempt');
  // CancelTask's own id, the last one that there is; else the lookup's.
  const ids = [lookup, ...attempts].map((one) => one?.upstreamRequestId);
  const upstreamRequestId = ids.findLast((id) => id !== undefined);
  if (last.outcome === 'answered') return { outcome: 'cancel_requested', upstreamRequestId };

  const state = lookup?.outcome === 'found' ? lookup.task.state : undefined;
  const taskState = state === 'succeeded' || state === 'failed' ? state : undefined;
  const lastUnknown = attempts.findLast(isUnknown);
  if (!lastUnknown) {
    if (last.code !== FINISHED) return toProblem(last, { upstreamRequestId });
    if (state === 'cancelled') return { outcome: 'already_cancelled', upstreamRequestId };
    return toProblem(last, { taskState, upstreamRequestId });
  }

  if (state === 'cancelled') return { outcome: 'cancelled', upstreamRequestId };
  if (taskState) {
    const reason = 'looked up after an unknown outcome';
    return new Problem(FINISHED, { taskState, upstreamRequestId, reason });
  }
  const later = attempts.slice(attempts.findIndex(isUnknown) + 1);
  if (later.some((one) => one.outcome !== 'answered' && SAYS_TAKEN.has(one.code))) {
    return { outcome: 'cancel_requested', confirmed: false, upstreamRequestId };
  }
  return toProblem(lastUnknown, { ...UNKNOWN, upstreamRequestId });
}

function isUnknown(attempt: Reply): attempt is Failure {
  return attempt.outcome === 'unknown';
}

/** Full-jitter back-off: a pause of anything up to 200 ms, 400 ms, 800 ms, … but never above 2 s. */
const BASE_MS = 200;
const CAP_MS = 2000;

/** An attempt with less time than this is not begun: it could only end unknown. */
export const SHORTEST_ATTEMPT_MS = 200;

/**
 * Decides whether CancelTask is tried (again), and when.
 *
 * @param attempts what has happened so far, in order
 * @param maxAttempts how many attempts there may be in all
 * @param remainingMs milliseconds that are left for attempts
 * @param random from 0 to 1, as `Math.random` gives it
 * @returns the milliseconds to pause before the next attempt; `undefined` if there is none
 */
export function pauseBeforeNext(
  attempts: readonly Reply[],
  maxAttempts: number,
  remainingMs: number,
  random: () => number,
): number | undefined {
  const last = attempts.at(-1);
  if (last && !mayTryAgain(last, attempts)) return undefined;
  if (attempts.length >= maxAttempts) return undefined;
  const pause = last ? backOff(attempts.length, random) : 0;
  return remainingMs - pause < SHORTEST_ATTEMPT_MS ? undefined : pause;
}

function mayTryAgain(last: Reply, attempts: readonly Reply[]): boolean {
  if (last.outcome === 'answered') return false;
  if (last.again !== 'once') return last.again;
  return attempts.filter((one) => 'again' in one && one.again === 'once').length < 2;
}

/** Milliseconds to pause after the `n`th attempt, from 1. */
export function backOff(n: number, random: () => number): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** (n - 1)));
}
