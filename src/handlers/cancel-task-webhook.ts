import * as z from 'zod/mini';

import type { TaskEndpoint } from '../endpoint.ts';
import { valueAt } from '../lib/auth/json-pointer.ts';
import { fittingBody, invalidBody, readJsonBody } from '../lib/http/json-body.ts';
import {
  regionRule,
  regionSchema,
  taskIdSchema,
  type Regions,
  type TaskRef,
} from '../lib/tasks.ts';
import { ignoredResponse } from '../lib/webhooks/sender-response.ts';
import { cancel, cancelResponse } from './cancel-task.ts';

export const WEBHOOK_BODY_BYTES = 16 * 1024;

/**
 * The body of a signed webhook: which task to cancel. The signature covers the body and not the path,
 * which is why the task is named here. Members beside these are ignored at the top, as a sender's
 * envelope may have more, but not in `data`: a misspelt `region` must not cancel in the wrong one.
 */
export const webhookBodySchema = z.lazy(() =>
  z.object({
    type: z.literal('task.cancel'),
    timestamp: z.iso.datetime({ offset: true }),
    data: z.strictObject({ taskId: taskIdSchema, region: z.optional(regionSchema) }),
  }),
);

/** `POST /webhooks/cancel-task`: the same cancellation, asked for by a signed webhook. */
export const cancelTaskWebhook: TaskEndpoint<TaskRef | undefined> = {
  about: 'task',
  access: { schemes: ['webhook'], scope: 'tasks:cancel' },
  maxBytes: WEBHOOK_BODY_BYTES,
  validate: (context, settings) => ({ task: taskIn(readJsonBody(context), settings) }),
  async handle(context, deps) {
    const { task, requestId } = context;
    if (!task) return ignoredResponse(requestId);
    const known = { ...context, task };
    return cancelResponse(known, await cancel(known, deps));
  },
};

/** Gives nothing for a webhook of another type, which is not for this gateway. */
function taskIn(body: unknown, regions: Regions): TaskRef | undefined {
  const type = valueAt(body, ['type']);
  if (typeof type === 'string' && type !== 'task.cancel') return undefined;
  const { taskId, region = regions.defaultRegion } = fittingBody(webhookBodySchema, body).data;
  const message = regionRule(region, regions);
  if (message !== undefined) throw invalidBody(message, 'data.region');
  return { taskId, region };
}
