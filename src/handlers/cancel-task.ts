import { required, type Exchange } from '../exchange.ts';
import { cancelTask as cancelUpstream } from '../lib/dlc/cancel.ts';
import { toCancelProblem } from '../lib/dlc/problem.ts';
import type { HttpResponse } from '../lib/http/message.ts';
import { parseTaskRequest } from '../lib/task-request.ts';
import { UNUSED_BODY_BYTES, type Endpoint, type Services } from './endpoint.ts';
import { taskAnswer } from './task-answer.ts';

/** `DELETE /tasks/{taskId}`: asks DLC to cancel the task. */
export const cancelTask: Endpoint = {
  access: { schemes: ['api-key', 'bearer'], scope: 'tasks:cancel' },
  maxBodyBytes: UNUSED_BODY_BYTES,
  readTask: (exchange, config) =>
    parseTaskRequest(required(exchange, 'parameter'), exchange.request.query, config),
  handle: answerCancellation,
};

/** Cancels the exchange's task; the same for every way in which a cancellation can be asked for. */
export async function answerCancellation(
  exchange: Exchange,
  services: Services,
): Promise<HttpResponse> {
  const task = required(exchange, 'task');
  const answer = await cancelUpstream(task, exchange.deadline, services.upstreamFor(exchange));
  if (answer.kind === 'failed') throw toCancelProblem(answer);
  const { outcome, confirmed, upstreamRequestId } = answer;
  exchange.story.outcome = outcome;
  const members = { outcome, ...(confirmed === false && { confirmed }) };
  return outcome === 'cancel_requested'
    ? taskAnswer(exchange, task, { status: 202, members, upstreamRequestId, retryAfter: 1 })
    : taskAnswer(exchange, task, { status: 200, members, upstreamRequestId });
}
