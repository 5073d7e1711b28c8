import type { KeyObject } from 'node:crypto';

import { JwksUnavailable } from './fetch-jwks.ts';
import { InvalidToken } from './invalid-token.ts';
import type { JsonObject } from './json-object.ts';
import { createJwks, type FindKeys, type JwksOptions } from './jwks.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import { matchingKeys } from './verification-keys.ts';

export type TokenHeader = JsonObject & { readonly alg: string };

/**
 * Finds the key to verify a token with, by a header whose `alg` is one of the issuer's.
 *
 * @param failed the key under which the signature has failed: another one is looked for then
 * @throws InvalidToken if the header is not acceptable, or not exactly one key matches
 * @throws JwksUnavailable if that cannot be known now
 */
export type FindSigningKey = (
  header: TokenHeader,
  signal: AbortSignal,
  failed?: KeyObject,
) => Promise<KeyObject>;

/** RFC 9068 section 4, RFC 8725 section 3.11; media types are compared in any case. */
const TOKEN_TYPES = new Set(['jwt', 'at+jwt', 'application/at+jwt']);

/**
 * Makes the function for an issuer. It takes the issuer's own keys alone: it never looks at the keys that
 * a header brings along (`jwk`, `jku`, `x5c`, `x5u`; RFC 8725 section 3.10).
 */
export function createSigningKeyFinder(
  { keys }: JwtIssuer,
  options: JwksOptions = {},
): FindSigningKey {
  const findKeys = toFindKeys(keys, options);
  return async (header, signal, failed) => {
    const query = { alg: header.alg, kid: acceptedKid(header), ...(failed && { except: failed }) };
    const [key, ...others] = await findKeys(query, signal).catch((error: unknown) => {
      if (!signal.aborted || error instanceof JwksUnavailable) throw error;
      throw new JwksUnavailable('the request ended before it arrived', { cause: error });
    });
    if (!key) throw new InvalidToken('no key matches its header');
    if (others.length > 0) throw new InvalidToken('more than one key matches its header');
    return key;
  };
}

function toFindKeys(keys: JwtIssuer['keys'], options: JwksOptions): FindKeys {
  if (keys.kind === 'remote') return createJwks(keys, options);
  if (keys.kind === 'static') return async (query) => matchingKeys(keys.keys, query);
  return async ({ except }) => (except ? [] : [keys.key]);
}

/** Refuses every extension (`crit`, RFC 7515 section 4.1.11; `b64`, RFC 7797 section 6) and foreign types. */
function acceptedKid(header: TokenHeader): string | undefined {
  const { typ, kid } = header;
  if (Object.hasOwn(header, 'crit') || Object.hasOwn(header, 'b64')) {
    throw new InvalidToken('its header has crit or b64');
  }
  if (typ !== undefined && !(typeof typ === 'string' && TOKEN_TYPES.has(typ.toLowerCase()))) {
    throw new InvalidToken('its header has another typ');
  }
  if (kid !== undefined && typeof kid !== 'string') throw new InvalidToken('its kid is no string');
  return kid;
}
