import { Problem } from '../problem.ts';

/** Routes are matched on the path as it was sent: an encoded slash does not make a segment. */

export type RoutedMethod = 'GET' | 'DELETE' | 'POST';

export interface Route<Endpoint> {
  /** Such as `/tasks/{taskId}`. A parameter stands for one segment, which is not empty. */
  readonly template: string;
  readonly methods: Readonly<Partial<Record<RoutedMethod, Endpoint>>>;
}

export interface Match<R> {
  readonly route: R;
  /** The segment that the template's parameter stands for, still percent-encoded. */
  readonly parameter?: string;
}

/** @throws Problem `route-not-found` */
export function matchRoute<R extends Route<unknown>>(
  routes: readonly R[],
  path: string,
  basePath: string,
): Match<R> {
  const segments = withoutPrefix(path, basePath).split('/');
  for (const route of routes) {
    const parameter = matchTemplate(route.template.split('/'), segments);
    if (parameter === '') return { route };
    if (parameter !== undefined) return { route, parameter };
  }
  throw new Problem('route-not-found');
}

/** The endpoint for a method; `HEAD` is served as `GET`. @throws Problem `method-not-allowed` */
export function endpointFor<Endpoint>(route: Route<Endpoint>, method: string): Endpoint {
  const wanted = method === 'HEAD' ? 'GET' : method;
  const endpoint = new Map<string, Endpoint>(Object.entries(route.methods)).get(wanted);
  if (endpoint === undefined) {
    throw new Problem('method-not-allowed', { headers: { Allow: allowedMethods(route) } });
  }
  return endpoint;
}

/** The value of `Allow`. */
export function allowedMethods(route: Route<unknown>): string {
  const methods = Object.keys(route.methods).flatMap((method) =>
    method === 'GET' ? ['GET', 'HEAD'] : [method],
  );
  return [...methods, 'OPTIONS'].join(', ');
}

/** Some platforms leave a prefix on the path and some take it off: both are understood. */
function withoutPrefix(path: string, basePath: string): string {
  return basePath && path.startsWith(`${basePath}/`) ? path.slice(basePath.length) : path;
}

/** The parameter's segment, an empty text where the template has none, nothing where it does not match. */
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
