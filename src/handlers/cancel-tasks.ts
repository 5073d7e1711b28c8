import * as z from 'zod/mini';

import type { Batched, CallerEndpoint, TaskInput } from '../endpoint.ts';
import { fittingBody, parseJsonBody } from '../lib/http/json-body.ts';
import { header } from '../lib/http/message.ts';
import { IN_LANGUAGES, jsonResponse, upstreamId } from '../lib/http/response.ts';
import { MOST_UNITS } from '../lib/rate-limit/quota.ts';
import {
  inQuery,
  invalid,
  regionRule,
  regionSchema,
  taskIdSchema,
  type Regions,
  type TaskRef,
} from '../lib/tasks.ts';
import { cancelEach } from './task-batch.ts';

const BODY_BYTES = 16 * 1024;

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

interface Batch extends TaskInput {
  readonly tasks: readonly TaskRef[];
  readonly region: string;
}

/** `POST /tasks:cancel`: asks DLC to cancel up to 100 tasks, with a result for each. */
export const cancelTasks: CallerEndpoint<Batch, Batched> = {
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:cancel' },
  body: { maxBytes: BODY_BYTES, isSigned: false },
  validate({ request, body }, settings) {
    const [parameter] = request.query;
    if (parameter) throw invalid([inQuery(parameter[0], 'is not a parameter of this route')]);
    return parseBatch(parseJsonBody(header(request.headers, 'content-type'), body), settings);
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
    const outcome = batch.dryRun ? 'dry_run' : 'batch';
    const { batchId } = batch;
    return { ...response, logged: { outcome, batchId, tasks: results.length } };
  },
};

function parseBatch(body: unknown, regions: Regions): Batch {
  const { taskIds, dryRun = false, ...named } = fittingBody(batchSchema, body);
  const { region = regions.defaultRegion } = named;
  const message = regionRule(region, regions);
  if (message !== undefined) throw invalid([{ in: 'body', name: 'region', message }]);
  const tasks = taskIds.map((taskId) => ({ taskId, region }));
  return { tasks, region, dryRun };
}
