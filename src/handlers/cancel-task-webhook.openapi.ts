import * as z from 'zod/mini';

import { Problem } from '../lib/problems.ts';
import { isAcknowledged } from '../lib/webhooks/sender-response.ts';
import { ALREADY_CANCELLED, cancelled, REQUESTED } from './cancel-task.openapi.ts';
import { WEBHOOK_BODY_BYTES, webhookBodySchema } from './cancel-task-webhook.ts';
import {
  CODES,
  EXAMPLE,
  finishedState,
  ids,
  named,
  requestId,
  task,
  type OperationWords,
} from '../lib/words.openapi.ts';

webhookBodySchema.register(z.globalRegistry, {
  id: 'CancelTaskEvent',
  description:
    'Asks for a cancellation. Further members are ignored here, but are a 400 in `data`: a misspelt region must not cancel in another one.',
});

const otherType = z
  .string()
  .check(
    z.maxLength(WEBHOOK_BODY_BYTES),
    z.regex(/^[^]*$/),
    z.meta({ not: { const: 'task.cancel' }, examples: ['task.created'] }),
  );
const otherEvent = named(
  z.looseObject({ type: otherType }),
  'OtherEvent',
  'A webhook of another type, which is acknowledged and ignored.',
);

/** A sender's scope is fixed: it never lacks it. The others are for agents. */
const NEVER = new Set<string>([
  'insufficient-scope',
  'origin-not-allowed',
  'confirmation-required',
]);
const ACKNOWLEDGED = CODES.filter((code) => isAcknowledged(new Problem(code)) && !NEVER.has(code));
const acknowledged = named(
  z.strictObject({
    taskId: z.optional(task.taskId),
    region: z.optional(task.region),
    outcome: z.enum(ACKNOWLEDGED.map((code) => code.replaceAll('-', '_'))),
    ...ids,
    taskState: z.optional(finishedState),
  }),
  'Acknowledged',
  'Nothing was cancelled, and no repetition would change that: the sender need not send it again.',
);
export const ignored = named(
  z.strictObject({ outcome: z.literal('ignored'), requestId }),
  'Ignored',
  'The response to a well-signed webhook of a type that is not for this gateway.',
);

export const words: OperationWords = {
  route: 'POST /webhooks/cancel-task',
  operationId: 'receiveCancelTaskWebhook',
  tag: 'Webhooks',
  summary: 'Cancel the task that a signed webhook names',
  description:
    'The same cancellation. Senders repeat every response that is not a 2xx: if no repetition would change it, it is a 200 with its `outcome`; if it may yet succeed, it never is.',
  parameters: [
    {
      name: 'Webhook-Id',
      in: 'header',
      required: true,
      description: 'The id of the message; the same when it is sent again.',
      schema: { type: 'string', minLength: 1, maxLength: 128, pattern: '^[A-Za-z0-9_-]{1,128}$' },
      example: 'msg_p5jXN8AQM9LWM0D4loKWxJek',
    },
    {
      name: 'Webhook-Timestamp',
      in: 'header',
      required: true,
      description: 'Seconds since 1970; at most 300 seconds from now.',
      schema: { type: 'string', minLength: 1, maxLength: 15, pattern: '^(0|[1-9][0-9]{0,14})$' },
      example: '1764028800',
    },
  ],
  body: {
    schema: z.xor([webhookBodySchema, otherEvent]),
    examples: {
      cancelTaskEvent: {
        summary: 'Cancel a task',
        value: { type: 'task.cancel', timestamp: '2025-11-25T00:00:00Z', data: EXAMPLE.task },
      },
      otherEvent: { summary: 'Of another type', value: { type: 'task.created' } },
    },
  },
  successes: {
    200: {
      description: 'The task is cancelled, or the webhook needs no repetition.',
      content: {
        'application/json': {
          schema: z.xor([cancelled, acknowledged, ignored]),
          examples: {
            alreadyCancelled: ALREADY_CANCELLED,
            acknowledged: {
              summary: 'Finished before',
              value: {
                ...EXAMPLE.task,
                outcome: 'task_already_finished',
                requestId: EXAMPLE.requestId,
                upstreamRequestId: EXAMPLE.upstreamRequestId,
                taskState: 'succeeded',
              },
            },
            ignored: {
              summary: 'Of another type',
              value: { outcome: 'ignored', requestId: EXAMPLE.requestId },
            },
          },
        },
      },
      headers: {
        RateLimit: 'at times',
        'RateLimit-Policy': 'at times',
        'X-Tc-Request-Id': 'at times',
      },
    },
    202: REQUESTED,
  },
  problems: ['unsupported-media-type'],
};
