import type { Failure } from '../dlc/failure.ts';
import type { Lookup, TaskState } from '../dlc/task-state.ts';

/** How one attempt at CancelTask ended. */
export type Attempt =
  | { readonly outcome: 'accepted'; readonly upstreamRequestId: string }
  | Failure;

/** What a request for a cancellation comes to, whatever attempts it took. */
export type CancelAnswer =
  | {
      readonly kind: 'done';
      readonly outcome: 'cancel_requested' | 'cancelled' | 'already_cancelled';
      /** False: probably taken by an earlier attempt that was never answered. */
      readonly confirmed?: false;
      readonly upstreamRequestId?: string;
    }
  | {
      readonly kind: 'failed';
      readonly failure: Pick<Failure, 'code' | 'reason' | 'upstreamCode' | 'retryAfter'>;
      readonly taskState?: TaskState;
      /** The cancellation may have taken effect; nobody knows. */
      readonly outcomeUnknown: boolean;
      readonly upstreamRequestId?: string;
    };

const FINISHED = 'task-already-finished';
const SAYS_TAKEN: ReadonlySet<string> = new Set([FINISHED, 'another-request-processing']);

/** Whether the task's state has to be looked up before the attempts can be told as one answer. */
export function needsLookup(attempts: readonly Attempt[]): boolean {
  const last = attempts.at(-1);
  if (!last || last.outcome === 'accepted') return false;
  return last.code === FINISHED || attempts.some((attempt) => attempt.outcome === 'unknown');
}

/**
 * Folds the attempts of one request, and the lookup where one was needed, into its answer.
 *
 * After an attempt whose outcome is unknown, no later error settles anything: "already finished" may
 * be this request's own doing, and "not found" or "too many requests" would say "not done". Only an
 * acceptance or the task's state does (docs/decisions/0005).
 *
 * @param attempts at least one, in order
 */
export function settle(attempts: readonly Attempt[], lookup: Lookup | undefined): CancelAnswer {
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

/** What a caller gets who leaves while the same cancellation goes on for others: it may still be done. */
export const LEFT_EARLY = {
  kind: 'failed',
  failure: { code: 'upstream-timeout', reason: 'left before the shared cancellation ended' },
  outcomeUnknown: true,
} as const satisfies CancelAnswer;

function failed(failure: Failure): Extract<CancelAnswer, { kind: 'failed' }> {
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
