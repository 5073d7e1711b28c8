import { createPublicKey, type KeyObject } from 'node:crypto';

import { faultsIn } from '../config/setting-error.ts';
import { isJsonObject, type JsonObject } from './json-pointer.ts';

/** JSON Web Keys (RFC 7517) as keys that can verify, and the choice among them. */

/** A key, or what a set has in the place of one (RFC 7517 section 5). */
export interface VerificationKey {
  readonly kid?: string | undefined;
  /** The algorithms that this key can serve; a key's own `alg` leaves that one alone. */
  readonly algorithms: readonly string[];
  /** Neither JSON nor `inspect` can show what is in it. */
  readonly key?: KeyObject;
  /** Why it cannot verify, and is left out: follows on the words "the key …", and holds nothing that was received. */
  readonly fault?: string | undefined;
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

/** Makes a key of a JWK that may verify signatures (RFC 7517 section 4); of any other, one with a `fault`. */
export function toVerificationKey(jwk: unknown): VerificationKey {
  const members = isJsonObject(jwk) ? jwk : {};
  const { use = 'sig', key_ops: operations = ['verify'], oth = [], alg } = members;
  const kid = typeof members['kid'] === 'string' ? members['kid'] : undefined;
  const key = importKey(members);
  const { namedCurve, modulusLength = 2048, publicExponent = 3n } = key?.asymmetricKeyDetails ?? {};
  const all = ALGORITHMS_OF_TYPE.get(namedCurve ?? key?.asymmetricKeyType) ?? [];
  const algorithms = all.filter((name) => alg === undefined || alg === name);
  const [fault] = faultsIn({
    'is not an object': !isJsonObject(jwk),
    // Some providers write `oth: []`.
    'has private members':
      PRIVATE_MEMBERS.some((name) => Object.hasOwn(members, name)) ||
      !(Array.isArray(oth) && oth.length === 0),
    'is not for signatures': use !== 'sig',
    'is not for verifying': !Array.isArray(operations) || !operations.includes('verify'),
    'has a kid that is no string': kid !== members['kid'],
    'is not a usable public key': !key,
    // RFC 7518 section 3.3.
    'is an RSA key of less than 2048 bits': modulusLength < 2048,
    // If the exponent is 1, the padded text is its own signature: anybody could sign.
    'is an RSA key with an exponent of less than 3': publicExponent < 3n,
    'fits no algorithm that is supported': algorithms.length === 0,
  });
  return fault === undefined && key ? { kid, algorithms, key } : { kid, algorithms: [], fault };
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

/** Makes keys of the members of a JWK Set, but for those for encryption, which Keycloak and others also publish. */
export const toKeySet = (jwks: readonly unknown[]): VerificationKey[] =>
  jwks.filter((jwk) => Object(jwk).use !== 'enc').map(toVerificationKey);

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
    const isNamed = kid === undefined || kid === ownKid || key?.type === 'secret';
    const isNew = key && ![except, ...found].some((other) => other?.equals(key));
    if (isNamed && isNew && algorithms.includes(alg)) found.push(key);
    // More are of no use, and a hostile set may have thousands.
    if (found.length === 2) break;
  }
  return found;
}

/** The field and the constant of the curve Ed25519 (RFC 8032, section 5.1). */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/**
 * Whether 32 bytes are the encoding of a point of Ed25519 (RFC 8032, section 5.1.3) that is not of small order. OpenSSL
 * asks neither: a point off the curve verifies nothing, and under one of small order anybody can sign. For y = 1, one
 * fixed signature is valid for every message.
 */
export function isSoundPoint(bytes: Uint8Array): boolean {
  const littleEndian = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  // The highest bit is the sign of x.
  const y = littleEndian & (2n ** 255n - 1n);
  if (y >= P) return false;
  const y2 = (y * y) % P;
  // On the curve x² = u / v, which has a solution if and only if u · v is a square (Euler's criterion).
  const u = y2 - 1n;
  const v = D * y2 + 1n;
  // Order 1 or 2: u = 0. Order 4: y = 0. Order 8: the doubled point has y = 0, so x² = -y².
  const smallOrder = y * u * (u + y2 * v);
  return smallOrder % P !== 0n && power((u * v) % P, (P - 1n) / 2n) === 1n;
}

/** `base` to the power of `exponent`, modulo P. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const rest = power((base * base) % P, exponent >> 1n);
  return exponent & 1n ? (rest * base) % P : rest;
}
