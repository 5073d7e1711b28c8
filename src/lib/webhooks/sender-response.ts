import { jsonResponse, problemResponse, type ProblemContext } from '../http/response.ts';
import type { HttpResponse } from '../http/message.ts';
import type { Problem, ProblemCode } from '../problems.ts';

/** Final: no repetition of the webhook could change them. Every 403 is final too. */
const FINAL: ReadonlySet<ProblemCode> = new Set([
  'task-not-found',
  'task-already-finished',
  'operation-not-supported',
]);

/** Senders give up at some statuses of what may yet succeed: for them it is a 503, "later". */
const LATER: ReadonlySet<number> = new Set([408, 409]);

/**
 * A problem as a webhook sender gets it. Senders repeat everything but a 2xx for days. So a final
 * problem is acknowledged, and the sender stops; a failed cancellation never is.
 */
export function responseForSender(problem: Problem, context: ProblemContext): HttpResponse {
  if (isAcknowledged(problem)) return acknowledgement(problem, context);
  const { status, retryable } = problem.kind;
  const mayPass = retryable || problem.code === 'request-timeout';
  return problemResponse(problem, context, mayPass && LATER.has(status) ? 503 : status);
}

/** The response is a 200 although nothing was cancelled. */
export function isAcknowledged(problem: Problem): boolean {
  if (problem.members.outcomeUnknown) return false;
  return problem.kind.status === 403 || FINAL.has(problem.code);
}

function acknowledgement(problem: Problem, context: ProblemContext): HttpResponse {
  const { taskId, region, requestId } = context;
  const { upstreamRequestId, taskState } = problem.members;
  const headers = upstreamRequestId === undefined ? {} : { 'X-Tc-Request-Id': upstreamRequestId };
  const outcome = problem.code.replaceAll('-', '_');
  const body = { taskId, region, outcome, requestId, upstreamRequestId, taskState };
  return { ...jsonResponse(200, body, headers), logged: { problem } };
}
