import type { Authenticated, Deps, RequestContext } from '../endpoint.ts';
import { authenticateApiKey } from '../lib/auth/api-key.ts';
import { createBearerAuthenticator } from '../lib/auth/jwt.ts';
import {
  BEARER_CHALLENGE,
  refuseBlocked,
  TWO_SCHEMES,
  WEBHOOK_CHALLENGE,
  type Principal,
  type Scheme,
} from '../lib/auth/principal.ts';
import { header, type HeaderFields } from '../lib/http/message.ts';
import { Problem } from '../lib/problems.ts';
import { STANDARD_WEBHOOKS } from '../lib/webhooks/kinds.ts';
import { findSigner } from '../lib/webhooks/proof.ts';
import type { Settings } from '../settings.ts';
import { before, type Middleware } from '../request-context.ts';

/** Makes the middleware that authenticates the caller by the one of these schemes that the request presents. */
export type Authenticate = (schemes: readonly Scheme[]) => Middleware;

/**
 * The middlewares throw Problem: `invalid-request` for two schemes, `unauthenticated`, which says how to authenticate,
 * `auth-provider-unavailable`.
 */
export function createAuthenticate(
  { apiKeys, jwtIssuers, webhookSenders }: Settings,
  { clock, log }: Pick<Deps, 'clock' | 'log'>,
): Authenticate {
  const authenticateBearer = createBearerAuthenticator(jwtIssuers, { clock, log });
  const find = async (
    { request: { headers }, body, deadline }: RequestContext,
    schemes: readonly Scheme[],
  ): Promise<Principal> => {
    const { scheme, credentials } = presentedScheme(headers, schemes);
    if (scheme === 'bearer') return authenticateBearer(credentials, deadline.signal);
    if (scheme === 'api-key') return authenticateApiKey(apiKeys, credentials, clock.now());
    const signed = { headers, body };
    return findSigner(STANDARD_WEBHOOKS, webhookSenders, signed, clock.now()).principal;
  };
  return (schemes) =>
    before(async (context): Promise<Authenticated> => {
      const principal = await find(context, schemes).catch((error: unknown) => {
        throw withWays(error, schemes);
      });
      return { principal };
    });
}

/** @throws Problem `principal-blocked` */
export const refuseBlockedPrincipals = (blocked: ReadonlySet<string>): Middleware =>
  before(({ principal }) => refuseBlocked(principal, blocked));

/**
 * Finds the one scheme that a request presents, with its credentials.
 *
 * @throws Problem `invalid-request` for more than one, `unauthenticated` for none or for one that the
 *   route does not take
 */
function presentedScheme(headers: HeaderFields, accepted: readonly Scheme[]) {
  const isForSenders = accepted.includes('webhook');
  const [presented, another] = allPresented(headers);
  if (another) {
    const detail = 'Use one way of authenticating, not several at once.';
    throw new Problem('invalid-request', { detail, headers: isForSenders ? {} : TWO_SCHEMES });
  }
  if (!presented || !accepted.some((scheme) => scheme === presented.scheme)) {
    const reason = presented ? `${presented.scheme} is not taken here` : 'no credentials';
    const challenge = isForSenders ? WEBHOOK_CHALLENGE : BEARER_CHALLENGE;
    throw new Problem('unauthenticated', { reason, headers: challenge });
  }
  return presented;
}

/** Any `Authorization`, any `X-API-Key` and any `Webhook-*` (or Svix's `Svix-*`) field each count as one. */
function allPresented(headers: HeaderFields) {
  const found: { readonly scheme: Scheme | 'other'; readonly credentials: string }[] = [];
  const authorization = header(headers, 'authorization');
  // The scheme's name is case-insensitive (RFC 9110, 11.1).
  const token = /^bearer +(.*)$/is.exec(authorization ?? '')?.[1];
  if (token !== undefined) found.push({ scheme: 'bearer', credentials: token.trim() });
  else if (authorization !== undefined) found.push({ scheme: 'other', credentials: '' });
  const key = header(headers, 'x-api-key');
  if (key !== undefined) found.push({ scheme: 'api-key', credentials: key });
  const isSigned = [...headers.keys()].some((name) => /^(webhook|svix)-/.test(name));
  if (isSigned) found.push({ scheme: 'webhook', credentials: '' });
  return found;
}

const WAYS = {
  bearer: 'a token in "Authorization: Bearer"',
  'api-key': 'a key in "X-API-Key"',
  webhook:
    'the signature of a Standard Webhook in "Webhook-Id", "Webhook-Timestamp" and "Webhook-Signature"',
} as const satisfies Record<Scheme, string>;

/** Adds to a 401 how to authenticate. */
function withWays(error: unknown, schemes: readonly Scheme[]): unknown {
  if (!(error instanceof Problem) || error.code !== 'unauthenticated') return error;
  const { headers, reason, members } = error;
  const ways = `This route takes ${schemes.map((scheme) => WAYS[scheme]).join(', or ')}.`;
  const detail = [members.detail, ways].join(' ').trim();
  return new Problem('unauthenticated', { ...members, detail, headers, reason });
}
