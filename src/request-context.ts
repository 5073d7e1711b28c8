import { randomUUID } from 'node:crypto';

import type { Clock } from './lib/clock.ts';
import { startDeadline, type Deadline } from './lib/deadline.ts';
import type { UpstreamStats } from './lib/dlc/client.ts';
import { USABLE_ID, header, type HttpRequest } from './lib/http/message.ts';

/** What is known of one request while it is served. */
export interface RequestContext {
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Of the trace that the request belongs to; every call to DLC carries it. */
  readonly traceId: string;
  /** Milliseconds of the steady clock. */
  readonly startedAt: number;
  readonly deadline: Deadline;
  /** What was done upstream for this request, counted while it is done. */
  readonly stats: UpstreamStats;
  /** The body that the middleware `body` has read; empty if the endpoint needs none. */
  readonly body: Buffer;
  /** Called when the response is there. */
  readonly onEnd: (() => void)[];
}

/** @param ms how long the request may take, in milliseconds */
export function openContext(request: HttpRequest, ms: number, clock: Clock): RequestContext {
  const deadline = startDeadline(ms, clock, request.disconnected);
  return {
    request,
    requestId: requestIdFor(request),
    traceId: traceIdFor(request),
    startedAt: clock.steadyMs(),
    deadline,
    stats: { attempts: 0, waitMs: 0 },
    body: NO_BODY,
    onEnd: [() => deadline.close()],
  };
}

const NO_BODY = Buffer.alloc(0);

/** The caller's own `X-Request-Id`, else the platform's id, else a new UUID. */
export function requestIdFor(request: Pick<HttpRequest, 'headers' | 'platformRequestId'>): string {
  const candidates = [header(request.headers, 'x-request-id'), request.platformRequestId];
  return candidates.find((id) => id !== undefined && USABLE_ID.test(id)) ?? randomUUID();
}

/**
 * W3C Trace Context, level 2, section 3.2: version, trace id, parent id and flags in lower-case hex.
 * Version 00 ends there; a later version may add more after another dash. Some platforms join repeated
 * fields by a comma, which no version has.
 */
const TRACEPARENT =
  /^(?!ff)([\da-f]{2})-(?!0{32})([\da-f]{32})-(?!0{16})[\da-f]{16}-[\da-f]{2}(-[^,]*)?$/;

/**
 * The id of the trace that the request belongs to, else a new one. A `traceparent` that is malformed or
 * repeated is ignored, as the specification asks.
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
