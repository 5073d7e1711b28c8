import type { KeyObject } from 'node:crypto';

import type { JWTPayload } from 'jose';

import { systemClock, type Clock } from '../clock.ts';
import { Problem } from '../problems.ts';
import { INVALID_TOKEN } from './challenge.ts';
import { JwksUnavailable, type LeftOutKey } from './fetch-jwks.ts';
import { createSigningKeyFinder, type FindSigningKey } from './jwks.ts';
import { toPrincipal } from './jwt-claims.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal } from './principal.ts';
import {
  checkClaims,
  CLOCK_TOLERANCE_SECONDS,
  InvalidToken,
  readTokenIssuer,
  type TokenHeader,
} from './token-checks.ts';

export type BearerAuthenticator = (token: string, signal: AbortSignal) => Promise<Principal>;

export interface BearerOptions {
  readonly clock?: Clock;
  /** Milliseconds of a clock that never jumps, for the ages of fetched keys. */
  readonly steadyMs?: () => number;
  /** Called with each key that an issuer publishes and that cannot verify, once per `kid`. */
  readonly onLeftOut?: (issuerId: string, key: LeftOutKey) => void;
}

interface Known {
  readonly issuer: JwtIssuer;
  readonly findKey: FindSigningKey;
}

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
  const known = new Map<string, Known>();
  for (const issuer of issuers) {
    const options = {
      clock,
      steadyMs,
      onLeftOut: (key: LeftOutKey) => onLeftOut?.(issuer.id, key),
    };
    known.set(issuer.issuer, { issuer, findKey: createSigningKeyFinder(issuer.keys, options) });
  }
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

/** Everything is decided on the one parse that jose gives, of bytes whose signature it has verified. */
async function verify(
  token: string,
  { issuer, findKey }: Known,
  now: number,
  signal: AbortSignal,
): Promise<JWTPayload> {
  // Loaded with the first token: callers with another scheme never pay for it.
  const { jwtVerify } = await import('jose/jwt/verify');
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
  const attempt = () => jwtVerify(token, findAndKeep, options);
  const verified = await attempt().catch(async (error: unknown) => {
    if (Object(error).code !== 'ERR_JWS_SIGNATURE_VERIFICATION_FAILED') throw error;
    // The issuer may have a new key under the same `kid`. If there is none, the first error counts.
    return await attempt().catch((second: unknown) => {
      const isWithoutKey = second instanceof InvalidToken || second instanceof JwksUnavailable;
      throw isWithoutKey ? error : second;
    });
  });
  checkClaims(issuer, verified.payload, verified.protectedHeader, now / 1000);
  return verified.payload;
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
  const { reason, detail = 'The token is not valid.' } = refusalOf(error) ?? {};
  if (reason === undefined) return error;
  return new Problem('unauthenticated', {
    detail,
    reason: `${who}: ${reason}`,
    headers: INVALID_TOKEN,
  });
}

/** jose's messages may quote a token and its errors carry the claims: only its code and claim's name go on. */
function refusalOf(error: unknown): { reason: string; detail?: string | undefined } | undefined {
  if (error instanceof InvalidToken) return { reason: error.message };
  const { code, claim, reason } = Object(error);
  if (!/^ERR_J(OSE|WS|WT)_/.test(code)) return undefined;
  if (claim === undefined) return { reason: code };
  const detail = reason === 'check_failed' ? DETAILS.get(claim) : undefined;
  return { reason: `${claim}: ${reason}`, detail };
}
