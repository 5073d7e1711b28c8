import * as z from 'zod/mini';

import { MAX_HEADER_BYTES } from '../middlewares/request.ts';
import {
  EXAMPLE,
  ids,
  named,
  task,
  TASK_PARAMETERS,
  type OperationWords,
} from '../lib/words.openapi.ts';

const { requestId, upstreamRequestId } = EXAMPLE;
const example = { requestId, upstreamRequestId };

const cancellationRequested = named(
  z.strictObject({
    ...task,
    outcome: z.literal('cancel_requested'),
    confirmed: z.optional(z.literal(false)),
    ...ids,
  }),
  'CancellationRequested',
  'DLC has accepted the cancellation. With `confirmed: false` the response to an attempt was lost, and DLC then reported that it was busy with the task or that the task had ended: probably by that attempt.',
);

export const cancelled = named(
  z.strictObject({ ...task, outcome: z.enum(['cancelled', 'already_cancelled']), ...ids }),
  'Cancelled',
  'The task is cancelled.',
);

export const ALREADY_CANCELLED = {
  summary: 'Cancelled before',
  value: { ...EXAMPLE.task, outcome: 'already_cancelled', ...example },
};

/** The 202 of a cancellation. */
export const REQUESTED = {
  description: 'DLC has accepted the cancellation, which takes effect soon.',
  content: {
    'application/json': {
      schema: cancellationRequested,
      examples: {
        requested: {
          summary: 'Accepted',
          value: { ...EXAMPLE.task, outcome: 'cancel_requested', ...example },
        },
        requestedUnconfirmed: {
          summary: 'Probably accepted, by an attempt whose response was lost',
          value: { ...EXAMPLE.task, outcome: 'cancel_requested', confirmed: false, ...example },
        },
      },
    },
  },
  headers: { 'Retry-After': 'always', 'X-Tc-Request-Id': 'at times' },
} as const;

export const words: OperationWords = {
  route: 'DELETE /tasks/{taskId}',
  operationId: 'cancelTask',
  tag: 'Tasks',
  summary: 'Cancel a task',
  description:
    'Asks DLC to cancel the task. Cancelling twice does no harm. An error without `outcomeUnknown` means that this request did not cancel it.',
  parameters: [
    ...TASK_PARAMETERS,
    {
      name: 'Prefer',
      in: 'header',
      description:
        'Waits up to this many seconds for the end of the task (RFC 7240), within the limits of the gateway; Preference-Applied says that it did. A malformed value is ignored.',
      schema: { type: 'string', maxLength: MAX_HEADER_BYTES, pattern: String.raw`^[ -~\t]*$` },
      example: 'wait=3',
    },
  ],
  successes: {
    200: {
      description: 'The task is cancelled: by this request, or before it.',
      content: {
        'application/json': {
          schema: cancelled,
          examples: {
            alreadyCancelled: ALREADY_CANCELLED,
            cancelled: {
              summary: 'Cancelled by this request',
              value: { ...EXAMPLE.task, outcome: 'cancelled', ...example },
            },
          },
        },
      },
      headers: { 'X-Tc-Request-Id': 'at times', 'Preference-Applied': 'at times' },
    },
    202: { ...REQUESTED, headers: { ...REQUESTED.headers, 'Preference-Applied': 'at times' } },
  },
};
