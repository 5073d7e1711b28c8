import type { PartialContext, Route } from '../endpoint.ts';
import { header, type HttpRequest, type HttpResponse } from '../lib/http/message.ts';
import { prefersChinese } from '../lib/http/preferences.ts';
import { IN_LANGUAGES, problemResponse, withAlwaysHeaders } from '../lib/http/response.ts';
import { stackOf, type Log } from '../lib/observability/log.ts';
import { Problem, PROBLEMS } from '../lib/problems.ts';
import { responseForSender } from '../lib/webhooks/sender-response.ts';
import { onResponse, type Middleware } from '../request-context.ts';

/** What every response goes through: problems, the language, header fields, CORS. */

/** Turns any error into a problem document (RFC 9457). An error that is no Problem is a defect, and logged. */
export function problemDetails(log: Log, typePrefix: string): Middleware<PartialContext> {
  return {
    onError(request) {
      const { error } = request;
      const { requestId, route, task } = request.event;
      if (!(error instanceof Problem)) {
        log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
      }
      const problem = error instanceof Problem ? error : new Problem('internal-error');
      const known = { requestId, typePrefix, ...task };
      request.response = route?.isForSenders
        ? responseForSender(problem, known, request.event)
        : problemResponse(problem, known);
    },
  };
}

const translate: Middleware<PartialContext>['after'] = async (request) => {
  const { response, event } = request;
  if (response?.headers['Vary'] !== IN_LANGUAGES.Vary) return;
  const accepted = event.request.headers.get('accept-language')?.join().slice(0, 4096) ?? '';
  if (!prefersChinese(accepted)) return;
  const { CHINESE, inChinese } = await import('../lib/chinese.ts');
  const body = JSON.stringify(inChinese(JSON.parse(response.body), PROBLEMS));
  request.response = { ...response, headers: { ...response.headers, ...CHINESE }, body };
};

/** Puts the sentences of a response into Chinese, if the client prefers it. Names, codes and outcomes stay. */
export const language: Middleware<PartialContext> = { after: translate, onError: translate };

/** The header fields that every response has, and those of the caller's quota once it was checked. */
export const responseHeaders = onResponse((context, response) => {
  const headers = { ...response.headers, ...context.quotaFields };
  return withAlwaysHeaders({ ...response, headers }, context.requestId);
});

/** Cross-origin requests (the Fetch standard's CORS protocol): exact origins only, no credentials mode. */

export const EXPOSED =
  'X-Request-Id, X-Tc-Request-Id, Retry-After, RateLimit, RateLimit-Policy, Preference-Applied, WWW-Authenticate, Allow';

/** @param origins the configured ones; if there are none, nothing is added */
export const cors = (origins: ReadonlySet<string>): Middleware<PartialContext> =>
  onResponse(({ request, route }, response) => withCors(request, response, origins, route));

type CorsRoute = Partial<Omit<Route, 'template'>>;

/**
 * Adds the fields of the CORS protocol to a response. Scripts may read every response but those to
 * webhook senders; a preflight is allowed only on the routes that scripts call.
 *
 * @param route absent if there is none at the path
 */
export function withCors(
  request: HttpRequest,
  response: HttpResponse,
  origins: ReadonlySet<string>,
  route: CorsRoute = {},
): HttpResponse {
  if (origins.size === 0) return response;
  const { Vary: negotiated } = response.headers;
  const Vary = negotiated ? `${negotiated}, Origin` : 'Origin';
  const headers = { ...response.headers, Vary };
  const origin = header(request.headers, 'origin');
  if (route.isForSenders || origin === undefined || !origins.has(origin)) {
    return { ...response, headers };
  }
  const isAllowed = route.isForBrowsers && isPreflight(request);
  const added = isAllowed ? preflightOf(route) : { 'Access-Control-Expose-Headers': EXPOSED };
  return { ...response, headers: { ...headers, 'Access-Control-Allow-Origin': origin, ...added } };
}

/** What browsers may send to a route. */
export function preflightOf({ methods, corsFields = '' }: CorsRoute) {
  return {
    'Access-Control-Allow-Methods': methods?.POST ? 'GET, DELETE, POST' : 'GET, DELETE',
    // Not x-api-key: keys do not belong in browsers.
    'Access-Control-Allow-Headers': `authorization, content-type, prefer, x-request-id, traceparent, tracestate, baggage${corsFields}`,
    'Access-Control-Max-Age': '600',
  };
}

export function isPreflight({ method, headers }: HttpRequest): boolean {
  return (
    method === 'OPTIONS' && headers.has('origin') && headers.has('access-control-request-method')
  );
}
