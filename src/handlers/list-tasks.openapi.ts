import * as z from 'zod/mini';

import { ACTIVE, DEFAULT_LIMIT, ENGINE } from '../lib/listing/query.ts';
import {
  EXAMPLE,
  named,
  requestId,
  REGION_PARAMETER,
  task,
  text,
  upstreamRequestId,
  upstreamText,
  type OperationWords,
} from '../lib/words.openapi.ts';
import { MAX_HEADER_BYTES } from '../middlewares/request.ts';
import { described } from './get-task.openapi.ts';

const listedTask = named(
  z.strictObject({ taskId: task.taskId, ...described, kind: z.optional(upstreamText) }),
  'ListedTask',
  'A task of the list; `kind` is what DLC calls TaskType.',
);

const cursor = named(
  text(/^[A-Za-z0-9_-]+$/, 256),
  'Cursor',
  'Where the next page begins. It has no meaning for callers.',
);

const taskList = named(
  z.strictObject({
    tasks: z.array(listedTask).check(z.maxLength(100)),
    nextCursor: z.optional(cursor),
    region: task.region,
    requestId,
    upstreamRequestId: z.optional(upstreamRequestId),
  }),
  'TaskList',
  "Tasks that the caller may read, in DLC's default order. A page may be short, even empty, while `nextCursor` is there.",
);

const EXAMPLE_CURSOR = 'NTAuMTIwLjRhZDMwY2E5';

export const words: OperationWords = {
  route: 'GET /tasks',
  operationId: 'getTasks',
  tag: 'Tasks',
  summary: 'List tasks',
  description:
    'The tasks that the caller may read, page by page. A task that is shown throughout, or that ends meanwhile, is on at least one page; it may be on two.',
  parameters: [
    {
      name: 'state',
      in: 'query',
      description: `States, separated by commas; \`${ACTIVE}\` stands for the four that are not final.`,
      schema: { type: 'string', maxLength: MAX_HEADER_BYTES, pattern: '^[a-z]+(,[a-z]+)*$' },
      example: ACTIVE,
    },
    {
      name: 'engine',
      in: 'query',
      description: 'The name or the id of an engine.',
      schema: { type: 'string', minLength: 1, maxLength: 128, pattern: ENGINE.source },
      example: 'demo-engine',
    },
    {
      name: 'limit',
      in: 'query',
      description: `How many tasks at most; ${DEFAULT_LIMIT} without it.`,
      schema: {
        type: 'integer',
        format: 'int32',
        minimum: 1,
        maximum: 100,
        default: DEFAULT_LIMIT,
      },
      example: DEFAULT_LIMIT,
    },
    {
      name: 'cursor',
      in: 'query',
      description: 'The `nextCursor` of the page before, as it is.',
      schema: { type: 'string', maxLength: 256, pattern: '^[A-Za-z0-9_-]+$' },
      example: EXAMPLE_CURSOR,
    },
    REGION_PARAMETER,
  ],
  successes: {
    200: {
      description: 'A page of the list.',
      content: {
        'application/json': {
          schema: taskList,
          examples: {
            taskList: {
              summary: 'A running task, and more to come',
              value: {
                tasks: [
                  {
                    taskId: EXAMPLE.task.taskId,
                    state: 'running',
                    upstreamState: 1,
                    engine: 'demo-engine',
                    kind: 'SQLTask',
                    upstreamCreateTime: '2025-11-25 00:00:00',
                    upstreamUpdateTime: '2025-11-25 00:00:00',
                  },
                ],
                nextCursor: EXAMPLE_CURSOR,
                region: EXAMPLE.task.region,
                requestId: EXAMPLE.requestId,
                upstreamRequestId: EXAMPLE.upstreamRequestId,
              },
            },
          },
        },
      },
      headers: { 'X-Tc-Request-Id': 'at times' },
    },
  },
  problems: ['method-not-allowed'],
  about: 'list',
};
