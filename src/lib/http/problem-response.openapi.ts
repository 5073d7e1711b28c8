import * as z from 'zod/mini';

import {
  finishedState,
  named,
  problemCode,
  problemStatus,
  problemTitle,
  problemType,
  requestId,
  sentence,
  task,
  text,
  upstreamRequestId,
} from '../words.openapi.ts';
import { FAULTS } from '../../handlers/probes.ts';
import { deliveryResults } from '../../handlers/cancel-tasks.openapi.ts';
import type { ProblemMembers } from '../problems.ts';
import { POLICIES } from '../../middlewares/quota.ts';
import { MOST_VIOLATIONS } from '../tasks.ts';
import type { ProblemContext } from './response.ts';
import { MAX_HEADER_BYTES } from '../../middlewares/request.ts';

/** The body of every problem response. The code that makes it has types, which this has to fit. */

const violation = z.strictObject({
  in: z.enum(['path', 'query', 'header', 'body']),
  name: text(/^.*$/, MAX_HEADER_BYTES),
  message: text(/^((must|is|has) .+|[^a-z].*)$/, 500),
} satisfies Record<keyof NonNullable<ProblemMembers['errors']>[number], z.ZodMiniType>);

const members = {
  outcomeUnknown: z.optional(z.literal(true)),
  upstreamCode: z.optional(upstreamRequestId),
  upstreamRequestId: z.optional(upstreamRequestId),
  taskState: z.optional(finishedState),
  results: z.optional(deliveryResults),
  errors: z.optional(z.array(violation).check(z.minLength(1), z.maxLength(MOST_VIOLATIONS))),
  'violated-policies': z.optional(z.array(z.enum(POLICIES)).check(z.minLength(1), z.maxLength(1))),
  fault: z.optional(z.enum(Object.keys(FAULTS))),
} satisfies Record<Exclude<keyof ProblemMembers, 'detail'>, z.ZodMiniType>;

const context = {
  requestId,
  taskId: z.optional(task.taskId),
  region: z.optional(task.region),
} satisfies Record<Exclude<keyof ProblemContext, 'typePrefix'>, z.ZodMiniType>;

export const problemSchema = named(
  z.strictObject({
    type: problemType,
    title: problemTitle,
    status: problemStatus,
    detail: sentence,
    code: problemCode,
    retryable: z.boolean(),
    ...context,
    ...members,
  }),
  'Problem',
  'What went wrong (RFC 9457).',
);
