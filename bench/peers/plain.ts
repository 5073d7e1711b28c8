import type { APIGatewayProxyEventV2, APIGatewayProxyStructuredResultV2 } from 'aws-lambda';

import {
  accepted,
  authorize,
  invalid,
  readTask,
  refused,
  requestIdOf,
  type Answer,
  type Cancel,
  type Settings,
} from './job.ts';
import { Refusal } from './refusal.ts';

type Handler = (event: APIGatewayProxyEventV2) => Promise<APIGatewayProxyStructuredResultV2>;

const PATH = /^\/tasks\/(?<taskId>[^/]+)$/;

/** A handler without a framework: one route, by hand. */
export function plainHandler(settings: Settings, cancel: Cancel): Handler {
  return async (event) => {
    const { 'x-request-id': given } = event.headers;
    const requestId = requestIdOf(given, event.requestContext.requestId);
    try {
      const { taskId } = PATH.exec(event.rawPath)?.groups ?? {};
      if (event.requestContext.http.method !== 'DELETE' || taskId === undefined) {
        throw new Refusal(404, 'route-not-found', 'There is nothing at this path.');
      }
      authorize(settings, event.headers['x-api-key']);
      const task = readTask(settings, decoded(taskId), event.queryStringParameters?.['region']);
      return toResult(accepted(task, requestId, await cancel(task)));
    } catch (error) {
      return toResult(refused(error, requestId));
    }
  };
}

function decoded(segment: string): string {
  try {
    return decodeURIComponent(segment);
  } catch {
    throw invalid('The task id is not percent-encoded well.');
  }
}

/** What a platform is given. */
export function toResult({ status, headers, body }: Answer): APIGatewayProxyStructuredResultV2 {
  return { statusCode: status, headers: { ...headers }, body: JSON.stringify(body) };
}
