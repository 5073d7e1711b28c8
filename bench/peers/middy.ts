import { default as middy, type MiddlewareObj } from '@middy/core';
import cors from '@middy/http-cors';
import httpErrorHandler from '@middy/http-error-handler';
import httpHeaderNormalizer from '@middy/http-header-normalizer';
import httpRouter from '@middy/http-router';
import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';
import { z } from 'zod';

import { accepted, authorize, invalid, refused, requestIdOf, toSettings } from './job.ts';
import { cancelByLeanSdk } from './lean-sdk.ts';
import { toResult } from './plain.ts';

/** middy with its own middlewares for HTTP, and zod for what comes in: the settings and each request. */

const keysSchema = z.array(
  z.object({
    id: z.string().min(1),
    sha256: z.string().regex(/^[0-9a-f]{64}$/),
    scopes: z.array(z.string()),
    expires: z.iso.datetime({ offset: true }).optional(),
  }),
);

const settings = toSettings(
  process.env,
  keysSchema.parse(JSON.parse(process.env['API_KEYS'] ?? '[]')),
);
const cancel = cancelByLeanSdk(process.env, settings);

const taskSchema = z.object({
  taskId: z.string().regex(/^[A-Za-z0-9_-]{1,128}$/),
  region: z.enum(settings.regions).default(settings.regions[0]),
});

type Event = APIGatewayProxyEventV2;
type Result = APIGatewayProxyStructuredResultV2;

const authorized = (): MiddlewareObj<Event, Result> => ({
  before: ({ event }) => authorize(settings, event.headers['x-api-key']),
});

const cancelTask = middy<Event, Result>()
  .use(authorized())
  .handler(async (event) => {
    const input = { ...event.pathParameters, ...event.queryStringParameters };
    const { success, data: task } = taskSchema.safeParse(input);
    if (!success) throw invalid('The task id or the region is not valid.');
    return toResult(accepted(task, requestIdFor(event), await cancel(task)));
  });

/** Makes of every error one that `http-error-handler` answers with a problem; it says the media type itself. */
const problems = (): MiddlewareObj<Event, Result> => ({
  onError: (request) => {
    const { status, headers, body } = refused(request.error, requestIdFor(request.event));
    const { 'content-type': _, ...others } = headers;
    const error = new Error(JSON.stringify(body));
    request.error = Object.assign(error, { statusCode: status, expose: true, headers: others });
  },
});

function requestIdFor({ headers, requestContext }: Event): string {
  return requestIdOf(headers['x-request-id'], requestContext.requestId);
}

const origins = (process.env['CORS_ORIGINS'] ?? '').split(',').filter((origin) => origin !== '');

export const handler = middy<Event, Result>()
  .use(httpHeaderNormalizer())
  .use(cors({ origins }))
  .use(httpErrorHandler({ logger: false }))
  // What is used last sees an error first.
  .use(problems())
  .handler(httpRouter([{ method: 'DELETE', path: '/tasks/{taskId}', handler: cancelTask }]));
