import type { KeyObject } from 'node:crypto';

import { systemClock } from '../clock.ts';
import { Problem } from '../problems.ts';
import { valueAt, type JsonObject } from './json-pointer.ts';
import { createJwks, JwksUnavailable, type FindKeys, type JwksDeps } from './jwks.ts';
import {
  checkClaims,
  CLOCK_TOLERANCE_SECONDS,
  demand,
  InvalidToken,
  toPrincipal,
} from './jwt-claims.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import { INVALID_TOKEN, type Principal } from './principal.ts';
import { matchingKeys } from './verification-keys.ts';

export type BearerAuthenticator = (token: string, signal: AbortSignal) => Promise<Principal>;

/**
 * Makes the function that authenticates bearer tokens (RFC 7519, RFC 8725). It takes the token and the request's signal,
 * gives the principal, and throws `Problem`: `unauthenticated` if anything is wrong with the token;
 * `auth-provider-unavailable` if the key that it names is in no set at hand and cannot be fetched now.
 */
export function createBearerAuthenticator(
  issuers: readonly JwtIssuer[],
  deps: JwksDeps = {},
): BearerAuthenticator {
  const verifiers = issuers.map((issuer) => ({ ...issuer, verify: createVerifier(issuer, deps) }));
  return async (token, signal) => {
    let who = 'token';
    try {
      const named = readTokenIssuer(token);
      const found = verifiers.find(({ issuer }) => issuer === named);
      demand(found, 'its issuer is not configured');
      who = `token of issuer "${found.id}"`;
      return await found.verify(token, signal);
    } catch (error) {
      throw toProblem(error, who);
    }
  };
}

/** As many bytes as a request may have header fields (Node's own limit, and the server's). */
const MAX_LENGTH = 16 * 1024;

/**
 * Decodes the parts of a compact JWS (RFC 7515 section 7.1) of at most 16 KiB.
 *
 * @throws InvalidToken for anything else, and for a second spelling of the same bytes (RFC 4648 section 3.5)
 */
export function decodeCompact(token: string): readonly Buffer[] {
  demand(token.length <= MAX_LENGTH, 'longer than 16 KiB');
  const parts = token.split('.', 4).map((part) => Buffer.from(part, 'base64url'));
  const spelling = parts.map((part) => part.toString('base64url')).join('.');
  demand(parts.length === 3 && spelling === token, 'not a compact JWS');
  return parts;
}

/**
 * Reads the issuer that a token names, from claims that are not verified yet: good for choosing whose keys to verify with,
 * and for nothing else.
 *
 * @returns whatever the claims have as `iss`; nothing if they are no JSON object
 * @throws InvalidToken as `decodeCompact` does
 */
export function readTokenIssuer(token: string): unknown {
  const [, payload] = decodeCompact(token);
  try {
    return valueAt(JSON.parse(String(payload)), ['iss']);
  } catch {
    return undefined;
  }
}

/** Everything is decided on the one parse that jose gives, of bytes whose signature it has verified. */
function createVerifier(issuer: JwtIssuer, deps: JwksDeps): BearerAuthenticator {
  const { clock = systemClock } = deps;
  const findKey = createSigningKeyFinder(issuer, deps);
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

/** RFC 9068 section 4, RFC 8725 section 3.11; media types are compared in any case. */
const TOKEN_TYPE = /^(jwt|(application\/)?at\+jwt)$/i;

type TokenHeader = JsonObject & { readonly alg: string };

/**
 * Makes the function that finds the key to verify an issuer's token with, by a header whose `alg` is one of the
 * issuer's; if a signature has failed under a key (`except`), another one. It takes the issuer's own keys alone: it never
 * looks at those that a header brings along (`jwk`, `jku`, `x5c`, `x5u`; RFC 8725 section 3.10). It throws InvalidToken
 * if the header is of a foreign type, has an extension (`crit`, RFC 7515 section 4.1.11; `b64`, RFC 7797 section 6), or
 * if not exactly one key matches; JwksUnavailable if that cannot be known now.
 */
export function createSigningKeyFinder(
  { id, keys }: Pick<JwtIssuer, 'id' | 'keys'>,
  deps?: JwksDeps,
) {
  const findKeys: FindKeys =
    'uri' in keys ? createJwks(keys, id, deps) : async (query) => matchingKeys(keys, query);
  return async (header: TokenHeader, signal: AbortSignal, except?: KeyObject) => {
    const { alg, kid, typ = 'JWT' } = header;
    const isPlain = !Object.hasOwn(header, 'crit') && !Object.hasOwn(header, 'b64');
    demand(isPlain, 'its header has crit or b64');
    demand(kid === undefined || typeof kid === 'string', 'its header has a kid that is no string');
    demand(typeof typ === 'string' && TOKEN_TYPE.test(typ), 'its header has another typ');
    const [key, another] = await findKeys({ alg, kid, except }, signal);
    demand(key, 'no key matches its header');
    demand(!another, 'more than one key matches its header');
    return key;
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
