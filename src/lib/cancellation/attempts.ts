import type { Lookup, TaskState } from '../dlc/describe-task.ts';
import { loggedReason, upstreamMembers, type Failure } from '../dlc/failure.ts';
import { Problem } from '../problems.ts';

/** How one attempt at CancelTask ended. */
export type Attempt =
  | { readonly outcome: 'accepted'; readonly upstreamRequestId: string }
  | Failure;

/** The result of a cancellation, after all its attempts. */
export type CancelResult =
  | {
      readonly kind: 'done';
      readonly outcome: 'cancel_requested' | 'cancelled' | 'already_cancelled';
      /** False: an earlier attempt, whose response was lost, has probably cancelled the task. */
      readonly confirmed?: false;
      readonly upstreamRequestId?: string;
    }
  | {
      readonly kind: 'failed';
      readonly failure: Pick<Failure, 'code' | 'reason' | 'upstreamCode' | 'retryAfter' | 'detail'>;
      readonly taskState?: TaskState;
      /** The cancellation may or may not have taken effect. */
      readonly outcomeUnknown: boolean;
      readonly upstreamRequestId?: string;
    };

const FINISHED = 'task-already-finished';
const SAYS_TAKEN: ReadonlySet<string> = new Set([FINISHED, 'another-request-processing']);

/** Whether the task's state has to be looked up before the attempts make one result. */
export function needsLookup(attempts: readonly Attempt[]): boolean {
  const last = attempts.at(-1);
  if (!last || last.outcome === 'accepted') return false;
  return last.code === FINISHED || attempts.some((attempt) => attempt.outcome === 'unknown');
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
export function settle(attempts: readonly Attempt[], lookup: Lookup | undefined): CancelResult {
  const last = attempts.at(-1);
  if (!last) throw new Error('a cancellation without an attempt');
  if (last.outcome === 'accepted') {
    return { kind: 'done', outcome: 'cancel_requested', upstreamRequestId: last.upstreamRequestId };
  }
  const id = requestIdOf(attempts, lookup);
  const state = lookup?.outcome === 'found' ? lookup.task.state : undefined;
  const firstUnknown = attempts.findIndex((attempt) => attempt.outcome === 'unknown');

  if (firstUnknown < 0) {
    if (last.code !== FINISHED) return { ...failed(last), ...id };
    if (state === 'cancelled') return { kind: 'done', outcome: 'already_cancelled', ...id };
    return { ...failed(last), ...finalState(state), ...id };
  }

  if (state === 'cancelled') return { kind: 'done', outcome: 'cancelled', ...id };
  if (state === 'succeeded' || state === 'failed') {
    const failure = { code: FINISHED, reason: 'looked up after an unknown outcome' } as const;
    return { kind: 'failed', failure, outcomeUnknown: false, taskState: state, ...id };
  }
  const later = attempts.slice(firstUnknown + 1).filter(isFailure);
  if (later.some(({ code }) => SAYS_TAKEN.has(code))) {
    return { kind: 'done', outcome: 'cancel_requested', confirmed: false, ...id };
  }
  const lastUnknown = attempts.filter(isFailure).findLast(({ outcome }) => outcome === 'unknown');
  return { ...failed(lastUnknown ?? last), outcomeUnknown: true, ...id };
}

function failed(failure: Failure): Extract<CancelResult, { kind: 'failed' }> {
  return { kind: 'failed', failure, outcomeUnknown: false };
}

function finalState(state: TaskState | undefined): { taskState?: TaskState } {
  return state === 'succeeded' || state === 'failed' ? { taskState: state } : {};
}

function isFailure(attempt: Attempt): attempt is Failure {
  return attempt.outcome !== 'accepted';
}

/** CancelTask's own request id, the last one that there is; else the lookup's. */
function requestIdOf(
  attempts: readonly Attempt[],
  lookup: Lookup | undefined,
): { upstreamRequestId?: string } {
  const ofLookup = lookup && ('requestId' in lookup ? lookup.requestId : lookup.upstreamRequestId);
  const id =
    attempts.findLast((attempt) => attempt.upstreamRequestId)?.upstreamRequestId ?? ofLookup;
  return id === undefined ? {} : { upstreamRequestId: id };
}

/** A failed cancellation as the problem for its caller. */
export function toCancelProblem(result: Extract<CancelResult, { kind: 'failed' }>): Problem {
  const { failure, taskState, outcomeUnknown, upstreamRequestId } = result;
  const detail = outcomeUnknown ? UNKNOWN : failure.detail;
  return new Problem(failure.code, {
    ...(detail !== undefined && { detail }),
    ...(outcomeUnknown && { outcomeUnknown }),
    ...upstreamMembers({ ...failure, ...(upstreamRequestId && { upstreamRequestId }) }),
    ...(taskState && { taskState }),
    ...(failure.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
    reason: loggedReason(failure),
  });
}

const UNKNOWN =
  'The cancellation was sent to DLC, but no reliable response came: it may or may not have taken effect.';

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
  attempts: readonly Attempt[],
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

function mayTryAgain(last: Attempt, attempts: readonly Attempt[]): boolean {
  if (last.outcome === 'accepted') return false;
  if (last.again !== 'once') return last.again;
  return attempts.filter((one) => one.outcome !== 'accepted' && one.again === 'once').length < 2;
}

/** Milliseconds to pause after the `n`th attempt, from 1. */
export function backOff(n: number, random: () => number): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** (n - 1)));
}
