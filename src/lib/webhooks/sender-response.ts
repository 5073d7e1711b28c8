import type { TaskResult } from '../cancellation/batch.ts';
import type { HttpResponse, LoggedResult } from '../http/message.ts';
import {
  IN_LANGUAGES,
  jsonResponse,
  problemResponse,
  upstreamId,
  type ProblemContext,
} from '../http/response.ts';
import { Problem, type ProblemCode } from '../problems.ts';
import type * as Deliveries from './deliveries.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** Responses as webhook senders understand them. */

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
  const outcome = problem.code.replaceAll('-', '_');
  const body = { taskId, region, outcome, requestId, upstreamRequestId, taskState };
  return { ...jsonResponse(200, body, upstreamId(upstreamRequestId)), logged: { problem } };
}

type Result = TaskResult<string | null>;

/** A delivery whose tasks were dealt with: a 200 if no repetition could change a result, else a 503. */
export async function deliveryResponse(
  { row }: WebhookSender,
  results: readonly Result[],
  context: ProblemContext,
): Promise<HttpResponse> {
  // A delivery that did not cancel everything is worth a look.
  const [problem] = results.flatMap(({ code, detail = '' }) =>
    code ? new Problem(code, { reason: detail }) : [],
  );
  const logged = { problem };
  if (row.isSlack) return slackResponse(logged, ({ textOfResults }) => textOfResults(results));
  const open = results.find(mayYetSucceed);
  if (open?.code) {
    const { code, retryAfter, upstreamCode, upstreamRequestId } = open;
    const detail =
      'Some task of this delivery may yet be cancelled; "results" says what came of each.';
    const unknown = results.find(({ outcomeUnknown }) => outcomeUnknown)?.outcomeUnknown;
    const known = { retryAfter, upstreamCode, upstreamRequestId, outcomeUnknown: unknown };
    return problemResponse(new Problem(code, { ...known, detail, results }), context, 503);
  }
  const { requestId } = context;
  const id = results.find(({ upstreamRequestId }) => upstreamRequestId)?.upstreamRequestId;
  const headers = { ...IN_LANGUAGES, ...upstreamId(id) };
  return { ...jsonResponse(200, { results, requestId }, headers), logged };
}

/** A delivery that names no task: a test, a ping, an alert that is over. */
export async function ignoredResponse(
  { row }: WebhookSender,
  requestId: string,
): Promise<HttpResponse> {
  const logged = { outcome: 'ignored' };
  if (row.isSlack) return slackResponse(logged, ({ textOfNothing }) => textOfNothing());
  return { ...jsonResponse(200, { outcome: 'ignored', requestId }), logged };
}

/**
 * A delivery that was refused as a whole.
 *
 * @param taskIds those that it names, as far as this is known
 */
export async function refusedDelivery(
  { row }: WebhookSender,
  problem: Problem,
  context: ProblemContext,
  taskIds: readonly string[],
): Promise<HttpResponse> {
  if (row.isSlack) {
    return slackResponse({ problem }, ({ textOfProblem }) => textOfProblem(problem, taskIds));
  }
  if (isAcknowledged(problem) || !problem.kind.retryable)
    return responseForSender(problem, context);
  // Alertmanager, Datadog and others give up at a 429; all of them repeat a 503.
  return problemResponse(problem, context, 503);
}

/** A repetition of the delivery could change the result. */
function mayYetSucceed({ code, status, retryable, outcomeUnknown }: Result): boolean {
  return code !== undefined && (status >= 500 || retryable === true || outcomeUnknown === true);
}

/** Slack shows it to the person who gave the command, and to nobody else. */
async function slackResponse(
  logged: LoggedResult,
  write: (texts: typeof Deliveries) => string,
): Promise<HttpResponse> {
  const text = write(await import('./deliveries.ts'));
  const body = { response_type: 'ephemeral', replace_original: false, text };
  return { ...jsonResponse(200, body), logged };
}
