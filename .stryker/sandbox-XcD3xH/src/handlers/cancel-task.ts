import {
  UNUSED_BODY_BYTES,
  newTally,
  required,
  type Endpoint,
  type Exchange,
  type Services,
} from '../exchange.ts';
import { cancelTask as cancelUpstream } from '../lib/cancellation/cancel.ts';
import { LEFT_EARLY, type CancelAnswer } from '../lib/cancellation/outcome.ts';
import { toCancelProblem } from '../lib/dlc/problem.ts';
import type { HttpResponse } from '../lib/http/message.ts';
import { Problem } from '../lib/problem.ts';
import { parseTaskRequest } from '../lib/task-request.ts';
import { waitAsPreferred, type Waited } from './prefer-wait.ts';
import { taskAnswer } from './task-answer.ts';

/** `DELETE /tasks/{taskId}`: asks DLC to cancel the task. */
export const cancelTask: Endpoint = {
  access: { schemes: ['api-key', 'bearer'], scope: 'tasks:cancel' },
  maxBodyBytes: UNUSED_BODY_BYTES,
  readTask: (exchange, config) =>
    parseTaskRequest(required(exchange, 'parameter'), exchange.request.query, config),
  async handle(exchange, services) {
    const done = await cancel(exchange, services);
    const isTaken = done.outcome === 'cancel_requested';
    const waited = isTaken ? await waitAsPreferred(exchange, services) : undefined;
    return answer(exchange, done, waited);
  },
};

/** Cancels the exchange's task, and does not wait for its end, whatever the request prefers. */
export async function answerCancellation(
  exchange: Exchange,
  services: Services,
): Promise<HttpResponse> {
  return answer(exchange, await cancel(exchange, services));
}

type Done = Extract<CancelAnswer, { kind: 'done' }>;

async function cancel(exchange: Exchange, services: Services): Promise<Done> {
  const task = required(exchange, 'task');
  const key = JSON.stringify([required(exchange, 'principal').id, task.region, task.taskId]);
  const { result, told, isJoined } = services.cancellations.run(
    key,
    exchange.deadline,
    (deadline) => {
      const tally = newTally();
      const upstream = services.upstreamFor(exchange, tally);
      return { result: cancelUpstream(task, deadline, upstream), told: tally };
    },
  );
  exchange.story.shared = { tally: told, isJoined };
  const answered: CancelAnswer = (await result) ?? LEFT_EARLY;
  if (answered.kind === 'failed') throw toCancelProblem(answered);
  return answered;
}

function answer(exchange: Exchange, done: Done, waited?: Waited): HttpResponse {
  const { confirmed, upstreamRequestId } = done;
  const { state, headers = {} } = waited ?? {};
  if (state === 'succeeded' || state === 'failed') {
    const id = upstreamRequestId === undefined ? {} : { upstreamRequestId };
    throw new Problem('task-already-finished', { taskState: state, headers, ...id });
  }
  const outcome = state ?? done.outcome;
  exchange.story.outcome = outcome;
  const task = required(exchange, 'task');
  if (outcome !== 'cancel_requested') {
    return taskAnswer(exchange, task, {
      status: 200,
      members: { outcome },
      upstreamRequestId,
      headers,
    });
  }
  if (confirmed === false) exchange.story.confirmed = confirmed;
  const members = { outcome, ...(confirmed === false && { confirmed }) };
  const answered = { status: 202, members, upstreamRequestId, retryAfter: 1, headers };
  return taskAnswer(exchange, task, answered);
}
