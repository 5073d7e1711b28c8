import { header, type HttpRequest, type HttpResponse } from './message.ts';

/** Cross-origin requests (the Fetch standard's CORS protocol): exact origins only, no credentials mode. */

const EXPOSED =
  'X-Request-Id, X-Tc-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, WWW-Authenticate, Allow';

const PREFLIGHT = {
  'Access-Control-Allow-Methods': 'GET, DELETE',
  // Not x-api-key: keys do not belong in browsers.
  'Access-Control-Allow-Headers': 'authorization, content-type, prefer, x-request-id, traceparent',
  'Access-Control-Max-Age': '600',
} as const;

export function isPreflight(request: HttpRequest): boolean {
  return (
    request.method === 'OPTIONS' &&
    request.headers.has('origin') &&
    request.headers.has('access-control-request-method')
  );
}

/**
 * Adds what the CORS protocol asks for.
 *
 * @param shared false on routes that no browser may call: they get `Vary` alone
 */
export function withCors(
  request: HttpRequest,
  response: HttpResponse,
  origins: ReadonlySet<string>,
  shared: boolean,
): HttpResponse {
  if (origins.size === 0) return response;
  const vary = { ...response, headers: { ...response.headers, Vary: 'Origin' } };
  const origin = header(request.headers, 'origin');
  if (!shared || origin === undefined || !origins.has(origin)) return vary;
  const headers = {
    ...vary.headers,
    'Access-Control-Allow-Origin': origin,
    ...(isPreflight(request) ? PREFLIGHT : { 'Access-Control-Expose-Headers': EXPOSED }),
  };
  return { ...vary, headers };
}
