import * as z from 'zod/mini';

import type { TasksEndpoint } from '../endpoint.ts';
import { fittingBody, invalidBody, readJsonBody } from '../lib/http/json-body.ts';
import { IN_LANGUAGES, jsonResponse, upstreamId } from '../lib/http/response.ts';
import { MOST_UNITS } from '../lib/rate-limit/quota.ts';
import { NO_PARAMETER, readQuery, regionRule, regionSchema, taskIdSchema } from '../lib/tasks.ts';
import { cancelEach } from './task-batch.ts';

/** The body of `POST /tasks:cancel`. */
export const batchSchema = z.lazy(() =>
  z.strictObject({
    taskIds: z
      .array(taskIdSchema)
      .check(z.minLength(1), z.maxLength(MOST_UNITS), z.refine(areDifferent, REPEATED)),
    region: z.optional(regionSchema),
    dryRun: z.optional(z.boolean()),
  }),
);

const REPEATED = 'must not name a task twice';
const areDifferent = (ids: readonly string[]): boolean => new Set(ids).size === ids.length;

/** `POST /tasks:cancel`: asks DLC to cancel up to 100 tasks, with a result for each. */
export const cancelTasks: TasksEndpoint<{ readonly region: string }> = {
  about: 'tasks',
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:cancel' },
  maxBytes: 16 * 1024,
  validate(context, settings) {
    readQuery(context.request.query, () => NO_PARAMETER);
    const json = readJsonBody(context);
    const { region = settings.defaultRegion, ...asked } = fittingBody(batchSchema, json);
    const message = regionRule(region, settings);
    if (message !== undefined) throw invalidBody(message, 'region');
    const tasks = asked.taskIds.map((taskId) => ({ taskId, region }));
    return { tasks, region, dryRun: asked.dryRun ?? false };
  },
  async handle(context, deps) {
    const { region, requestId, batch } = context;
    const results = await cancelEach(context, deps);
    const waits = results.flatMap(({ retryAfter = [] }) => retryAfter);
    const id = results.find(({ upstreamRequestId }) => upstreamRequestId)?.upstreamRequestId;
    const headers = {
      ...IN_LANGUAGES,
      ...(waits.length > 0 && { 'Retry-After': String(Math.min(...waits)) }),
      ...upstreamId(id),
    };
    const response = jsonResponse(200, { results, region, requestId }, headers);
    const { batchId, dryRun } = batch;
    const outcome = dryRun ? 'dry_run' : 'batch';
    return { ...response, logged: { outcome, batchId, tasks: results.length } };
  },
};
