import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

import { isSoundPoint } from '../auth/ed25519-point.ts';
import { SettingError } from '../config/setting-error.ts';
import { decodeBase64 } from './base64.ts';

/** A secret and the version of signature it checks; a `KeyObject` shows nothing when logged or serialised. */
export interface WebhookSecret {
  readonly version: 'v1' | 'v1a';
  readonly key: KeyObject;
}

/** The block of SHA-256, to which HMAC fills a key up with zeros (RFC 2104). */
const HMAC_BLOCK = 64;

/** A secret that is ready for use, and what two secrets have in common if they are the same to HMAC. */
export interface Made<Secret> {
  readonly secret: Secret;
  readonly identity: string;
}

/**
 * Reads a secret as Standard Webhooks writes it ("Signature scheme"): `whsec_` (HMAC-SHA256, 24 to 64 bytes)
 * or `whpk_` (an Ed25519 public key, 32 bytes), both in base64.
 *
 * @throws SettingError
 */
export function parseStandardSecret(text: string): Made<WebhookSecret> {
  const prefix = text.slice(0, text.indexOf('_') + 1);
  if (prefix === 'whsk_') {
    throw new SettingError('is a private key, which only its sender may hold: give the whpk_ key');
  }
  if (prefix !== 'whsec_' && prefix !== 'whpk_') {
    throw new SettingError('must begin with whsec_ or whpk_');
  }
  const bytes = decodeBase64(text.slice(prefix.length));
  if (!bytes) throw new SettingError(`must be standard base64, with padding, after ${prefix}`);
  return prefix === 'whsec_' ? toSymmetric(bytes) : toAsymmetric(bytes);
}

function toSymmetric(bytes: Buffer): Made<WebhookSecret> {
  if (bytes.length < 24 || bytes.length > HMAC_BLOCK) {
    throw new SettingError('must be 24 to 64 bytes after whsec_');
  }
  return { secret: { version: 'v1', key: createSecretKey(bytes) }, identity: hmacIdentity(bytes) };
}

/** Keys that differ in zeros at the end alone make the same signatures. */
export function hmacIdentity(bytes: Buffer): string {
  return Buffer.concat([bytes], Math.max(bytes.length, HMAC_BLOCK)).toString('hex');
}

function toAsymmetric(bytes: Buffer): Made<WebhookSecret> {
  if (bytes.length !== 32) throw new SettingError('must be 32 bytes after whpk_');
  if (!isSoundPoint(bytes)) throw new SettingError('is not a usable Ed25519 public key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return {
    secret: { version: 'v1a', key: createPublicKey({ key: jwk, format: 'jwk' }) },
    identity: jwk.x,
  };
}
