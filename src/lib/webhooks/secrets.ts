import { createPublicKey, createSecretKey, hash, type KeyObject } from 'node:crypto';

import { isSoundPoint } from '../auth/verification-keys.ts';
import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { attempt, SettingError } from '../config/setting-error.ts';
import type { KeyForm } from './kinds.ts';
import { decode, MIN_SECRET_BYTES } from './proof.ts';

/** The secrets of entries, ready for use. What is wrong with one never quotes it. */

/** @typeParam T what it is verified with */
interface Secret<T> {
  readonly value: T;
  /** One of them is the same in two secrets if a sender who knows one could stand in for the other. */
  readonly identities: readonly string[];
}

/** Reads the members of `secrets` or `sha256` of an entry, without those that are wrong. */
export type ReadSecrets = <T>(members: readonly string[], read: (text: string) => Secret<T>) => T[];

/**
 * Makes what reads the secrets of each entry. A secret that an earlier entry has is wrong: its sender could sign as the
 * other.
 *
 * @param reasons gets what is wrong with a secret
 */
export function secretReader(env: Environment, reasons: string[]): (id: string) => ReadSecrets {
  const holders = new Map<string, string>();
  return (id) => (members, read) =>
    members.flatMap((member, index) => {
      const make = () => {
        const { value, identities } = read(resolveSecret(member, env));
        const holder = identities.map((one) => holders.get(one)).find((one) => one !== undefined);
        if (holder !== undefined) {
          throw new SettingError(`is the same as an earlier one of "${holder}"`);
        }
        for (const identity of identities) holders.set(identity, id);
        return [value];
      };
      const note = (reason: string) => reasons.push(`"${id}", secret ${index + 1}: ${reason}`);
      return attempt(make, note) ?? [];
    });
}

/** The block of SHA-256, to which HMAC fills a key up with zeros (RFC 2104). */
const HMAC_BLOCK = 64;

/** @throws SettingError */
export function toKey(text: string, form: KeyForm = 'utf8'): Secret<KeyObject> {
  const isPublic = form === 'standard' && text.startsWith('whpk_');
  const bytes = isPublic ? base64After('whpk_', text) : secretBytes(text, form);
  const value = isPublic ? toPublicKey(bytes) : createSecretKey(bytes);
  // Keys that differ in zeros at the end alone make the same signatures. The text too: an entry of another kind may use
  // it as it is written, or know its digest.
  const padded = Buffer.concat([bytes], Math.max(bytes.length, HMAC_BLOCK)).toString('hex');
  return { value, identities: [padded, hash('sha256', text)] };
}

function toPublicKey(bytes: Buffer): KeyObject {
  if (bytes.length !== 32) throw new SettingError('must be 32 bytes after whpk_');
  if (!isSoundPoint(bytes)) throw new SettingError('is not a usable Ed25519 public key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return createPublicKey({ key: jwk, format: 'jwk' });
}

function secretBytes(text: string, form: KeyForm): Buffer {
  const isStandard = form === 'standard';
  if (isStandard && text.startsWith('whsk_')) {
    throw new SettingError('is a private key, which only its sender may hold: give the whpk_ key');
  }
  const prefix = (isStandard || form === 'whsec') && text.startsWith('whsec_') ? 'whsec_' : '';
  if (isStandard && prefix === '') throw new SettingError('must begin with whsec_ or whpk_');
  const isBase64 = prefix !== '' || form === 'base64';
  const bytes = isBase64 ? base64After(prefix, text) : Buffer.from(text);
  if (isStandard && (bytes.length < 24 || bytes.length > HMAC_BLOCK)) {
    throw new SettingError('must be 24 to 64 bytes after whsec_');
  }
  if (bytes.length >= MIN_SECRET_BYTES) return bytes;
  throw new SettingError(`must have at least ${MIN_SECRET_BYTES} bytes`);
}

function base64After(prefix: string, text: string): Buffer {
  const bytes = decode(text.slice(prefix.length), 'base64');
  if (bytes) return bytes;
  throw new SettingError(`must be standard base64, with padding${prefix && `, after ${prefix}`}`);
}
