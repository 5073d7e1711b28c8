import type { TaskResult } from '../cancellation/batch.ts';
import type { HttpResponse } from '../http/message.ts';
import {
  IN_LANGUAGES,
  jsonResponse,
  problemResponse,
  upstreamId,
  type ProblemContext,
} from '../http/response.ts';
import { Problem, type ProblemCode } from '../problems.ts';
import type { ReadDelivery } from './deliveries.ts';
import { slackResponse, textOfProblem, textOfResults } from './slack-response.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** Responses as webhook senders understand them: they repeat everything but a 2xx for days. */

/** Final: no repetition of the webhook could change them. Every 403 is final too. */
const FINAL: ReadonlySet<ProblemCode> = new Set([
  'task-not-found',
  'task-already-finished',
  'operation-not-supported',
]);

/** The response is a 200 although nothing was cancelled. */
export function isAcknowledged({ members, kind, code }: Problem): boolean {
  return !members.outcomeUnknown && (kind.status === 403 || FINAL.has(code));
}

/**
 * A problem as a webhook sender gets it. A final one is acknowledged, and the sender stops; a failed
 * cancellation never is. Some senders give up at a 408, a 409 or a 429: for what may yet succeed they get a 503.
 *
 * @param delivery of a sender that has proved itself at its own URL, as far as it was read
 */
export function responseForSender(
  problem: Problem,
  context: ProblemContext,
  { sender, read }: { readonly sender?: WebhookSender; readonly read?: ReadDelivery } = {},
): HttpResponse {
  if (sender?.row.isSlack) {
    const taskIds = (read?.delivery?.named ?? []).flatMap(({ taskId }) => taskId ?? []);
    return slackResponse(textOfProblem(problem, taskIds), { problem });
  }
  if (isAcknowledged(problem)) return acknowledgement(problem, context);
  const { status, retryable } = problem.kind;
  const isLater = retryable && (status === 409 || sender !== undefined);
  const isLate = problem.code === 'request-timeout';
  return problemResponse(problem, context, isLater || isLate ? 503 : status);
}

function acknowledgement(problem: Problem, context: ProblemContext): HttpResponse {
  const { taskId, region, requestId } = context;
  const { upstreamRequestId, taskState } = problem.members;
  const outcome = problem.code.replaceAll('-', '_');
  const body = { taskId, region, outcome, requestId, upstreamRequestId, taskState };
  return { ...jsonResponse(200, body, upstreamId(upstreamRequestId)), logged: { problem } };
}

const IGNORED = { outcome: 'ignored' } as const;

/** Of a webhook that names no task: a test, a ping, an alert that is over. */
export function ignoredResponse(requestId: string): HttpResponse {
  return { ...jsonResponse(200, { ...IGNORED, requestId }), logged: IGNORED };
}

type Result = TaskResult<string | null>;

/**
 * A delivery whose tasks were dealt with: a 200 if no repetition could change a result, else a 503.
 *
 * @param results one for each task that it names
 */
export function deliveryResponse(
  { row }: WebhookSender,
  results: readonly Result[],
  context: ProblemContext,
): HttpResponse {
  const { requestId } = context;
  // A delivery that did not cancel everything is worth a look.
  const [problem] = results.flatMap(({ code, detail = '' }) =>
    code ? new Problem(code, { reason: detail }) : [],
  );
  const logged = results.length === 0 ? IGNORED : { problem };
  if (row.isSlack) return slackResponse(textOfResults(results), logged);
  if (results.length === 0) return ignoredResponse(requestId);
  const open = results.find(mayYetSucceed);
  if (open?.code) {
    const { code, retryAfter, upstreamCode, upstreamRequestId } = open;
    const detail =
      'Some task of this delivery may yet be cancelled; "results" says what came of each.';
    const unknown = results.find(({ outcomeUnknown }) => outcomeUnknown)?.outcomeUnknown;
    const known = { retryAfter, upstreamCode, upstreamRequestId, outcomeUnknown: unknown };
    return problemResponse(new Problem(code, { ...known, detail, results }), context, 503);
  }
  const id = results.find(({ upstreamRequestId }) => upstreamRequestId)?.upstreamRequestId;
  const headers = { ...IN_LANGUAGES, ...upstreamId(id) };
  return { ...jsonResponse(200, { results, requestId }, headers), logged };
}

/** A repetition of the delivery could change the result. */
function mayYetSucceed({ code, status, retryable, outcomeUnknown }: Result): boolean {
  return code !== undefined && (status >= 500 || retryable === true || outcomeUnknown === true);
}
