import type { Delivered, TasksEndpoint } from '../endpoint.ts';
import type { TaskResult } from '../lib/cancellation/batch.ts';
import { problemMembers } from '../lib/http/response.ts';
import { Problem } from '../lib/problems.ts';
import type { TaskRef } from '../lib/tasks.ts';
import type { Named } from '../lib/webhooks/deliveries.ts';
import { deliveryResponse } from '../lib/webhooks/sender-response.ts';
import { cancelEach } from './task-batch.ts';

export const DELIVERY_BODY_BYTES = 256 * 1024;

/** `POST /webhooks/{senderId}`: cancels every task that the delivery of a sender names, as the sender is. */
export const receiveWebhook: TasksEndpoint<{ readonly named: readonly Named[] }, Delivered> = {
  about: 'tasks',
  access: { schemes: ['webhook'], scope: 'tasks:cancel', isBySender: true },
  maxBytes: DELIVERY_BODY_BYTES,
  validate({ read }) {
    if (read.refusal) throw read.refusal;
    const { named } = read.delivery;
    return { named, tasks: named.filter(isTask) };
  },
  async handle(context, deps) {
    const { sender, named, tasks, requestId, batch } = context;
    const results = inOrder(named, await cancelEach(context, deps));
    const typePrefix = deps.settings.problemPrefix;
    const { logged, ...response } = deliveryResponse(sender, results, { requestId, typePrefix });
    // Where there is no task, the audit trail has nothing but the delivery.
    const { batchId } = batch;
    const ofBatch = tasks.length > 0 ? { batchId, tasks: tasks.length, outcome: 'batch' } : {};
    return { ...response, logged: { ...ofBatch, ...logged } };
  },
};

const isTask = (named: Named): named is TaskRef => 'region' in named;

/** One result for each thing that was named, in the order of the delivery. */
function inOrder(
  named: readonly Named[],
  done: readonly TaskResult[],
): readonly TaskResult<string | null>[] {
  const rest = [...done];
  return named.flatMap((one) => {
    if (isTask(one)) return rest.shift() ?? [];
    const { taskId, detail } = one;
    return { taskId, ...problemMembers(new Problem('invalid-request', { detail })) };
  });
}
