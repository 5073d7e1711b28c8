import { required, type Endpoint } from '../exchange.ts';
import { header } from '../lib/http/message.ts';
import { jsonResponse } from '../lib/http/json-response.ts';
import { parseWebhookRequest } from '../lib/webhooks/webhook-request.ts';
import { answerCancellation } from './cancel-task.ts';

/** `POST /webhooks/cancel-task`: the same cancellation, asked for by a signed webhook. */
export const cancelTaskWebhook: Endpoint = {
  access: { schemes: ['webhook'], scope: 'tasks:cancel' },
  maxBodyBytes: 16 * 1024,
  readTask: (exchange, config) =>
    parseWebhookRequest(
      header(exchange.request.headers, 'content-type'),
      required(exchange, 'body'),
      config,
    ),
  handle(exchange, services) {
    if (exchange.task) return answerCancellation(exchange, services);
    exchange.story.outcome = 'ignored';
    return jsonResponse(200, { outcome: 'ignored', requestId: exchange.requestId });
  },
};
