import type { MiddlewareObj } from '@middy/core';

import type { CallerContext, PartialContext } from '../endpoint.ts';
import type { HttpResponse } from '../lib/http/message.ts';

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
    // Nothing is returned: middy would take it for the response, and skip every `after`.
    async before({ event: context }) {
      Object.assign(context, await find(context));
    },
  };
}

/** A middleware that sees, or changes, every response: the handler's and those of problems alike. */
export function onResponse(
  change: (context: PartialContext, response: HttpResponse) => HttpResponse,
): Middleware<PartialContext> {
  const apply: Middleware<PartialContext>['after'] = (request) => {
    if (request.response) request.response = change(request.event, request.response);
  };
  return { after: apply, onError: apply };
}
