import { header, type HttpRequest, type HttpResponse } from './message.ts';

/** Cross-origin requests (the Fetch standard's CORS protocol): exact origins only, no credentials mode. */

export const EXPOSED =
  'X-Request-Id, X-Tc-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, WWW-Authenticate, Allow';

export const PREFLIGHT = {
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

/** Whom a route is for, as far as CORS depends on it. */
export interface Audience {
  readonly forBrowsers: boolean;
  readonly forSenders: boolean;
}

/**
 * Adds what the CORS protocol asks for: on every answer that a script may have to read, but on a
 * sender's route `Vary` alone, and the answer to a preflight only where scripts call.
 *
 * @param route absent where there is none at the path
 */
export function withCors(
  request: HttpRequest,
  response: HttpResponse,
  origins: ReadonlySet<string>,
  route: Audience | undefined,
): HttpResponse {
  if (origins.size === 0) return response;
  const { Vary: negotiated } = response.headers;
  const Vary = negotiated ? `${negotiated}, Origin` : 'Origin';
  const vary = { ...response, headers: { ...response.headers, Vary } };
  const origin = header(request.headers, 'origin');
  if (route?.forSenders || origin === undefined || !origins.has(origin)) return vary;
  const allows = route?.forBrowsers === true && isPreflight(request);
  const headers = {
    ...vary.headers,
    'Access-Control-Allow-Origin': origin,
    ...(allows ? PREFLIGHT : { 'Access-Control-Expose-Headers': EXPOSED }),
  };
  return { ...vary, headers };
}
