import * as z from 'zod/mini';

import { parseJsonBody } from '../http/json-body.ts';
import { invalid, regionSchema, taskIdSchema, type Regions, type TaskRef } from '../tasks.ts';
import { toSentences } from '../validation.ts';

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

const envelopeSchema = z.lazy(() => z.object({ type: z.string() }));

/**
 * Reads the task that a webhook asks to cancel.
 *
 * @returns nothing if the webhook is of another type, which is not for this gateway
 * @throws Problem `unsupported-media-type`, `invalid-request`
 */
export function parseWebhookRequest(
  contentType: string | undefined,
  body: Buffer,
  regions: Regions,
): TaskRef | undefined {
  const value = parseJsonBody(contentType, body);
  const envelope = envelopeSchema.safeParse(value);
  if (envelope.success && envelope.data.type !== 'task.cancel') return undefined;
  const parsed = webhookBodySchema.safeParse(value);
  if (!parsed.success) {
    const sentences = toSentences(parsed.error.issues);
    throw invalid(sentences.map(({ at, message }) => ({ in: 'body', name: at, message })));
  }
  const { taskId, region = regions.defaultRegion } = parsed.data.data;
  if (!regions.allowedRegions.has(region)) {
    const message = 'is not a region that this gateway serves';
    throw invalid([{ in: 'body', name: 'data.region', message }]);
  }
  return { taskId, region };
}
