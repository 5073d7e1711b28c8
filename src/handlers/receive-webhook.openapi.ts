import * as z from 'zod/mini';

import { EXAMPLE, named, requestId, text, type OperationWords } from '../lib/words.openapi.ts';
import { ignored } from './cancel-task-webhook.openapi.ts';
import { deliveryResults } from './cancel-tasks.openapi.ts';
import { DELIVERY_BODY_BYTES } from './receive-webhook.ts';

const settled = named(
  z.strictObject({ results: deliveryResults, requestId }),
  'Settled',
  'What came of each task of the delivery: no repetition would change it.',
);
const refused = named(
  z.strictObject({ outcome: z.enum(['principal_blocked', 'task_not_permitted']), requestId }),
  'Refused',
  'Nothing was cancelled, and no repetition of the delivery would change that.',
);
const slackMessage = named(
  z.strictObject({
    response_type: z.literal('ephemeral'),
    replace_original: z.literal(false),
    text: text(/^[^]+$/, DELIVERY_BODY_BYTES),
  }),
  'SlackMessage',
  'The response to Slack, whatever happened: a text for the person who gave the command.',
);
const delivery = named(
  z.looseObject({}),
  'Delivery',
  'The body of the sender as it is. Its entry says where tasks are named in it.',
);
const command = named(
  z.record(text(/^[^]*$/, 128), text(/^[^]*$/, DELIVERY_BODY_BYTES)),
  'SlackForm',
  'A command of Slack (`text`), or a button (`payload`).',
);

const { requestId: id, upstreamRequestId } = EXAMPLE;
const { taskId } = EXAMPLE.task;

export const words: OperationWords = {
  route: 'POST /webhooks/{senderId}',
  operationId: 'receiveDelivery',
  tag: 'Webhooks',
  summary: 'Cancel the tasks that a delivery names',
  description:
    'For Grafana, Alertmanager, GitHub, Slack and others as they are: the entry of the sender says how it proves itself and where its body names tasks. What may yet succeed is a 503, which senders repeat; what is final is a 200 with its result.',
  parameters: [
    {
      name: 'senderId',
      in: 'path',
      required: true,
      description: 'The `id` of the entry in `WEBHOOK_SENDERS`.',
      schema: { type: 'string', minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_-]{1,64}$' },
      example: 'grafana',
    },
  ],
  body: {
    schema: delivery,
    examples: {
      alerts: {
        summary: 'Grafana and Alertmanager',
        value: { alerts: [{ status: 'firing', labels: { dlc_task_id: taskId } }] },
      },
    },
  },
  form: {
    schema: command,
    examples: {
      command: { summary: 'A command of Slack', value: { command: '/dlc-cancel', text: taskId } },
    },
  },
  successes: {
    200: {
      description: 'Every task is settled, or the delivery names none.',
      content: {
        'application/json': {
          schema: z.xor([settled, refused, ignored, slackMessage]),
          examples: {
            settled: {
              summary: 'One task',
              value: {
                results: [{ taskId, status: 202, outcome: 'cancel_requested', upstreamRequestId }],
                requestId: id,
              },
            },
            ignoredDelivery: {
              summary: 'A test, a ping, an alert that is over',
              value: { outcome: 'ignored', requestId: id },
            },
            slack: {
              summary: 'To Slack',
              value: {
                response_type: 'ephemeral',
                replace_original: false,
                text: `Task ${taskId}: DLC was asked to cancel it.`,
              },
            },
          },
        },
      },
      headers: {
        'Content-Language': 'at times',
        RateLimit: 'at times',
        'RateLimit-Policy': 'at times',
        'X-Tc-Request-Id': 'at times',
      },
    },
  },
  problems: ['unsupported-media-type'],
};
