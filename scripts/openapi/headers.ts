import type { Route } from '../../src/endpoint.ts';
import type { Presences } from '../../src/lib/words.openapi.ts';
import { HEADER_FIELDS } from '../../src/lib/http/header-fields.openapi.ts';
import { ALWAYS } from '../../src/lib/http/response.ts';
import type { ComponentStore, Json } from './components.ts';

/** The header fields of every response of a route. */
export function alwaysOn(route: Route, negotiates = false): Presences {
  const always = ['X-Request-Id', ...Object.keys(ALWAYS)].map((name) => [name, 'always'] as const);
  return {
    ...Object.fromEntries(always),
    Vary: negotiates ? 'always' : 'at times',
    ...(negotiates && { 'Content-Language': 'at times' as const }),
    ...(!route.isForSenders && {
      'Access-Control-Allow-Origin': 'at times',
      'Access-Control-Expose-Headers': 'at times',
    }),
  };
}

/**
 * Gives the `headers` of a response. A field has up to two components, as a component says whether it is required: the other one's
 * name ends with `-optional`.
 */
export function headersOf(presences: Presences, store: ComponentStore): Record<string, Json> {
  const present = Object.entries(presences).filter(([, presence]) => presence !== 'never');
  return Object.fromEntries(
    present.map(([name, presence]) => {
      const isRequired = presence === 'always';
      const component = { ...(isRequired && { required: true }), ...HEADER_FIELDS[name] };
      return [name, store.add('headers', isRequired ? name : `${name}-optional`, component)];
    }),
  );
}
