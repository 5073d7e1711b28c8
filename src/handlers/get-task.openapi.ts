import * as z from 'zod/mini';

import { TASK_STATES, type DescribedTask } from '../lib/dlc/describe-task.ts';
import {
  EXAMPLE,
  named,
  requestId,
  task,
  TASK_PARAMETERS,
  upstreamRequestId,
  upstreamText,
  type Example,
  type OperationWords,
} from '../lib/words.openapi.ts';

export const described = {
  state: z.enum(TASK_STATES),
  upstreamState: z.int(),
  engine: z.optional(upstreamText),
  upstreamCreateTime: z.optional(upstreamText),
  upstreamUpdateTime: z.optional(upstreamText),
} satisfies Record<
  Exclude<keyof DescribedTask, 'taskId' | 'engineNames' | 'operator' | 'kind'>,
  z.ZodMiniType
>;

const taskNow = named(
  z.strictObject({ ...task, ...described, requestId, upstreamRequestId }),
  'Task',
  "The task's state now, in the gateway's word and in DLC's number; the times as DLC gives them, whose zone is undocumented.",
);

const example = (summary: string, state: string, upstreamState: number): Example => ({
  summary,
  value: {
    ...EXAMPLE.task,
    state,
    upstreamState,
    engine: 'demo-engine',
    upstreamCreateTime: '2025-11-25 00:00:00',
    requestId: EXAMPLE.requestId,
    upstreamRequestId: EXAMPLE.upstreamRequestId,
  },
});

export const words: OperationWords = {
  route: 'GET /tasks/{taskId}',
  operationId: 'getTask',
  tag: 'Tasks',
  summary: 'Ask for the state of a task',
  description: "The task's state now: what a caller polls after a 202.",
  parameters: TASK_PARAMETERS,
  successes: {
    200: {
      description: 'The state. Retry-After is there if it may still change.',
      content: {
        'application/json': {
          schema: taskNow,
          examples: {
            running: example('Running', 'running', 1),
            succeeded: example('Succeeded', 'succeeded', 2),
          },
        },
      },
      headers: { 'Retry-After': 'at times', 'X-Tc-Request-Id': 'always' },
    },
  },
  problems: ['method-not-allowed'],
};
