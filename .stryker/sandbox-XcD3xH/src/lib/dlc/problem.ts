import { Problem } from '../problem.ts';
import type { Failure } from './failure.ts';
import type { CancelAnswer } from '../cancellation/outcome.ts';

/** A cancellation that was not done, or that nobody knows of, as the problem that its caller is told. */
export function toCancelProblem(answer: Extract<CancelAnswer, { kind: 'failed' }>): Problem {
  const { failure, taskState, outcomeUnknown, upstreamRequestId } = answer;
  return new Problem(failure.code, {
    ...(outcomeUnknown && { detail: UNKNOWN, outcomeUnknown }),
    ...upstreamMembers({ ...failure, ...(upstreamRequestId && { upstreamRequestId }) }),
    ...(taskState && { taskState }),
    ...(failure.retryAfter !== undefined && { retryAfter: failure.retryAfter }),
    reason: loggedReason(failure),
  });
}

/** A lookup that failed, as the problem of a caller who asked for the task's state. */
export function toLookupProblem(failure: Failure): Problem {
  return new Problem(failure.code, { ...upstreamMembers(failure), reason: loggedReason(failure) });
}

/** Upstream's code and words, for the log: callers are told no words, and not every code. */
export function loggedReason({ upstreamCode, reason }: LoggedFailure): string {
  return upstreamCode === undefined ? reason : `${upstreamCode}: ${reason}`;
}

type LoggedFailure = Pick<Failure, 'upstreamCode' | 'reason'>;

const UNKNOWN =
  'The cancellation was sent to DLC, but no reliable answer came: it may or may not have taken effect.';

function upstreamMembers(failure: Pick<Failure, 'code' | 'upstreamCode' | 'upstreamRequestId'>): {
  upstreamCode?: string;
  upstreamRequestId?: string;
} {
  const { code, upstreamCode, upstreamRequestId } = failure;
  // What exactly the cloud refused the gateway is for its operator, not for its callers.
  const tellsCode = upstreamCode !== undefined && code !== 'upstream-credentials-rejected';
  return {
    ...(tellsCode && { upstreamCode }),
    ...(upstreamRequestId !== undefined && { upstreamRequestId }),
  };
}
