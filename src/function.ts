import { toHttpRequest, wantsMultiValueHeaders } from './lib/http/events.ts';
import type { HttpRequest } from './lib/http/message.ts';
import { toPlatformResponse, type PlatformResponse } from './lib/http/platform-response.ts';
import { Problem } from './lib/problem.ts';
import { lazyGateway } from './start.ts';

/**
 * The function's entry, on Tencent SCF (`function.main_handler`) and AWS Lambda (`function.handler`):
 * both take every family of HTTP events.
 */
const gateway = lazyGateway(process.env, import.meta.dirname);

/**
 * Answers one event. Never throws: whatever arrives gets an HTTP answer.
 *
 * @param event an HTTP event of any family (`lib/http/events.ts`)
 * @param context the platform's; its id of the request and its remaining time are used
 */
export async function main_handler(event: unknown, context?: unknown): Promise<PlatformResponse> {
  letPlatformFreeze(context);
  const response = await gateway().serve(convert(event, context), remainingMs(context));
  return toPlatformResponse(response, wantsMultiValueHeaders(event));
}

export { main_handler as handler };

function convert(event: unknown, context: unknown): HttpRequest | Problem {
  try {
    return toHttpRequest(event, context);
  } catch (error) {
    return error instanceof Problem ? error : new Problem('invalid-request', { cause: error });
  }
}

interface PlatformContext {
  callbackWaitsForEmptyEventLoop?: unknown;
  getRemainingTimeInMillis?: unknown;
}

/** Idle connections to DLC must not keep an invocation alive. */
function letPlatformFreeze(context: unknown): void {
  if (!isContext(context) || !('callbackWaitsForEmptyEventLoop' in context)) return;
  if (!Object.isFrozen(context)) context.callbackWaitsForEmptyEventLoop = false;
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
