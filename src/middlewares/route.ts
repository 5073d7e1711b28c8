import type { Endpoint, OpenEndpoint, Route, Routed, RequestContext } from '../endpoint.ts';
import { isPreflight } from './cors.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from '../request-context.ts';

/**
 * Finds the endpoint of a request. Routes are matched on the path as it was sent: an encoded slash does
 * not end a segment.
 *
 * @throws Problem `route-not-found`, `method-not-allowed`, or why the request cannot be served at all
 */
export function route(routes: readonly Route[], basePath: string): Middleware<RequestContext> {
  return before(({ request }): Routed => {
    if (request.refusal) throw request.refusal;
    return routeRequest(routes, request, basePath);
  });
}

export function routeRequest(
  routes: readonly Route[],
  { method, path }: { readonly method: string; readonly path: string },
  basePath: string,
): Routed {
  const segments = withoutPrefix(path, basePath).split('/');
  for (const candidate of routes) {
    const parameter = matchTemplate(candidate.template.split('/'), segments);
    if (parameter === undefined) continue;
    return { route: candidate, endpoint: endpointFor(candidate, method), parameter };
  }
  throw new Problem('route-not-found');
}

/** `HEAD` is served as `GET`; every route has `OPTIONS`. */
function endpointFor(found: Route, method: string): Endpoint {
  if (method === 'OPTIONS') return options;
  const wanted = method === 'HEAD' ? 'GET' : method;
  const endpoint = new Map<string, Endpoint>(Object.entries(found.methods)).get(wanted);
  if (endpoint) return endpoint;
  throw new Problem('method-not-allowed', { headers: { Allow: allowedMethods(found) } });
}

/** `OPTIONS` on every route. The middleware `cors` adds what a preflight asks for. */
const options: OpenEndpoint = {
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
