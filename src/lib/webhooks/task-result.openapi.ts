import * as z from 'zod/mini';

import { done, failedMembers } from '../../handlers/cancel-tasks.openapi.ts';
import { named, text } from '../words.openapi.ts';
import { MOST_TASKS } from './most-tasks.ts';

/** What came of each task of a delivery. */

const failed = named(
  z.strictObject({ taskId: z.nullable(text(/^[A-Za-z0-9_?-]+$/, 128)), ...failedMembers }),
  'NamedTaskNotCancelled',
  'A problem with this task alone. What is no id is there too: `?` stands for characters that no id has, `null` for what is no text.',
);

export const taskResults = z
  .array(z.xor([done, failed]))
  .check(z.minLength(1), z.maxLength(MOST_TASKS));
