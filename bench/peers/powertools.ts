import { Router } from '@aws-lambda-powertools/event-handler/http';
import type { APIGatewayProxyEventV2, Context } from 'aws-lambda';

import {
  accepted,
  authorize,
  readSettings,
  readTask,
  refused,
  requestIdOf,
  type Answer,
} from './job.ts';
import { cancelByLeanSdk } from './lean-sdk.ts';

/** The HTTP router of Powertools for AWS Lambda: web requests in, web responses out. */

const settings = readSettings(process.env);
const cancel = cancelByLeanSdk(process.env, settings);

const app = new Router();

app.use(async ({ reqCtx, next }) => {
  authorize(settings, reqCtx.req.headers.get('x-api-key') ?? undefined);
  await next();
});

app.delete('/tasks/:taskId', async ({ req, event, params }) => {
  const region = new URL(req.url).searchParams.get('region') ?? undefined;
  const task = readTask(settings, params['taskId'], region);
  return toResponse(accepted(task, requestIdFor(req, event), await cancel(task)));
});

// Its own errors too, such as that of an unknown route.
app.errorHandler(Error, async (error, { req, event }) =>
  toResponse(refused(error, requestIdFor(req, event))),
);

function requestIdFor(
  { headers }: Request,
  { requestContext }: { requestContext: object },
): string {
  const ofPlatform = 'requestId' in requestContext ? requestContext.requestId : undefined;
  return requestIdOf(
    headers.get('x-request-id') ?? undefined,
    typeof ofPlatform === 'string' ? ofPlatform : undefined,
  );
}

function toResponse({ status, headers, body }: Answer): Response {
  return Response.json(body, { status, headers });
}

export const handler = async (event: APIGatewayProxyEventV2, context: Context) =>
  app.resolve(event, context);
