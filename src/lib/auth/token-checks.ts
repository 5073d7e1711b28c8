import type { JWTPayload, JWTHeaderParameters } from 'jose';

import { unmetTest } from './claim-tests.ts';
import { valueAt, type JsonObject } from './json-pointer.ts';
import type { JwtIssuer } from './jwt-issuers.ts';

/** What the gateway checks of a token beyond what jose checks: its form, its header, its claims. */

/** A token that cannot be taken. The message is for the log: it never holds a part of the token. */
export class InvalidToken extends Error {}

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new InvalidToken(otherwise);
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
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'));
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

export type TokenHeader = JsonObject & { readonly alg: string };

/** RFC 9068 section 4, RFC 8725 section 3.11; media types are compared in any case. */
const TOKEN_TYPE = /^(jwt|(application\/)?at\+jwt)$/i;
const ACCESS_TOKEN_TYPE = /^(application\/)?at\+jwt$/i;

/** Refuses foreign types and every extension (`crit`, RFC 7515 section 4.1.11; `b64`, RFC 7797 section 6). */
export function checkHeader(header: TokenHeader): void {
  const { typ = 'JWT' } = header;
  const isPlain = !Object.hasOwn(header, 'crit') && !Object.hasOwn(header, 'b64');
  demand(isPlain, 'its header has crit or b64');
  demand(typeof typ === 'string' && TOKEN_TYPE.test(typ), 'its header has another typ');
}

/** The clocks of an issuer and of the gateway may differ by so much. */
export const CLOCK_TOLERANCE_SECONDS = 30;

/**
 * Checks the claims of a verified token.
 *
 * @param now seconds since the epoch
 * @throws InvalidToken, which names a claim, never its value
 */
export function checkClaims(
  { clientIds, audience, require, maxTokenAge = Infinity }: JwtIssuer,
  claims: JWTPayload,
  { typ = '' }: JWTHeaderParameters,
  now: number,
): void {
  const { exp = 0, aud = [], iat } = claims;
  // Values that jose takes: `1e999`, anything beside a string in a list of audiences, a future `iat`.
  demand(Number.isFinite(exp), 'exp is not finite');
  demand(
    [aud].flat().every((one) => typeof one === 'string'),
    'malformed aud',
  );
  demand((iat ?? 0) <= now + CLOCK_TOLERANCE_SECONDS, 'iat is in the future');
  // RFC 7800 section 3.1: the token is good only with a proof of a key, which the gateway cannot check.
  demand(!Object.hasOwn(claims, 'cnf'), 'cnf: it is bound to a key');
  if (clientIds) {
    // Cognito's access tokens have no `aud`: their `client_id` says whom they were made for.
    demand(clientIds.includes(valueAt(claims, ['client_id'])), 'client_id: not one of clientIds');
    const defaultUse = ACCESS_TOKEN_TYPE.test(typ) ? 'access' : undefined;
    const isAccessToken = (valueAt(claims, ['token_use']) ?? defaultUse) === 'access';
    demand(audience.length > 0 || isAccessToken, 'token_use: not an access token');
  }
  const unmet = unmetTest(require, claims);
  demand(!unmet, `require: ${unmet?.name} does not hold`);
  // Without `iat`, the token's life that is left must not be longer than its whole life may be.
  const age = iat === undefined ? exp - now - CLOCK_TOLERANCE_SECONDS : now - iat;
  demand(age <= maxTokenAge, 'iat: older than maxTokenAge');
}
