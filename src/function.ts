import { randomUUID } from 'node:crypto';

import { lazyApp, openLog } from './app.ts';
import {
  platformRequestId,
  toHttpRequest,
  wantsMultiValueHeaders,
  toPlatformResponse,
  type PlatformResponse,
} from './lib/http/events.ts';
import { refusedRequest, type HttpRequest, type HttpResponse } from './lib/http/message.ts';
import { problemResponse, withAlwaysHeaders } from './lib/http/response.ts';
import { stackOf } from './lib/observability/log.ts';
import { Problem } from './lib/problems.ts';
import { logExceptions, logRejections, logWarnings } from './lib/observability/process-events.ts';

/**
 * The function's entry, on Tencent SCF (`function.main_handler`) and AWS Lambda (`function.handler`):
 * both take every family of HTTP events.
 */
const log = openLog(process.env);
const app = lazyApp(process.env, import.meta.dirname, log);
logWarnings(log);
logRejections(log);
logExceptions(log);

/**
 * Serves one event. Never throws: every event gets an HTTP response.
 *
 * @param event an HTTP event of any family (`lib/http/events.ts`)
 * @param context the platform's; its id of the request and its remaining time are used
 */
export async function main_handler(event: unknown, context?: unknown): Promise<PlatformResponse> {
  const multiValue = wantsMultiValueHeaders(event);
  try {
    return toPlatformResponse(await answer(event, context), multiValue);
  } catch (error) {
    return toPlatformResponse(crashed(error), multiValue);
  }
}

export { main_handler as handler };

async function answer(event: unknown, context: unknown): Promise<HttpResponse> {
  letPlatformFreeze(context);
  const request = convert(event, context);
  const response = await app().serve(request, remainingMs(context));
  // A platform may pass on any body, and a response to HEAD has none.
  return request.method === 'HEAD' ? { ...response, body: '' } : response;
}

function convert(event: unknown, context: unknown): HttpRequest {
  try {
    return toHttpRequest(event, context);
  } catch (error) {
    if (!(error instanceof Problem)) throw error;
    return refusedRequest(error, platformRequestId(event, context));
  }
}

/** The response if even the app's last resort was not reached. */
function crashed(error: unknown): HttpResponse {
  const requestId = randomUUID();
  log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
  const problem = new Problem('internal-error');
  return withAlwaysHeaders(problemResponse(problem, { requestId, typePrefix: '' }), requestId);
}

interface PlatformContext {
  getRemainingTimeInMillis?: unknown;
}

/** Idle connections to DLC must not keep an invocation alive. */
function letPlatformFreeze(context: unknown): void {
  if (!isContext(context) || !('callbackWaitsForEmptyEventLoop' in context)) return;
  Reflect.set(context, 'callbackWaitsForEmptyEventLoop', false);
}

function remainingMs(context: unknown): number | undefined {
  if (!isContext(context) || typeof context.getRemainingTimeInMillis !== 'function')
    return undefined;
  const ms: unknown = context.getRemainingTimeInMillis();
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : undefined;
}

function isContext(context: unknown): context is PlatformContext {
  return typeof context === 'object' && context !== null;
}
