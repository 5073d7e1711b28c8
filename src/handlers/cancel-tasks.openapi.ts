import * as z from 'zod/mini';

import {
  EXAMPLE,
  finishedState,
  named,
  problemCode,
  problemStatus,
  requestId,
  sentence,
  task,
  text,
  upstreamRequestId,
  type OperationWords,
} from '../lib/words.openapi.ts';
import { problemMembers } from '../lib/http/response.ts';
import { Problem } from '../lib/problems.ts';
import { MOST_UNITS } from '../lib/rate-limit/quota.ts';
import { batchSchema } from './cancel-tasks.ts';

batchSchema.register(z.globalRegistry, {
  id: 'Cancellations',
  description:
    'The tasks to cancel, each once. With `dryRun`, nothing is cancelled: the results say what would become of the tasks.',
});

const { upstreamRequestId: upstreamId, requestId: id } = EXAMPLE;
const ofDlc = { upstreamRequestId: z.optional(upstreamRequestId) };

const done = named(
  z.strictObject({
    taskId: task.taskId,
    status: z.literal([200, 202]),
    outcome: z.enum(['cancel_requested', 'cancelled', 'already_cancelled', 'would_cancel']),
    confirmed: z.optional(z.literal(false)),
    ...ofDlc,
  }),
  'TaskCancelled',
  'The cancellation is done, or DLC has accepted it; or, in a dry run, it would be sent.',
);

/** Of a problem with one task. */
const failedMembers = {
  status: problemStatus,
  code: problemCode,
  detail: sentence,
  retryable: z.boolean(),
  outcomeUnknown: z.optional(z.literal(true)),
  retryAfter: z.optional(z.int().check(z.minimum(1))),
  taskState: z.optional(finishedState),
  upstreamCode: z.optional(upstreamRequestId),
  ...ofDlc,
};

const failed = named(
  z.strictObject({ taskId: task.taskId, ...failedMembers }),
  'TaskNotCancelled',
  'A problem with this task alone, with the members that its own response would have had.',
);

const failedDelivery = named(
  z.strictObject({ taskId: z.nullable(text(/^[A-Za-z0-9_?-]+$/, 128)), ...failedMembers }),
  'NamedTaskNotCancelled',
  'A problem with this task alone. What is no id is there too: `?` stands for characters that no id has, `null` for what is no text.',
);

/** What came of each task of a webhook delivery. */
export const deliveryResults = z
  .array(z.xor([done, failedDelivery]))
  .check(z.minLength(1), z.maxLength(MOST_UNITS));

const results = named(
  z.strictObject({
    results: z.array(z.xor([done, failed])).check(z.minLength(1), z.maxLength(MOST_UNITS)),
    region: task.region,
    requestId,
  }),
  'CancellationResults',
  'A result for each task, in the order asked for. `status` is what DELETE would have answered.',
);

const ANOTHER = '20210521195919442157';
const finished = new Problem('task-already-finished', {
  taskState: 'succeeded',
  upstreamRequestId: upstreamId,
});
const { region, taskId } = EXAMPLE.task;

export const words: OperationWords = {
  route: 'POST /tasks:cancel',
  operationId: 'cancelTasks',
  tag: 'Tasks',
  summary: 'Cancel several tasks',
  description:
    "Cancels up to 100 tasks, each as DELETE does it. One task's failure never touches another. Each task costs a unit of the caller's quota.",
  body: {
    schema: batchSchema,
    examples: {
      cancellations: { summary: 'Two tasks', value: { taskIds: [taskId, ANOTHER], region } },
    },
  },
  successes: {
    200: {
      description:
        'The results, whatever they are. Retry-After is there if a task may be cancelled later.',
      content: {
        'application/json': {
          schema: results,
          examples: {
            cancellationResults: {
              summary: 'One was running, the other had finished',
              value: {
                results: [
                  {
                    taskId,
                    status: 202,
                    outcome: 'cancel_requested',
                    upstreamRequestId: upstreamId,
                  },
                  { taskId: ANOTHER, ...problemMembers(finished) },
                ],
                region,
                requestId: id,
              },
            },
          },
        },
      },
      headers: { 'Retry-After': 'at times', 'X-Tc-Request-Id': 'at times' },
    },
  },
  problems: ['unsupported-media-type'],
  about: 'each',
  negotiates: true,
};
