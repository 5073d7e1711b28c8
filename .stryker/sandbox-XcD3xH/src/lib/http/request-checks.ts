import { Problem } from '../problem.ts';
import type { HttpRequest } from './message.ts';

/** What is asked of every request to a known route, before anybody is authenticated. */

const ONE_VALUE = new Set(['host', 'authorization', 'x-api-key', 'content-type', 'prefer']);

/** Node's own limit, kept for platform events too. */
export const MAX_HEADER_BYTES = 16 * 1024;

/**
 * Refuses a request that has two values where only one can be meant: whoever is in front of the
 * gateway may have looked at the other.
 *
 * @throws Problem `invalid-request`
 */
export function refuseRepeatedHeaders({ headers }: HttpRequest): void {
  for (const [name, values] of headers) {
    const single = ONE_VALUE.has(name) || name.startsWith('webhook-');
    if (single && values.length > 1) {
      const errors = [{ in: 'header', name, message: 'must not be repeated' } as const];
      throw new Problem('invalid-request', { detail: 'A header field is repeated.', errors });
    }
  }
}

/** @throws Problem `request-header-fields-too-large` */
export function refuseLargeHeaders({ headers }: HttpRequest): void {
  let size = 0;
  for (const [name, values] of headers) {
    for (const value of values) size += name.length + value.length;
  }
  if (size > MAX_HEADER_BYTES) throw new Problem('request-header-fields-too-large');
}
