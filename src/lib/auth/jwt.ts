import type { KeyObject } from 'node:crypto';

import type { JWTPayload } from 'jose';

import { systemClock, type Clock } from '../clock.ts';
import { Problem } from '../problems.ts';
import { INVALID_TOKEN } from './challenge.ts';
import { JwksUnavailable, type LeftOutKey } from './fetch-jwks.ts';
import { InvalidToken } from './invalid-token.ts';
import { isJsonObject } from './json-object.ts';
import { toPrincipal } from './jwt-claims.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal } from './principal.ts';
import { createSigningKeyFinder, type FindSigningKey, type TokenHeader } from './signing-key.ts';
import { CLOCK_TOLERANCE_SECONDS, checkToken } from './token-checks.ts';
import { readTokenIssuer } from './token-issuer.ts';

export type BearerAuthenticator = (token: string, signal: AbortSignal) => Promise<Principal>;

export interface BearerOptions {
  readonly clock?: Clock;
  /** Milliseconds of a clock that never jumps, for the ages of fetched keys. */
  readonly steadyMs?: () => number;
  /** Called with each key that an issuer publishes and that cannot verify, once per `kid`. */
  readonly onLeftOut?: (issuerId: string, key: LeftOutKey) => void;
}

/** What a caller may know of a claim that did not hold: the signature has been verified by then. */
const DETAILS = new Map<unknown, string>([
  ['exp', 'The token has expired.'],
  ['nbf', 'The token is not valid yet.'],
  ['aud', 'The token is for another audience.'],
]);

/**
 * Makes the function that authenticates bearer tokens (RFC 7519, RFC 8725). It takes the token and the
 * request's signal, gives the principal, and throws `Problem`: `unauthenticated` if anything is wrong
 * with the token; `auth-provider-unavailable` if the key that it names is in no set at hand and cannot be
 * fetched now.
 */
export function createBearerAuthenticator(
  issuers: readonly JwtIssuer[],
  { clock = systemClock, steadyMs, onLeftOut }: BearerOptions = {},
): BearerAuthenticator {
  const toKnown = (issuer: JwtIssuer): Known => {
    const findKey = createSigningKeyFinder(issuer, {
      clock,
      ...(steadyMs && { steadyMs }),
      ...(onLeftOut && { onLeftOut: (key) => onLeftOut(issuer.id, key) }),
    });
    return { issuer, findKey };
  };
  const known = new Map(issuers.map((issuer) => [issuer.issuer, toKnown(issuer)]));
  return async (token, signal) => {
    let who = 'token';
    try {
      const found = known.get(readTokenIssuer(token));
      if (!found) throw new InvalidToken('its issuer is not configured');
      who = `token of issuer "${found.issuer.id}"`;
      return toPrincipal(found.issuer, await verify(token, found, clock.now(), signal));
    } catch (error) {
      throw toProblem(error, who);
    }
  };
}

interface Known {
  readonly issuer: JwtIssuer;
  readonly findKey: FindSigningKey;
}

function toProblem(error: unknown, who: string): unknown {
  if (error instanceof InvalidToken) {
    const { detail = 'The token is not valid.', message } = error;
    return new Problem('unauthenticated', {
      detail,
      reason: `${who}: ${message}`,
      headers: INVALID_TOKEN,
    });
  }
  if (error instanceof JwksUnavailable) {
    return new Problem('auth-provider-unavailable', {
      reason: `${who}: JWKS: ${error.message}`,
      cause: error,
      ...(error.retryAfterMs && { retryAfter: Math.ceil(error.retryAfterMs / 1000) }),
    });
  }
  return error;
}

/** Everything is decided on the one parse that jose gives, of bytes whose signature it has verified. */
async function verify(
  token: string,
  { issuer, findKey }: Known,
  now: number,
  signal: AbortSignal,
): Promise<JWTPayload> {
  // Loaded with the first token: callers with another scheme never pay for it.
  const { jwtVerify } = await import('./jose.ts');
  const options = {
    algorithms: [...issuer.algorithms],
    issuer: issuer.issuer,
    ...(issuer.audience.length > 0 && { audience: [...issuer.audience] }),
    requiredClaims: ['exp'],
    clockTolerance: CLOCK_TOLERANCE_SECONDS,
    currentDate: new Date(now),
  };
  let failed: KeyObject | undefined;
  const findAndKeep = async (header: TokenHeader): Promise<KeyObject> =>
    (failed = await findKey(header, signal, failed));
  try {
    const { payload, protectedHeader } = await jwtVerify(token, findAndKeep, options).catch(
      async (error: unknown) => {
        if (!isBadSignature(error)) throw error;
        // The issuer may have a new key under the same `kid`. If there is none, the first error counts.
        return await jwtVerify(token, findAndKeep, options).catch((second: unknown) => {
          throw second instanceof InvalidToken || second instanceof JwksUnavailable
            ? error
            : second;
        });
      },
    );
    checkToken(issuer, payload, protectedHeader, now / 1000);
    return payload;
  } catch (error) {
    throw await toInvalidToken(error);
  }
}

function isBadSignature(error: unknown): boolean {
  return isJsonObject(error) && error['code'] === 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED';
}

/** jose's messages may quote a token and its errors carry the claims: only its code and claim's name go on. */
async function toInvalidToken(error: unknown): Promise<unknown> {
  const { JOSEError, JWTClaimValidationFailed, JWTExpired } = await import('./jose.ts');
  if (error instanceof JWTClaimValidationFailed || error instanceof JWTExpired) {
    const { claim, reason } = error;
    return new InvalidToken(
      `${claim}: ${reason}`,
      reason === 'check_failed' ? DETAILS.get(claim) : undefined,
    );
  }
  return error instanceof JOSEError ? new InvalidToken(error.code) : error;
}
