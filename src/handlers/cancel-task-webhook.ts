import type { CallerEndpoint } from '../endpoint.ts';
import { header } from '../lib/http/message.ts';
import { jsonResponse } from '../lib/http/response.ts';
import type { TaskRef } from '../lib/tasks.ts';
import { parseWebhookRequest } from '../lib/webhooks/webhook-request.ts';
import { cancel, cancelResponse } from './cancel-task.ts';

export const WEBHOOK_BODY_BYTES = 16 * 1024;

/** `POST /webhooks/cancel-task`: the same cancellation, asked for by a signed webhook. */
export const cancelTaskWebhook: CallerEndpoint<{ readonly task: TaskRef | undefined }> = {
  access: { schemes: ['webhook'], scope: 'tasks:cancel' },
  body: { maxBytes: WEBHOOK_BODY_BYTES, isSigned: true },
  validate: ({ request, body }, settings) => ({
    task: parseWebhookRequest(header(request.headers, 'content-type'), body, settings),
  }),
  async handle(context, deps) {
    const { task, requestId } = context;
    if (!task)
      return {
        ...jsonResponse(200, { outcome: 'ignored', requestId }),
        logged: { outcome: 'ignored' },
      };
    const known = { ...context, task };
    return cancelResponse(known, await cancel(known, deps));
  },
};
