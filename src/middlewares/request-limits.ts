import type { Endpoint, RequestContext, Routed } from '../endpoint.ts';
import { UNUSED_BODY_BYTES, type HttpRequest } from '../lib/http/message.ts';
import { Problem } from '../lib/problems.ts';
import { invalid } from '../lib/tasks.ts';
import { before, type Middleware } from '../request-context.ts';

/** Refuses, before anybody is authenticated, what is too large or can be read in two ways. */
export const requestLimits: Middleware<RequestContext & Routed> = before(
  ({ request, endpoint }) => {
    refuseLargeHeaders(request);
    const isTooLarge = (request.bodyBytes ?? 0) > maxBodyBytes(endpoint);
    // A preflight is answered before anything is measured.
    if (isTooLarge && request.method !== 'OPTIONS') throw new Problem('payload-too-large');
    refuseRepeatedHeaders(request, endpoint.access?.isBySender ? ON_EVERY_ROUTE : ONE_VALUE);
  },
);

function maxBodyBytes(endpoint: Endpoint): number {
  return endpoint.access ? (endpoint.body?.maxBytes ?? UNUSED_BODY_BYTES) : UNUSED_BODY_BYTES;
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
