import type { MiddlewareObj, Request } from '@middy/core';

import { toAccessLine } from './access-line.ts';
import { toAuditLine } from './audit-line.ts';
import type { Exchange } from './exchange.ts';
import { withCors } from './lib/http/cors.ts';
import type { HttpResponse } from './lib/http/message.ts';
import { toProblemResponse } from './lib/http/problem-response.ts';
import { withAlwaysHeaders } from './lib/http/security-headers.ts';
import { answerForSender } from './lib/webhooks/sender-answer.ts';
import { stackOf, type Log } from './lib/observability/log.ts';
import { Problem } from './lib/problem.ts';

/**
 * The outer hooks of the chain: they make every answer whole, and work even where the settings are
 * wrong. middy's `onError` hooks run innermost first, so `translateErrors` stands inside the three that
 * must see its answer.
 */
export type Hook = MiddlewareObj<Exchange, HttpResponse>;

/** What the outer hooks need, which work even where the settings are wrong. */
export interface Rim {
  readonly corsOrigins: ReadonlySet<string>;
  readonly problemPrefix: string;
  readonly log: Log;
  readonly now: () => number;
}

export function outerHooks(rim: Rim): Hook[] {
  return [accessLog(rim), responseHeaders, cors(rim), translateErrors(rim)];
}

/** A hook that looks at, or changes, the response whether it came from the handler or from an error. */
function onResponse(change: (exchange: Exchange, response: HttpResponse) => HttpResponse): Hook {
  const apply = (request: Request<Exchange, HttpResponse>): void => {
    if (request.response) request.response = change(request.event, request.response);
  };
  return { after: apply, onError: apply };
}

function accessLog({ log, now }: Rim): Hook {
  return onResponse((exchange, response) => {
    const { level, fields } = toAccessLine(exchange, response.status, now());
    const decision = toAuditLine(exchange, response.status);
    if (decision) log.record('audit', decision);
    log.write(level, 'request', fields);
    return response;
  });
}

const responseHeaders = onResponse((exchange, response) =>
  withAlwaysHeaders(
    { ...response, headers: { ...response.headers, ...exchange.quotaFields } },
    exchange.requestId,
  ),
);

function cors({ corsOrigins }: Rim): Hook {
  return onResponse(({ request, route }, response) =>
    withCors(request, response, corsOrigins, route),
  );
}

function translateErrors({ problemPrefix, log }: Rim): Hook {
  return {
    onError(request) {
      const exchange = request.event;
      const { error } = request;
      if (!(error instanceof Problem)) {
        const { requestId } = exchange;
        log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
      }
      const problem = error instanceof Problem ? error : new Problem('internal-error');
      exchange.story.problem = problem;
      const context = {
        requestId: exchange.requestId,
        typePrefix: problemPrefix,
        ...exchange.task,
      };
      request.response = exchange.route?.forSenders
        ? answerForSender(problem, context)
        : toProblemResponse(problem, context);
    },
  };
}
