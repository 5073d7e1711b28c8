import type { ByAgent, CallerContext, RequestContext, SeveralTasks } from '../endpoint.ts';
import { INVALID_TOKEN } from '../lib/auth/principal.ts';
import { isLoopback } from '../lib/config/setting-values.ts';
import { header, type HttpRequest } from '../lib/http/message.ts';
import { Problem } from '../lib/problems.ts';
import type { Settings } from '../settings.ts';
import { before, type Middleware } from '../request-context.ts';

/** What holds for agents alone, beside what holds for the routes that their tools stand for. */

/**
 * Refuses pages from elsewhere before anybody is authenticated. A 401 says where the metadata is
 * (RFC 9728 section 5.1).
 *
 * @throws Problem `origin-not-allowed`
 */
export function forAgents(settings: Settings): Middleware<RequestContext> {
  const parameter = `resource_metadata="${settings.publicUrl}/.well-known/oauth-protected-resource/mcp"`;
  return {
    before({ event: { request } }) {
      if (isForeign(request, settings)) throw new Problem('origin-not-allowed');
    },
    onError({ error }) {
      const headers = error instanceof Problem ? error.headers : {};
      const challenge = headers['WWW-Authenticate']?.replace(/realm="[^"]*"/, () => parameter);
      const named = challenge && { headers: { ...headers, 'WWW-Authenticate': challenge } };
      Object.assign(Object(error), named);
    },
  };
}

/** @param host with or without a port */
const isHere = (host: string): boolean => isLoopback(host.toLowerCase().replace(/:\d+$/, ''));

/**
 * Whether a page of another site sent the request. It could also use a gateway on this machine by a host
 * name of its own that leads here (DNS rebinding).
 */
function isForeign({ headers }: HttpRequest, { corsOrigins, publicUrl = '' }: Settings): boolean {
  const isLocal = isHere(publicUrl.split('/')[2] ?? '');
  const isElsewhere = isLocal && !isHere(header(headers, 'host') ?? 'localhost');
  return isElsewhere || (headers.get('origin') ?? []).some((origin) => !corsOrigins.has(origin));
}

/** @throws Problem `unauthenticated` */
export const requireAudience: Middleware = before(({ principal }) => {
  if (!principal.hasNoAudience) return;
  const detail = 'The token names no audience, and here it must be for this gateway.';
  throw new Problem('unauthenticated', { detail, headers: INVALID_TOKEN });
});

/** Lets a person confirm what an agent asks for. @throws Problem `confirmation-required` */
export const confirm: Middleware<CallerContext & ByAgent & Partial<SeveralTasks>> = before(
  (context) => {
    const why = context.agent.whyNotConfirmed(context);
    if (why) throw new Problem('confirmation-required', why);
  },
);
