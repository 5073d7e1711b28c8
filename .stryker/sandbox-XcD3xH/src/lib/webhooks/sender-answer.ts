import type { Problem } from '../problem.ts';
import type { ProblemCode } from '../problems.ts';
import { jsonResponse } from '../http/json-response.ts';
import type { HttpResponse } from '../http/message.ts';
import { toProblemResponse, type ProblemContext } from '../http/problem-response.ts';

/** Final answers that no repetition of the webhook could change. Each 403 is one too. */
const FINAL: ReadonlySet<ProblemCode> = new Set([
  'task-not-found',
  'task-already-finished',
  'operation-not-supported',
]);

/**
 * A problem as a webhook sender has to be told it. A sender repeats whatever is not a 2xx for days:
 * what is final is acknowledged, so that it stops; what failed never is; a conflict that passes
 * becomes a 503, which every sender takes for "later".
 */
export function answerForSender(problem: Problem, context: ProblemContext): HttpResponse {
  if (isAcknowledged(problem)) return acknowledgement(problem, context);
  const response = toProblemResponse(problem, context);
  if (problem.kind.status !== 409 || !problem.kind.retryable) return response;
  const body: unknown = JSON.parse(response.body);
  return { ...response, status: 503, body: JSON.stringify({ ...Object(body), status: 503 }) };
}

/** Answered with a 200 although nothing was done. */
export function isAcknowledged(problem: Problem): boolean {
  if (problem.members.outcomeUnknown) return false;
  return problem.kind.status === 403 || FINAL.has(problem.code);
}

function acknowledgement(problem: Problem, context: ProblemContext): HttpResponse {
  const { taskId, region, requestId } = context;
  const { upstreamRequestId, taskState } = problem.members;
  const headers = upstreamRequestId === undefined ? {} : { 'X-Tc-Request-Id': upstreamRequestId };
  const body = {
    taskId,
    region,
    outcome: problem.code.replaceAll('-', '_'),
    requestId,
    upstreamRequestId,
    taskState,
  };
  return jsonResponse(200, body, headers);
}
