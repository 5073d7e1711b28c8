import * as z from 'zod/mini';

import { done, failed } from '../../handlers/cancel-tasks.openapi.ts';
import { named, text } from '../words.openapi.ts';
import { MOST_TASKS } from './most-tasks.ts';

/** What came of each task of a delivery. */

const noTask = named(
  z.strictObject({
    taskId: z.nullable(text(/\?/, 128)),
    status: z.literal(400),
    code: z.literal('invalid-request'),
    detail: text(/^[A-Z].*\.$/, 500),
    retryable: z.literal(false),
  }),
  'NoTask',
  'What stands in the place of an id is none; `null` if it is no text.',
);

export const taskResults = z
  .array(z.xor([done, failed, noTask]))
  .check(z.minLength(1), z.maxLength(MOST_TASKS));
