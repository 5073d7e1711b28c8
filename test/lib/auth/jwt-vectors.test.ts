import { createSecretKey } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';
import { compactVerify } from 'jose';

import type { KeySource } from '../../../src/lib/auth/jwt-issuers.ts';
import { createSigningKeyFinder, decodeCompact } from '../../../src/lib/auth/jwt.ts';
import { ASYMMETRIC_ALGORITHMS, toKeySet } from '../../../src/lib/auth/verification-keys.ts';

/**
 * Public vectors are signatures, not tokens: nearly none has claims, an issuer, or an expiry. So what is
 * compared is the part of the authenticator that ends with the signature: its check of the form, its
 * choice of the key from the vector's JWKs (with all pinned algorithms of their kind), and jose's
 * verification with that key and those algorithms, as `jwt.ts` calls it.
 */

type Jwk = Readonly<Record<string, unknown>>;
interface Group {
  readonly file: string;
  readonly comment: string;
  readonly keys: readonly Jwk[];
  readonly tests: readonly {
    tcId: number;
    comment: string;
    jws: string;
    result: 'valid' | 'invalid';
  }[];
}
interface RfcVectors {
  readonly vectors: readonly { name: string; alg: string; jwk: Jwk; jws: string }[];
  readonly unsecured: string;
}

const never = new AbortController().signal;
const FIXTURES = new URL('../../fixtures/jose/', import.meta.url);
const rfc: RfcVectors = JSON.parse(read('rfc.json'));
const wycheproof: { groups: readonly Group[] } = JSON.parse(read('wycheproof.json'));

function read(name: string): string {
  return readFileSync(new URL(name, FIXTURES), 'utf8');
}

async function accepts(jwks: readonly Jwk[], jws: string): Promise<boolean> {
  const keys = toSource(jwks);
  if (!keys) return false;
  const findKey = createSigningKeyFinder({ id: 'vectors', keys });
  const isSecret = 'length' in keys && keys[0]?.key?.type === 'secret';
  const algorithms = isSecret ? ['HS256'] : [...ASYMMETRIC_ALGORITHMS];
  try {
    decodeCompact(jws);
    await compactVerify(jws, (header) => findKey(header, never), { algorithms });
    return true;
  } catch {
    return false;
  }
}

/** One symmetric key as a secret; public keys as a JWKS, those left out that cannot be used. */
function toSource(jwks: readonly Jwk[]): KeySource | undefined {
  const [first] = jwks;
  if (jwks.length === 1 && first?.['kty'] === 'oct') {
    const secret = Buffer.from(String(first['k']), 'base64url');
    const key = createSecretKey(secret);
    return secret.length < 32 ? undefined : [{ algorithms: ['HS256'], key }];
  }
  return toKeySet(jwks);
}

describe('the examples of RFC 7515, RFC 7519 and RFC 8037', () => {
  it.each(rfc.vectors)('$name holds, and no longer once changed', async ({ jwk, jws }) => {
    expect(await accepts([jwk], jws)).toBe(true);
    const [header, payload, signature] = jws.split('.');
    expect(await accepts([jwk], `${header}.A${payload?.slice(1)}.${signature}`)).toBe(false);
  });

  it('RFC 7515 A.5, which is unsecured, does not hold with any key', async () => {
    for (const { jwk } of rfc.vectors) expect(await accepts([jwk], rfc.unsecured)).toBe(false);
  });
});

/** Where the gateway and Wycheproof differ, each one looked at. */
const DIFFERENCES = new Map([
  // Refused here, valid there.
  [
    'json_web_signature_test 346',
    'the JWK says PS256 and the header PS384: a JWK’s alg is binding here',
  ],
  ['json_web_signature_test 350', 'the same'],
  ['json_web_signature_test 347', 'the JWK says ES521, which is no algorithm'],
  ['json_web_signature_test 351', 'the same'],
  ['json_web_signature_test 372', 'a "?" in the header: no base64url (RFC 7515 section 2)'],
  ['json_web_signature_test 373', 'a "?" in the payload: the same'],
  ['json_web_key_test 2', 'a set of several secrets: an issuer has one here'],
  ['json_web_key_test 14', 'HS384 is not offered'],
  ['json_web_key_test 15', 'HS512 is not offered'],
  // Taken here, invalid there.
  ['json_web_signature_test 367', 'the same text as number 357, which is valid there'],
  ['json_web_signature_test 370', 'the same'],
  [
    'json_web_key_test 7',
    'the ROCA weakness of the key is not looked for: the issuer chooses its keys',
  ],
  [
    'json_web_key_test 25',
    'the secret’s JWK is for AES: a secret is configured as text here, without a use',
  ],
  ['json_web_key_test 26', 'the same'],
]);

describe('Wycheproof', () => {
  it('agrees on all 427 vectors but those that are listed', async () => {
    const differing: string[] = [];
    let count = 0;
    for (const { file, keys, tests } of wycheproof.groups) {
      for (const { tcId, jws, result } of tests) {
        count += 1;
        const expected = result === 'valid';
        if ((await accepts(keys, jws)) !== expected) differing.push(`${file} ${tcId}`);
      }
    }
    expect(count).toBe(427);
    expect(differing.toSorted()).toEqual([...DIFFERENCES.keys()].toSorted());
  });
});
