import type { CallerEndpoint, RequestContext } from '../endpoint.ts';
import { untilAborted } from '../lib/deadline.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from '../request-context.ts';

/**
 * Reads the body of a request whose endpoint needs it.
 *
 * @throws Problem `payload-too-large`, `request-timeout`, `overloaded`
 */
export function readBody({
  maxBytes,
  isSigned,
}: NonNullable<CallerEndpoint['body']>): Middleware<RequestContext> {
  return before(async ({ request, deadline }) => {
    // Only the signature over the body says who the caller is.
    const reading = request.readBody(maxBytes, { isAuthenticated: !isSigned });
    return { body: await untilAborted(reading, deadline.signal, tooLate) };
  });
}

const tooLate = (): Problem => new Problem('request-timeout');
