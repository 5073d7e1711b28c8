import type { CallerEndpoint } from '../endpoint.ts';
import type { RequestContext } from '../request-context.ts';
import { untilAborted } from '../lib/deadline.ts';
import { Problem } from '../lib/problems.ts';
import { before, type Middleware } from './middleware.ts';

/**
 * Reads the body of a request whose endpoint needs it.
 *
 * @throws Problem `payload-too-large`, `request-timeout`
 */
export function readBody({
  maxBytes,
}: NonNullable<CallerEndpoint['body']>): Middleware<RequestContext> {
  return before(async ({ request, deadline }) => {
    const late = (): Problem => new Problem('request-timeout');
    return { body: await untilAborted(request.readBody(maxBytes), deadline.signal, late) };
  });
}
