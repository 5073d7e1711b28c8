import { randomUUID } from 'node:crypto';

import type { MiddlewareObj } from '@middy/core';

import type { CallerContext, PartialContext, RequestContext } from './endpoint.ts';
import { type Clock, startDeadline } from './lib/clock.ts';
import { header, USABLE_ID, type HttpRequest, type HttpResponse } from './lib/http/message.ts';

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
    credentials: request.credentials,
    body: NO_BODY,
    onEnd: [() => deadline.close()],
  };
}

const NO_BODY = Buffer.alloc(0);

/**
 * A middy middleware over the request context. Each declares what it needs to be there; a handler's
 * type is what all middlewares before it have added.
 */
export type Middleware<Context = CallerContext> = MiddlewareObj<Context, HttpResponse>;

/** A middleware that checks the request, and adds what it finds to the context for all later ones. */
export function before<Needed extends object>(
  find: (context: Needed) => object | undefined | void | Promise<object | undefined | void>,
): Middleware<Needed> {
  return {
    // Gives nothing: middy would take it for the response, and skip every `after`.
    before({ event: context }) {
      const found = find(context);
      const add = (parts: object | undefined | void): void => void Object.assign(context, parts);
      return found instanceof Promise ? found.then(add) : add(found);
    },
  };
}

/** A middleware that sees, or changes, every response: the handler's and those of problems alike. */
export function onResponse(
  change: (context: PartialContext, response: HttpResponse) => HttpResponse | void,
): Middleware<PartialContext> {
  const apply: Middleware<PartialContext>['after'] = (request) => {
    const { event, response } = request;
    request.response = (response && change(event, response)) ?? response;
  };
  return { after: apply, onError: apply };
}

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
