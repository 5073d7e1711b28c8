import type { KeyObject } from 'node:crypto';

import { systemClock } from '../clock.ts';
import { Problem } from '../problems.ts';
import { INVALID_TOKEN } from './challenge.ts';
import { JwksUnavailable } from './fetch-jwks.ts';
import { createSigningKeyFinder, type JwksOptions } from './jwks.ts';
import { toPrincipal } from './jwt-claims.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal } from './principal.ts';
import {
  checkClaims,
  CLOCK_TOLERANCE_SECONDS,
  InvalidToken,
  readTokenIssuer,
} from './token-checks.ts';
import type { LeftOutKey } from './verification-keys.ts';

export type BearerAuthenticator = (token: string, signal: AbortSignal) => Promise<Principal>;

export interface BearerOptions extends Omit<JwksOptions, 'onLeftOut'> {
  /** Called with each key that an issuer publishes and that cannot verify, once per `kid`. */
  readonly onLeftOut?: (issuerId: string, key: LeftOutKey) => void;
}

/**
 * Makes the function that authenticates bearer tokens (RFC 7519, RFC 8725). It takes the token and the request's signal,
 * gives the principal, and throws `Problem`: `unauthenticated` if anything is wrong with the token;
 * `auth-provider-unavailable` if the key that it names is in no set at hand and cannot be fetched now.
 */
export function createBearerAuthenticator(
  issuers: readonly JwtIssuer[],
  { onLeftOut, ...options }: BearerOptions = {},
): BearerAuthenticator {
  const known = new Map<unknown, { id: string; authenticate: BearerAuthenticator }>();
  for (const issuer of issuers) {
    const { id } = issuer;
    const leftOut = (key: LeftOutKey) => onLeftOut?.(id, key);
    const authenticate = createVerifier(issuer, { ...options, onLeftOut: leftOut });
    known.set(issuer.issuer, { id, authenticate });
  }
  return async (token, signal) => {
    let who = 'token';
    try {
      const found = known.get(readTokenIssuer(token));
      if (!found) throw new InvalidToken('its issuer is not configured');
      who = `token of issuer "${found.id}"`;
      return await found.authenticate(token, signal);
    } catch (error) {
      throw toProblem(error, who);
    }
  };
}

/** Everything is decided on the one parse that jose gives, of bytes whose signature it has verified. */
function createVerifier(issuer: JwtIssuer, options: JwksOptions): BearerAuthenticator {
  const { clock = systemClock } = options;
  const findKey = createSigningKeyFinder(issuer.keys, options);
  return async (token, signal) => {
    // Loaded with the first token: callers with another scheme never pay for it.
    const { jwtVerify } = await import('jose/jwt/verify');
    const now = clock.now();
    let failed: KeyObject | undefined;
    const attempt = () =>
      jwtVerify(token, async (header) => (failed = await findKey(header, signal, failed)), {
        algorithms: [...issuer.algorithms],
        issuer: issuer.issuer,
        ...(issuer.audience.length > 0 && { audience: [...issuer.audience] }),
        requiredClaims: ['exp'],
        clockTolerance: CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(now),
      });
    const { payload, protectedHeader } = await attempt().catch(async (error: unknown) => {
      if (Object(error).code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw error;
      // The issuer may have a new key under the same `kid`. If there is none, the first error counts.
      return await attempt().catch((second: unknown) => {
        const isWithoutKey = second instanceof InvalidToken || second instanceof JwksUnavailable;
        throw isWithoutKey ? error : second;
      });
    });
    checkClaims(issuer, payload, protectedHeader, now / 1000);
    return toPrincipal(issuer, payload);
  };
}

/** What a caller may know of a claim that did not hold: the signature has been verified by then. */
const DETAILS = new Map<unknown, string>([
  ['exp', 'The token has expired.'],
  ['nbf', 'The token is not valid yet.'],
  ['aud', 'The token is for another audience.'],
]);

function toProblem(error: unknown, who: string): unknown {
  if (error instanceof JwksUnavailable) {
    return new Problem('auth-provider-unavailable', {
      reason: `${who}: JWKS: ${error.message}`,
      cause: error,
      ...(error.retryAfterMs && { retryAfter: Math.ceil(error.retryAfterMs / 1000) }),
    });
  }
  const { code, claim, reason, message } = Object(error);
  const isOfJose = /^ERR_J(OSE|WS|WT)_/.test(code);
  if (!isOfJose && !(error instanceof InvalidToken)) return error;
  // jose's messages may quote a token, and its errors carry the claims: only its code and claim's name go on.
  const said = claim === undefined ? code : `${claim}: ${reason}`;
  return new Problem('unauthenticated', {
    detail: (reason === 'check_failed' && DETAILS.get(claim)) || 'The token is not valid.',
    reason: `${who}: ${isOfJose ? said : message}`,
    headers: INVALID_TOKEN,
  });
}
