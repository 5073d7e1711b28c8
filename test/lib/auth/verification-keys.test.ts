import { generateKeyPairSync } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import {
  matchingKeys,
  toVerificationKey,
  type VerificationKey,
} from '../../../src/lib/auth/verification-keys.ts';
import { createKey } from '../../support/jwt.ts';

const rsa = createKey('RS256', 'r');
const ec = createKey('ES256', 'e');
const okp = createKey('EdDSA', 'o');

function keyOf(jwk: unknown): VerificationKey {
  const key = toVerificationKey(jwk);
  if (key.fault !== undefined) throw new Error(key.fault);
  return key;
}

function withoutAlg(jwk: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const { alg: _, ...rest } = jwk;
  return rest;
}

describe('a JWK', () => {
  it.each<[string, string[]]>([
    ['RS256', ['RS256', 'RS384', 'RS512', 'PS256', 'PS384', 'PS512']],
    ['ES256', ['ES256']],
    ['ES384', ['ES384']],
    ['ES512', ['ES512']],
    ['EdDSA', ['EdDSA', 'Ed25519']],
  ])(
    'of the kind that %s needs serves what its kind can do, and only its own alg if it has one',
    (alg, all) => {
      const { jwk } = createKey(alg, 'k');
      expect(keyOf(withoutAlg(jwk)).algorithms).toEqual(all);
      expect(keyOf(jwk)).toMatchObject({
        algorithms: [alg],
        kid: 'k',
        key: { type: 'public' },
      });
    },
  );

  it('may say that it is for verifying signatures, or nothing of that', () => {
    const { use: _, ...plain } = ec.jwk;
    expect(keyOf(plain).algorithms).toEqual(['ES256']);
    expect(keyOf({ ...plain, key_ops: ['verify'] }).algorithms).toEqual(['ES256']);
  });

  it('may have an empty list of other primes, which says nothing', () => {
    expect(keyOf({ ...rsa.jwk, oth: [] }).algorithms).toEqual(['RS256']);
    expect(keyOf({ ...ec.jwk, oth: [] }).algorithms).toEqual(['ES256']);
  });

  it('without a kid has none', () => {
    expect(keyOf({ ...ec.jwk, kid: undefined }).kid).toBeUndefined();
  });

  const weak = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey.export({
    format: 'jwk',
  });
  const x25519 = generateKeyPairSync('x25519').publicKey.export({ format: 'jwk' });
  const secp256k1 = generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).publicKey.export({
    format: 'jwk',
  });
  it.each<[string, unknown]>([
    ['null', null],
    ['a list', [ec.jwk]],
    ['a string', 'key'],
    ['an object without members', {}],
    ['a symmetric key', { kty: 'oct', k: 'c2VjcmV0' }],
    ['a private RSA key', rsa.privateKey.export({ format: 'jwk' })],
    ['a private EC key', ec.privateKey.export({ format: 'jwk' })],
    ['a private Ed25519 key', okp.privateKey.export({ format: 'jwk' })],
    ['a private member that is null', { ...ec.jwk, d: null }],
    ['other primes', { ...rsa.jwk, oth: [{ r: 'AQ' }] }],
    ['other primes that are no list', { ...rsa.jwk, oth: {} }],
    ['other primes that are null', { ...rsa.jwk, oth: null }],
    [
      'other primes nested deeper than JSON can be written',
      { ...rsa.jwk, oth: JSON.parse('['.repeat(100_000) + ']'.repeat(100_000)) },
    ],
    ['an RSA key of 1024 bits', weak],
    ['an RSA key with an exponent of 1', { ...rsa.jwk, e: 'AQ' }],
    ['a key for encryption', { ...ec.jwk, use: 'enc' }],
    ['operations without verify', { ...ec.jwk, key_ops: ['sign'] }],
    ['operations that are no list', { ...ec.jwk, key_ops: 'verify' }],
    ['a kid that is a number', { ...ec.jwk, kid: 1 }],
    ['an alg that its kind cannot do', { ...ec.jwk, alg: 'ES384' }],
    ['an alg for HMAC', { ...rsa.jwk, alg: 'HS256' }],
    ['an alg that is a number', { ...ec.jwk, alg: 256 }],
    ['a key for key agreement', x25519],
    ['a curve that no algorithm here uses', secp256k1],
    ['a point that is not on the curve', { ...ec.jwk, x: ec.jwk['y'], y: ec.jwk['x'] }],
    ['the neutral point', { kty: 'OKP', crv: 'Ed25519', x: `AQ${'A'.repeat(41)}` }],
    ['a point of small order', { kty: 'OKP', crv: 'Ed25519', x: 'A'.repeat(43) }],
    ['an unknown kty', { ...ec.jwk, kty: 'XX' }],
  ])('is refused: %s', (_name, jwk) => {
    const { algorithms, key, fault } = toVerificationKey(jwk);
    expect([algorithms, key, fault]).toEqual([[], undefined, expect.any(String)]);
  });

  it('is refused without a word of what is in it', () => {
    const jwk = { ...ec.jwk, x: 'visible-value' };
    expect(toVerificationKey(jwk).fault).toBe('is not a usable public key');
  });
});

describe('the choice of a key', () => {
  const keys = [rsa.jwk, ec.jwk, { ...createKey('ES256', 'e2').jwk }, withoutAlg(okp.jwk)].map(
    keyOf,
  );

  it('goes by kid and algorithm', () => {
    expect(matchingKeys(keys, { alg: 'RS256', kid: 'r' })).toEqual([keys[0]?.key]);
    expect(matchingKeys(keys, { alg: 'ES256', kid: 'e' })).toEqual([keys[1]?.key]);
    expect(matchingKeys(keys, { alg: 'Ed25519', kid: 'o' })).toEqual([keys[3]?.key]);
  });

  it('finds nothing where the kid is another key’s or nobody’s', () => {
    expect(matchingKeys(keys, { alg: 'RS256', kid: 'e' })).toEqual([]);
    expect(matchingKeys(keys, { alg: 'RS256', kid: '' })).toEqual([]);
    expect(matchingKeys(keys, { alg: 'RS256', kid: '__proto__' })).toEqual([]);
  });

  it('without a kid gives all that can do the algorithm', () => {
    expect(matchingKeys(keys, { alg: 'RS256', kid: undefined })).toHaveLength(1);
    expect(matchingKeys(keys, { alg: 'ES256', kid: undefined })).toHaveLength(2);
    expect(matchingKeys(keys, { alg: 'PS256', kid: undefined })).toHaveLength(0);
  });

  const twice = [ec.jwk, { ...ec.jwk }, withoutAlg(ec.jwk), { ...ec.jwk, kid: 'alias' }].map(keyOf);
  it.each([undefined, 'e', 'alias'])(
    'finds one key that stands in the set twice, by kid %s',
    (kid) => {
      expect(matchingKeys(twice, { alg: 'ES256', kid })).toHaveLength(1);
    },
  );

  it('leaves out the key under which a signature has failed', () => {
    const except = keys[1]?.key;
    if (!except) throw new Error('no second key');
    expect(matchingKeys(twice, { alg: 'ES256', kid: 'e', except })).toEqual([]);
    expect(matchingKeys(keys, { alg: 'ES256', kid: undefined, except })).toEqual([keys[2]?.key]);
  });
});
