import type { KeyObject } from 'node:crypto';

import type { JWTPayload } from 'jose';

import { systemClock } from '../clock.ts';
import { Problem } from '../problem.ts';
import { INVALID_TOKEN } from './challenge.ts';
import { JwksUnavailable } from './fetch-jwks.ts';
import { InvalidToken } from './invalid-token.ts';
import type { JwksOptions } from './jwks.ts';
import { toPrincipal } from './jwt-claims.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal } from './principal.ts';
import { createSigningKeyFinder, type TokenHeader } from './signing-key.ts';
import { readTokenIssuer } from './token-issuer.ts';

export type BearerAuthenticator = (token: string, signal: AbortSignal) => Promise<Principal>;

const CLOCK_TOLERANCE_SECONDS = 30;

/** What a caller may know of a claim that did not hold: the signature has been verified by then. */
const DETAILS = new Map<unknown, string>([
  ['exp', 'The token has expired.'],
  ['nbf', 'The token is not valid yet.'],
  ['aud', 'The token is for another audience.'],
]);

/**
 * Makes what authenticates bearer tokens (RFC 7519, RFC 8725). The function takes the token and the
 * request's signal, gives the principal, and throws `Problem`: `unauthenticated` for whatever is wrong
 * with the token; `auth-provider-unavailable` where the key that it names is in no set at hand and cannot
 * be fetched.
 */
export function createBearerAuthenticator(
  issuers: readonly JwtIssuer[],
  options: JwksOptions = {},
): BearerAuthenticator {
  const known = new Map(
    issuers.map((issuer) => [
      issuer.issuer,
      { issuer, findKey: createSigningKeyFinder(issuer, options) },
    ]),
  );
  const { clock = systemClock } = options;
  return async (token, signal) => {
    let who = 'token';
    try {
      const found = known.get(readTokenIssuer(token));
      if (!found) throw new InvalidToken('its issuer is not configured');
      const { issuer, findKey } = found;
      who = `token of issuer "${issuer.id}"`;
      const findKeyNow = (header: TokenHeader): Promise<KeyObject> => findKey(header, signal);
      return toPrincipal(issuer, await verify(token, issuer, findKeyNow, clock.now()));
    } catch (error) {
      throw toProblem(error, who);
    }
  };
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
    });
  }
  return error;
}

/** Everything is decided on the one parse that jose gives, of bytes whose signature it has verified. */
async function verify(
  token: string,
  issuer: JwtIssuer,
  findKey: (header: TokenHeader) => Promise<KeyObject>,
  now: number,
): Promise<JWTPayload> {
  // Loaded with the first token: callers with another scheme never pay for it.
  const { jwtVerify } = await import('./jose.ts');
  try {
    const { payload } = await jwtVerify(token, findKey, {
      algorithms: [...issuer.algorithms],
      issuer: issuer.issuer,
      audience: [...issuer.audience],
      requiredClaims: ['exp'],
      clockTolerance: CLOCK_TOLERANCE_SECONDS,
      currentDate: new Date(now),
    });
    checkWhatJoseLetsPass(payload, now);
    return payload;
  } catch (error) {
    throw await toInvalidToken(error);
  }
}

/** Values that jose takes: `1e999`, anything beside a string in a list of audiences, a future `iat`. */
function checkWhatJoseLetsPass({ exp, aud, iat = 0 }: JWTPayload, now: number): void {
  if (!Number.isFinite(exp)) throw new InvalidToken('exp is not finite');
  if ([aud].flat().some((audience) => typeof audience !== 'string'))
    throw new InvalidToken('malformed aud');
  if (iat > now / 1000 + CLOCK_TOLERANCE_SECONDS) throw new InvalidToken('iat is in the future');
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
