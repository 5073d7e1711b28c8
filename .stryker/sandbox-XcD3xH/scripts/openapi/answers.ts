import * as z from 'zod/mini';

import type { DescribedTask } from '../../src/lib/dlc/task-state.ts';
import { TASK_STATES } from '../../src/lib/dlc/task-state.ts';
import { MAX_RESPONSE_BYTES } from '../../src/lib/dlc/observed-agent.ts';
import type { ProblemContext } from '../../src/lib/http/problem-response.ts';
import { MAX_HEADER_BYTES } from '../../src/lib/http/request-checks.ts';
import { USABLE } from '../../src/lib/http/request-id.ts';
import { isAcknowledged } from '../../src/lib/webhooks/sender-answer.ts';
import { POLICIES } from '../../src/lib/rate-limit/fields.ts';
import { Problem, type ProblemMembers } from '../../src/lib/problem.ts';
import { MOST_VIOLATIONS, regionSchema, taskIdSchema } from '../../src/lib/task-request.ts';
import { codesWhere, STATUSES } from './problem-codes.ts';

/**
 * The bodies of all answers. Requests are checked by schemas of `src`, which stand here as they are;
 * answers are made by code, whose types and tables these schemas have to fit.
 */
const free = (pattern: RegExp, maxLength: number) =>
  z.string().check(z.maxLength(maxLength), z.regex(pattern));

export const requestId = z.string().check(z.regex(USABLE));
/** As `printable` of `lib/dlc/failure.ts` leaves it. */
export const upstreamRequestId = z.string().check(z.regex(/^[\w.:?-]{1,128}$/));
const upstreamText = free(/[\s\S]/, MAX_RESPONSE_BYTES);

const task = { taskId: taskIdSchema, region: regionSchema };
const ids = { requestId, upstreamRequestId: z.optional(upstreamRequestId) };
const endedItself = z.enum(['succeeded', 'failed']);

export const cancellationRequested = z.strictObject({
  ...task,
  outcome: z.literal('cancel_requested'),
  confirmed: z.optional(z.literal(false)),
  ...ids,
});

export const cancelled = z.strictObject({
  ...task,
  outcome: z.enum(['cancelled', 'already_cancelled']),
  ...ids,
});

const described = {
  state: z.enum(TASK_STATES),
  upstreamState: z.int(),
  engine: z.optional(upstreamText),
  upstreamCreateTime: z.optional(upstreamText),
  upstreamUpdateTime: z.optional(upstreamText),
} satisfies Record<Exclude<keyof DescribedTask, 'engineNames'>, z.ZodMiniType>;

export const taskNow = z.strictObject({ ...task, ...described, requestId, upstreamRequestId });

/** What a sender is told with a 200 so that it stops. Its scope is fixed: it never lacks it. */
const ACKNOWLEDGED = codesWhere((code) => isAcknowledged(new Problem(code))).filter(
  (code) => code !== 'insufficient-scope',
);

export const acknowledged = z.strictObject({
  taskId: z.optional(taskIdSchema),
  region: z.optional(regionSchema),
  outcome: z.enum(ACKNOWLEDGED.map((code) => code.replaceAll('-', '_'))),
  ...ids,
  taskState: z.optional(endedItself),
});

export const ignored = z.strictObject({ outcome: z.literal('ignored'), requestId });

export const health = z.strictObject({ status: z.literal('ok') });

export const problemCode = z.enum(codesWhere(() => true));
const title = z.enum([
  ...new Set(codesWhere(() => true).map((code) => new Problem(code).kind.title)),
]);
/** Under `PROBLEM_BASE_URL` where it is set, or after the base path. */
const type = free(/^[!-~]*\/problems\/[a-z-]+$/, MAX_HEADER_BYTES);

const violation = z.strictObject({
  in: z.enum(['path', 'query', 'header', 'body']),
  name: free(/^.*$/, MAX_HEADER_BYTES),
  message: free(/^(must|is|has) .+$/, 500),
} satisfies Record<keyof NonNullable<ProblemMembers['errors']>[number], z.ZodMiniType>);

const members = {
  outcomeUnknown: z.optional(z.literal(true)),
  upstreamCode: z.optional(upstreamRequestId),
  upstreamRequestId: z.optional(upstreamRequestId),
  taskState: z.optional(endedItself),
  errors: z.optional(z.array(violation).check(z.minLength(1), z.maxLength(MOST_VIOLATIONS))),
  'violated-policies': z.optional(z.array(z.enum(POLICIES)).check(z.minLength(1), z.maxLength(1))),
} satisfies Record<Exclude<keyof ProblemMembers, 'detail'>, z.ZodMiniType>;

const context = {
  requestId,
  taskId: z.optional(taskIdSchema),
  region: z.optional(regionSchema),
} satisfies Record<Exclude<keyof ProblemContext, 'typePrefix'>, z.ZodMiniType>;

export const problem = z.strictObject({
  type,
  title,
  status: z.literal(STATUSES),
  detail: free(/^[A-Z].*\.$/, 500),
  code: problemCode,
  retryable: z.boolean(),
  ...context,
  ...members,
});

/** `/problems/{code}` as JSON. */
export const problemPage = z.strictObject({
  type,
  code: problemCode,
  title,
  status: z.literal(STATUSES),
  retryable: z.boolean(),
  meaning: free(/^.+\.$/, 500),
  advice: z.optional(free(/^.+\.$/, 500)),
});

/** The same for people. */
export const problemHtml = free(/^<!doctype html>/, 8192);

/** This document. */
export const apiDocument = z.looseObject({
  openapi: z.literal('3.1.1'),
  info: z.looseObject({}),
  paths: z.looseObject({}),
});
