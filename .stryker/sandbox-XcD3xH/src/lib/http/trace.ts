import { randomUUID } from 'node:crypto';

import type { HttpRequest } from './message.ts';

/**
 * W3C Trace Context, level 2, section 3.2: version, trace id, parent id, flags, all in lower-case hex.
 * Version 00 ends there; what a later one has more stands after another dash. Some platforms join
 * repeated fields by a comma, which no version has.
 */
const TRACEPARENT =
  /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-[^,]*)?$/;

/**
 * The id under which a request is known across systems: that of the trace it belongs to, else a new one.
 * A `traceparent` that is malformed or repeated is ignored, as the specification asks.
 *
 * @returns 32 hexadecimal digits
 */
export function traceIdFor({ headers }: Pick<HttpRequest, 'headers'>): string {
  const [value = '', another] = headers.get('traceparent') ?? [];
  const [, version, traceId, more] = another === undefined ? (TRACEPARENT.exec(value) ?? []) : [];
  const isKnown = traceId !== undefined && (version !== '00' || more === undefined);
  // A UUID of version 4 is as random as a trace id has to be.
  return isKnown ? traceId : randomUUID().replaceAll('-', '');
}
