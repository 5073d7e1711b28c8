import { createPublicKey, type KeyObject } from 'node:crypto';

import { isJsonObject, type JsonObject } from './json-pointer.ts';

/** JSON Web Keys (RFC 7517) as keys that can verify, and the choice among them. */

export interface VerificationKey {
  readonly kid?: string | undefined;
  /** The algorithms that this key can serve; a key's own `alg` leaves that one alone. */
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/** The keys of a set that can verify, and those that were left out, as RFC 7517 section 5 has it. */
export interface KeySet {
  readonly keys: readonly VerificationKey[];
  readonly leftOut: readonly LeftOutKey[];
}

/** `reason` follows on the words "the key …" and holds nothing that was received. */
export interface LeftOutKey {
  readonly kid: string | undefined;
  readonly reason: string;
}

/** What a token's header says of the key that signed it. */
export interface KeyQuery {
  readonly alg: string;
  readonly kid: unknown;
  /** A key under which the token's signature has failed: it does not match any more. */
  readonly except?: KeyObject | undefined;
}

/** A JWK that cannot verify. The message never holds a part of it. */
export class UnusableKey extends Error {}

const ALGORITHMS_OF_TYPE = new Map<string | undefined, readonly string[]>([
  ['rsa', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
]);
export const ASYMMETRIC_ALGORITHMS = [...ALGORITHMS_OF_TYPE.values()].flat();

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Makes a key of a public JWK. Some providers write `oth: []`, which says nothing.
 *
 * @throws UnusableKey unless it is a public key that may verify signatures (RFC 7517 section 4) and is strong enough
 *   (RFC 7518 section 3.3: RSA of 2048 bits)
 */
export function toVerificationKey(jwk: unknown): VerificationKey {
  if (!isJsonObject(jwk)) throw new UnusableKey('is not an object');
  const { use, key_ops: operations = ['verify'], kid, alg, oth } = jwk;
  const isEmpty = Array.isArray(oth) && oth.length === 0;
  const secrets = PRIVATE_MEMBERS.filter((name) => Object.hasOwn(jwk, name));
  demand(
    secrets.every((name) => name === 'oth' && isEmpty),
    'has private members',
  );
  demand(use === undefined || use === 'sig', 'is not for signatures');
  demand(Array.isArray(operations) && operations.includes('verify'), 'is not for verifying');
  demand(kid === undefined || typeof kid === 'string', 'has a kid that is no string');
  const key = importKey(jwk);
  const algorithms = algorithmsOf(key).filter((name) => alg === undefined || alg === name);
  demand(algorithms.length > 0, 'fits no algorithm that is supported');
  return { kid, algorithms, key };
}

function importKey(jwk: JsonObject): KeyObject {
  try {
    return createPublicKey({ key: { ...jwk }, format: 'jwk' });
  } catch {
    // Node's own message may quote a member.
    throw new UnusableKey('is not a usable public key');
  }
}

function algorithmsOf(key: KeyObject): readonly string[] {
  const { namedCurve, modulusLength = 2048, publicExponent = 3n } = key.asymmetricKeyDetails ?? {};
  demand(modulusLength >= 2048, 'is an RSA key of less than 2048 bits');
  // If the exponent is 1, the padded text is its own signature: anybody could sign.
  demand(publicExponent >= 3n, 'is an RSA key with an exponent of less than 3');
  return ALGORITHMS_OF_TYPE.get(namedCurve ?? key.asymmetricKeyType) ?? [];
}

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new UnusableKey(otherwise);
}

/** Makes keys of the members of a JWK Set. */
export function toKeySet(jwks: readonly unknown[]): KeySet {
  const keys: VerificationKey[] = [];
  const leftOut: LeftOutKey[] = [];
  for (const jwk of jwks) {
    const { use, kid } = isJsonObject(jwk) ? jwk : {};
    // Keycloak and others also publish a key for encryption, which is of no use here.
    if (use === 'enc') continue;
    try {
      keys.push(toVerificationKey(jwk));
    } catch (error) {
      if (!(error instanceof UnusableKey)) throw error;
      leftOut.push({ kid: typeof kid === 'string' ? kid : undefined, reason: error.message });
    }
  }
  return { keys, leftOut };
}

/**
 * Gives the keys that a token with this header can have been signed with (RFC 7515 section 4.1.4). A key that stands
 * twice in the set is one key.
 */
export function matchingKeys(
  keys: readonly VerificationKey[],
  { alg, kid, except }: KeyQuery,
): readonly KeyObject[] {
  const found: KeyObject[] = [];
  for (const { algorithms, kid: ownKid, key } of keys) {
    const fits = algorithms.includes(alg) && (kid === undefined || ownKid === kid);
    if (fits && ![except, ...found].some((other) => other?.equals(key))) found.push(key);
  }
  return found;
}
