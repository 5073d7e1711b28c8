import type { Endpoint, OpenEndpoint, RequestContext, Route, Routed } from '../endpoint.ts';
import { untilAborted } from '../lib/clock.ts';
import { UNUSED_BODY_BYTES, type HttpRequest } from '../lib/http/message.ts';
import { Problem } from '../lib/problems.ts';
import { invalid } from '../lib/tasks.ts';
import { before, type Middleware } from '../request-context.ts';
import { isPreflight } from './response.ts';

/** The request before its caller is known: the endpoint, the limits, the body. */

/**
 * Finds the endpoint of a request. Routes are matched on the path as it was sent: an encoded slash does
 * not end a segment.
 *
 * @returns a Problem `route-not-found`, `method-not-allowed`, or why the request cannot be served at all
 */
export function routeRequest(
  routes: readonly Route[],
  { method, path, refusal }: Pick<HttpRequest, 'method' | 'path' | 'refusal'>,
  basePath: string,
): Routed | Problem {
  if (refusal) return refusal;
  const segments = withoutPrefix(path, basePath).split('/');
  for (const route of routes) {
    const parameter = matchTemplate(route.template.split('/'), segments);
    if (parameter === undefined) continue;
    const endpoint = endpointFor(route, method);
    if (endpoint) return { route, endpoint, parameter };
    return new Problem('method-not-allowed', { headers: { Allow: allowedMethods(route) } });
  }
  return new Problem('route-not-found');
}

/** `HEAD` is served as `GET`; every route has `OPTIONS`. */
function endpointFor({ methods }: Route, method: string): Endpoint | undefined {
  if (method === 'OPTIONS') return options;
  return new Map<string, Endpoint>(Object.entries(methods)).get(method === 'HEAD' ? 'GET' : method);
}

/** `OPTIONS` on every route, whatever the body. The middleware `cors` adds what a preflight asks for. */
const options: OpenEndpoint = {
  maxBytes: Infinity,
  handle({ request, route: { isForBrowsers, methods } }) {
    const isForCors = isForBrowsers && isPreflight(request);
    const headers = isForCors ? {} : { Allow: allowedMethods({ methods }) };
    return { status: 204, headers, body: '' };
  },
};

/** The value of `Allow`. */
export function allowedMethods({ methods }: Pick<Route, 'methods'>): string {
  const names = Object.keys(methods).flatMap((name) => (name === 'GET' ? [name, 'HEAD'] : [name]));
  return [...names, 'OPTIONS'].join(', ');
}

/** Some platforms leave a prefix on the path and some take it off: both are understood. */
function withoutPrefix(path: string, basePath: string): string {
  return basePath && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** The parameter's segment, an empty text if the template has none, `undefined` if it does not match. */
function matchTemplate(template: string[], segments: string[]): string | undefined {
  if (template.length !== segments.length) return undefined;
  let parameter = '';
  for (const [i, expected] of template.entries()) {
    const segment = segments[i] ?? '';
    if (expected.startsWith('{') && segment !== '') parameter = segment;
    else if (expected !== segment) return undefined;
  }
  return parameter;
}

/** Refuses, before anybody is authenticated, what is too large or can be read in two ways. */
export function requestLimits({
  access,
  maxBytes = UNUSED_BODY_BYTES,
}: Endpoint): Middleware<RequestContext> {
  const oneValue = access?.isBySender ? ON_EVERY_ROUTE : ONE_VALUE;
  return before(({ request }) => {
    refuseLargeHeaders(request);
    if ((request.bodyBytes ?? 0) > maxBytes) throw new Problem('payload-too-large');
    refuseRepeatedHeaders(request, oneValue);
  });
}

/** Node's own limit, kept for platform events too. */
export const MAX_HEADER_BYTES = 16 * 1024;

/** @throws Problem `request-header-fields-too-large` */
export function refuseLargeHeaders({ headers }: Pick<HttpRequest, 'headers'>): void {
  let size = 0;
  for (const [name, values] of headers) {
    for (const value of values) size += name.length + value.length;
  }
  if (size > MAX_HEADER_BYTES) throw new Problem('request-header-fields-too-large');
}

/** The entry of a sender says which other fields count. */
const ON_EVERY_ROUTE = /^(host|content-type|prefer)$/;
const ONE_VALUE = /^(host|authorization|x-api-key|content-type|prefer|webhook-.*|svix-.*)$/;

/**
 * Refuses two values if only one can be meant: a proxy in front of the gateway may have looked at
 * the other one.
 *
 * @throws Problem `invalid-request`
 */
export function refuseRepeatedHeaders(
  { headers }: Pick<HttpRequest, 'headers'>,
  oneValue: RegExp = ONE_VALUE,
): void {
  for (const [name, values] of headers) {
    if (values.length > 1 && oneValue.test(name)) {
      throw invalid([{ in: 'header', name, message: 'must not be repeated' }]);
    }
  }
}

/** Reads the body of a request whose endpoint needs it. @throws Problem as `bodyOf` does */
export const readBody = (maxBytes: number, isAuthenticated: boolean): Middleware<RequestContext> =>
  before(async (context) => ({ body: await bodyOf(context, maxBytes, isAuthenticated) }));

/** @throws Problem `payload-too-large`, `request-timeout`, `overloaded` */
export async function bodyOf(
  { request, deadline }: Pick<RequestContext, 'request' | 'deadline'>,
  maxBytes: number,
  isAuthenticated: boolean,
): Promise<Buffer> {
  const reading = request.readBody(maxBytes, isAuthenticated);
  return await untilAborted(reading, deadline.signal, () => new Problem('request-timeout'));
}
