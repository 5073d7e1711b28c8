import { randomUUID } from 'node:crypto';

import { default as middy, type MiddlewareObj } from '@middy/core';

import { crashResponse, lazyApp, openLog } from './app.ts';
import { toHttpRequest, toPlatformResponse, type PlatformResponse } from './lib/http/events.ts';
import type { HttpResponse } from './lib/http/message.ts';
import { logProcessEvents } from './lib/observability/log.ts';

/** The function's entry, on Tencent SCF (`function.main_handler`) and AWS Lambda (`function.handler`). */

const log = openLog(process.env);
const app = lazyApp(process.env, import.meta.dirname, log);
logProcessEvents(log);

/**
 * Responds to one event. Never throws.
 *
 * @param event an HTTP event of any family (`lib/http/events.ts`)
 * @param context the platform's; its id of the request and its remaining time are used
 */
export async function main_handler(event: unknown, context?: unknown): Promise<PlatformResponse> {
  try {
    return toPlatformResponse(await respond(event, context), event);
  } catch (error) {
    return toPlatformResponse(crashResponse(error, randomUUID(), log), event);
  }
}

export { main_handler as handler };

/**
 * The same handler, with a middy user's own middlewares around the platform event, such as `@middy/warmup`.
 *
 * @param use middlewares of middy 7, the outermost first
 */
export function createHandler({ use = [] }: { readonly use?: MiddlewareObj[] } = {}) {
  // As in the pipeline, there is no early timeout: the gateway has its own deadline.
  return middy(main_handler, { timeoutEarlyInMillis: 0 }).use(use);
}

async function respond(event: unknown, context: unknown): Promise<HttpResponse> {
  const platform: PlatformContext = Object(context);
  // Idle connections to DLC must not keep an invocation alive.
  if ('callbackWaitsForEmptyEventLoop' in platform)
    Reflect.set(platform, 'callbackWaitsForEmptyEventLoop', false);
  const request = toHttpRequest(event, context);
  const response = await app().serve(request, remainingMs(platform));
  // A platform may pass on any body that it is given, and a response to HEAD has none.
  return request.method === 'HEAD' ? { ...response, body: '' } : response;
}

interface PlatformContext {
  getRemainingTimeInMillis?: unknown;
}

function remainingMs(context: PlatformContext): number | undefined {
  if (typeof context.getRemainingTimeInMillis !== 'function') return undefined;
  const ms: unknown = context.getRemainingTimeInMillis();
  return typeof ms === 'number' && Number.isFinite(ms) ? ms : undefined;
}
