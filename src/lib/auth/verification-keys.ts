import { isSoundPoint } from '../ed25519-point.ts';
import { createPublicKey, type KeyObject } from 'node:crypto';

import { isJsonObject, type JsonObject } from './json-pointer.ts';

/** JSON Web Keys (RFC 7517) as keys that can verify, and the choice among them. */

export interface VerificationKey {
  readonly kid?: string | undefined;
  /** The algorithms that this key can serve; a key's own `alg` leaves that one alone. */
  readonly algorithms: readonly string[];
  /** Neither JSON nor `inspect` can show what is in it. */
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

const ALGORITHMS_OF_TYPE = new Map<string | undefined, readonly string[]>([
  ['rsa', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
  ['prime256v1', ['ES256']],
  ['secp384r1', ['ES384']],
  ['secp521r1', ['ES512']],
  ['ed25519', ['EdDSA', 'Ed25519']],
]);
export const ASYMMETRIC_ALGORITHMS = [...ALGORITHMS_OF_TYPE.values()].flat();

const PRIVATE_MEMBERS = ['d', 'p', 'q', 'dp', 'dq', 'qi', 'k', 'priv'];

/**
 * Makes a key of a JWK that may verify signatures (RFC 7517 section 4).
 *
 * @returns or the reason why it cannot, which holds nothing of it
 */
export function toVerificationKey(jwk: unknown): VerificationKey | string {
  if (!isJsonObject(jwk)) return 'is not an object';
  const { use = 'sig', key_ops: operations = ['verify'], oth: otherPrimes = [], kid, alg } = jwk;
  const isSecret = PRIVATE_MEMBERS.some((name) => Object.hasOwn(jwk, name));
  // Some providers write `oth: []`.
  if (isSecret || JSON.stringify(otherPrimes) !== '[]') return 'has private members';
  if (use !== 'sig') return 'is not for signatures';
  if (!Array.isArray(operations) || !operations.includes('verify')) return 'is not for verifying';
  if (kid !== undefined && typeof kid !== 'string') return 'has a kid that is no string';
  const key = importKey(jwk);
  if (!key) return 'is not a usable public key';
  const { namedCurve, modulusLength = 2048, publicExponent = 3n } = key.asymmetricKeyDetails ?? {};
  // RFC 7518 section 3.3.
  if (modulusLength < 2048) return 'is an RSA key of less than 2048 bits';
  // If the exponent is 1, the padded text is its own signature: anybody could sign.
  if (publicExponent < 3n) return 'is an RSA key with an exponent of less than 3';
  const all = ALGORITHMS_OF_TYPE.get(namedCurve ?? key.asymmetricKeyType) ?? [];
  const algorithms = all.filter((name) => alg === undefined || alg === name);
  return algorithms.length > 0 ? { kid, algorithms, key } : 'fits no algorithm that is supported';
}

function importKey(jwk: JsonObject): KeyObject | undefined {
  try {
    const key = createPublicKey({ key: { ...jwk }, format: 'jwk' });
    const isPoint = key.asymmetricKeyType === 'ed25519';
    const isSound = !isPoint || isSoundPoint(Buffer.from(String(jwk['x']), 'base64url'));
    return isSound ? key : undefined;
  } catch {
    // Node's own message may quote a member.
    return undefined;
  }
}

/** Makes keys of the members of a JWK Set. */
export function toKeySet(jwks: readonly unknown[]): KeySet {
  const keys: VerificationKey[] = [];
  const leftOut: LeftOutKey[] = [];
  for (const jwk of jwks) {
    const { use, kid } = isJsonObject(jwk) ? jwk : {};
    // Keycloak and others also publish a key for encryption, which is of no use here.
    if (use === 'enc') continue;
    const key = toVerificationKey(jwk);
    if (typeof key !== 'string') keys.push(key);
    else leftOut.push({ kid: typeof kid === 'string' ? kid : undefined, reason: key });
  }
  return { keys, leftOut };
}

/** What a token's header says of the key that signed it. */
export interface KeyQuery {
  readonly alg: string;
  readonly kid: unknown;
  /** A key under which the token's signature has failed: it does not match any more. */
  readonly except?: KeyObject | undefined;
}

/**
 * Gives the keys that a token with this header can have been signed with (RFC 7515 section 4.1.4): a shared secret
 * whatever its `kid`. A key that stands twice in the set is one key.
 */
export function matchingKeys(
  keys: readonly VerificationKey[],
  { alg, kid, except }: KeyQuery,
): readonly KeyObject[] {
  const found: KeyObject[] = [];
  for (const { algorithms, kid: ownKid, key } of keys) {
    const isNamed = kid === undefined || kid === ownKid || key.type === 'secret';
    const isNew = ![except, ...found].some((other) => other?.equals(key));
    if (isNamed && isNew && algorithms.includes(alg)) found.push(key);
    // More than one is of no use.
    if (found.length === 2) break;
  }
  return found;
}
