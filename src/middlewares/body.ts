import type { CallerEndpoint, RequestContext } from '../endpoint.ts';
import { untilAborted } from '../lib/deadline.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from '../request-context.ts';

/**
 * Reads the body of a request whose endpoint needs it.
 *
 * @throws Problem `payload-too-large`, `request-timeout`
 */
export function readBody({
  maxBytes,
}: NonNullable<CallerEndpoint['body']>): Middleware<RequestContext> {
  return before(async ({ request, deadline }) => {
    const body = await untilAborted(request.readBody(maxBytes), deadline.signal, tooLate);
    return { body };
  });
}

const tooLate = (): Problem => new Problem('request-timeout');
