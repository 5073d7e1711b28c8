import { createPublicKey, type KeyObject } from 'node:crypto';

import { isJsonObject, type JsonObject } from './json-object.ts';

/** JSON Web Keys (RFC 7517) as keys that can verify, and the choice among them. */

export interface VerificationKey {
  readonly kid?: string;
  /** Those that this key can serve; a key's own `alg` leaves that one alone. */
  readonly algorithms: readonly string[];
  readonly key: KeyObject;
}

/** What a token's header says of the key that it was signed with. */
export interface KeyQuery {
  readonly alg: string;
  readonly kid: string | undefined;
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
const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'oth', 'k', 'priv'];

/**
 * Makes a key of a public JWK.
 *
 * @throws UnusableKey unless it is a public key that may verify signatures (RFC 7517 section 4) and
 *   is strong enough (RFC 7518 section 3.3: RSA of 2048 bits)
 */
export function toVerificationKey(jwk: unknown): VerificationKey {
  if (!isJsonObject(jwk)) throw new UnusableKey('is not an object');
  const { use, key_ops: operations, kid, alg } = jwk;
  if (PRIVATE_MEMBERS.some((member) => Object.hasOwn(jwk, member))) {
    throw new UnusableKey('has private members');
  }
  if (use !== undefined && use !== 'sig') throw new UnusableKey('is not for signatures');
  if (operations !== undefined && !(Array.isArray(operations) && operations.includes('verify'))) {
    throw new UnusableKey('is not for verifying');
  }
  if (kid !== undefined && typeof kid !== 'string')
    throw new UnusableKey('has a kid that is no string');
  const key = importKey(jwk);
  const algorithms = algorithmsOf(key).filter((name) => alg === undefined || alg === name);
  if (algorithms.length === 0) throw new UnusableKey('fits no algorithm that is supported');
  return { ...(kid !== undefined && { kid }), algorithms, key };
}

/** The keys that a token with this header can have been signed with (RFC 7515 section 4.1.4). */
export function matchingKeys(
  keys: readonly VerificationKey[],
  { alg, kid }: KeyQuery,
): readonly KeyObject[] {
  return keys
    .filter(
      (candidate) =>
        candidate.algorithms.includes(alg) && (kid === undefined || candidate.kid === kid),
    )
    .map(({ key }) => key);
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
  const { namedCurve, modulusLength, publicExponent } = key.asymmetricKeyDetails ?? {};
  if (modulusLength !== undefined && modulusLength < 2048) {
    throw new UnusableKey('is an RSA key of less than 2048 bits');
  }
  // With an exponent of 1 the padded text is its own signature: anybody could sign.
  if (publicExponent !== undefined && publicExponent < 3n) {
    throw new UnusableKey('is an RSA key with an exponent of less than 3');
  }
  return ALGORITHMS_OF_TYPE.get(namedCurve ?? key.asymmetricKeyType) ?? [];
}
