import type { TaskResult } from '../cancellation/task-result.ts';
import { jsonResponse, problemResponse, type ProblemContext } from '../http/response.ts';
import type { HttpResponse } from '../http/message.ts';
import { Problem } from '../problems.ts';
import type * as Deliveries from './deliveries.ts';
import { isAcknowledged, responseForSender } from './sender-response.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** Responses to deliveries, as their senders understand them. */

type Result = TaskResult<string | null>;

/** A delivery whose tasks were dealt with: a 200 if no repetition could change a result, else a 503. */
export async function deliveryResponse(
  sender: WebhookSender,
  results: readonly Result[],
  context: ProblemContext,
): Promise<HttpResponse> {
  const logged = { problem: results.map(problemOf).find((problem) => problem !== undefined) };
  if (sender.row.isSlack) {
    const response = await slackResponse(({ textOfResults }) => textOfResults(results));
    return { ...response, logged };
  }
  const open = results.map(toOpen).find((problem) => problem !== undefined);
  if (open) {
    const isUnknown = results.some(({ outcomeUnknown }) => outcomeUnknown);
    const { code, ...said } = open;
    const problem = new Problem(code, {
      ...said,
      results,
      ...(isUnknown && { outcomeUnknown: true }),
    });
    return problemResponse(problem, context, 503);
  }
  const { requestId } = context;
  const id = results.find(({ upstreamRequestId }) => upstreamRequestId)?.upstreamRequestId;
  const headers = id === undefined ? undefined : { 'X-Tc-Request-Id': id };
  return { ...jsonResponse(200, { results, requestId }, headers), logged };
}

/** A delivery that names no task: a test, a ping, an alert that is over. */
export async function ignoredResponse(
  { row }: WebhookSender,
  requestId: string,
): Promise<HttpResponse> {
  const response = row.isSlack
    ? await slackResponse(({ textOfNothing }) => textOfNothing())
    : jsonResponse(200, { outcome: 'ignored', requestId });
  return { ...response, logged: { outcome: 'ignored' } };
}

/**
 * A delivery that was refused as a whole.
 *
 * @param taskIds those that it names, as far as this is known
 */
export async function refusedDelivery(
  sender: WebhookSender,
  problem: Problem,
  context: ProblemContext,
  taskIds: readonly string[],
): Promise<HttpResponse> {
  if (sender.row.isSlack) {
    const response = await slackResponse(({ textOfProblem }) => textOfProblem(problem, taskIds));
    return { ...response, logged: { problem } };
  }
  if (isAcknowledged(problem) || !problem.kind.retryable)
    return responseForSender(problem, context);
  // Alertmanager, Datadog and others give up at a 429; all of them repeat a 503.
  return problemResponse(problem, context, 503);
}

/** What a result that may yet change makes of the response; nothing if no repetition could change it. */
function toOpen(result: Result) {
  const { code, status, retryable, outcomeUnknown } = result;
  const isFinal = !code || (status < 500 && !retryable && !outcomeUnknown);
  if (isFinal) return undefined;
  const { retryAfter, upstreamCode, upstreamRequestId } = result;
  const detail =
    'Some task of this delivery may yet be cancelled; "results" says what came of each.';
  return {
    code,
    detail,
    ...(retryAfter !== undefined && { retryAfter }),
    ...(upstreamCode !== undefined && { upstreamCode }),
    ...(upstreamRequestId !== undefined && { upstreamRequestId }),
  };
}

/** For the log: a delivery that did not cancel everything is worth a look. */
function problemOf({ code, detail = '' }: Result): Problem | undefined {
  return code && new Problem(code, { reason: detail });
}

/** Slack shows it to the person who gave the command, and to nobody else. */
async function slackResponse(write: (texts: typeof Deliveries) => string): Promise<HttpResponse> {
  const text = write(await import('./deliveries.ts'));
  return jsonResponse(200, { response_type: 'ephemeral', replace_original: false, text });
}
