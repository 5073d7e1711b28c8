import type { CallerEndpoint } from '../endpoint.ts';
import type { RequestContext } from '../request-context.ts';
import { untilAborted } from '../lib/deadline.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from './middleware.ts';

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
    const late = (): Problem => new Problem('request-timeout');
    // Only the signature over the body says who the caller is.
    const reading = request.readBody(maxBytes, { isAuthenticated: !isSigned });
    return { body: await untilAborted(reading, deadline.signal, late) };
  });
}
