import type { PartialContext } from '../endpoint.ts';
import { problemResponse } from '../lib/http/response.ts';
import { stackOf, type Log } from '../lib/observability/log.ts';
import { Problem } from '../lib/problems.ts';
import { responseForSender } from '../lib/webhooks/sender-response.ts';
import type { Middleware } from '../request-context.ts';

/** Turns any error into a problem document (RFC 9457). An error that is no Problem is a defect, and logged. */
export function problemDetails(log: Log, typePrefix: string): Middleware<PartialContext> {
  return {
    async onError(request) {
      const { event: context, error } = request;
      const { requestId, route, task } = context;
      if (!(error instanceof Problem)) {
        log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
      }
      const problem = error instanceof Problem ? error : new Problem('internal-error');
      const known = { requestId, typePrefix, ...task };
      request.response = route?.isForSenders
        ? responseForSender(problem, known, context)
        : problemResponse(problem, known);
    },
  };
}
