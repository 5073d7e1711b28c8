import { createPublicKey, createSecretKey, type KeyObject } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import { isSoundPoint } from '../auth/ed25519-point.ts';
import type { WebhookSenderEntry } from '../auth/entries.ts';
import { toOwnGrant } from '../auth/grants.ts';
import type { Principal } from '../auth/principal.ts';

/** A secret and the version of signature it checks; a `KeyObject` shows nothing when logged or serialised. */
export interface WebhookSecret {
  readonly version: 'v1' | 'v1a';
  readonly key: KeyObject;
}

export interface WebhookSender {
  readonly principal: Principal;
  readonly secrets: readonly WebhookSecret[];
}

/** A request without a valid signature costs one HMAC for each secret, or four checks for each public key. */
const MAX_SECRETS = 100;
const MAX_PUBLIC_KEYS = 10;

/** The block of SHA-256, to which HMAC fills a key up with zeros (RFC 2104): the longest secret there is. */
const HMAC_BLOCK = 64;

/**
 * Makes the configured entries ready for use: `whsec_` secrets (HMAC-SHA256, 24 to 64 bytes) and
 * `whpk_` public keys (Ed25519, 32 bytes), both in base64, as Standard Webhooks writes them
 * ("Signature scheme"); each directly or as `env:NAME`.
 *
 * @throws SettingError with every reason; names senders and positions, never a value
 */
export function toWebhookSenders(
  entries: readonly WebhookSenderEntry[],
  env: Environment,
): readonly WebhookSender[] {
  const reasons: string[] = [];
  const ids = new Set<string>();
  const holders = new Map<string, string>();
  const senders = entries.map((entry): WebhookSender => {
    if (ids.has(entry.id)) reasons.push(`"${entry.id}" is the id of two senders`);
    ids.add(entry.id);
    const secrets = entry.secrets.flatMap((member, index) => {
      try {
        return [toSecret(resolveSecret(member, env), entry.id, holders)];
      } catch (error) {
        if (!(error instanceof SettingError)) throw error;
        reasons.push(...error.reasons.map((why) => `"${entry.id}", secret ${index + 1}: ${why}`));
        return [];
      }
    });
    return { principal: toPrincipal(entry), secrets };
  });
  reasons.push(...excess(entries, senders));
  if (reasons.length > 0) throw new SettingError(...reasons);
  return senders;
}

function toPrincipal(entry: WebhookSenderEntry): Principal {
  return {
    id: `hook:${entry.id}`,
    scheme: 'webhook',
    grants: [toOwnGrant(entry, ['tasks:cancel'])],
    basis: 'scope',
    ...(entry.rate && { rate: entry.rate }),
  };
}

function toSecret(text: string, sender: string, holders: Map<string, string>): WebhookSecret {
  const { secret, identity } = parseSecret(text);
  const holder = holders.get(identity);
  // With one secret for two, a sender could sign as the other.
  if (holder !== undefined) throw new SettingError(`is the same as an earlier one of "${holder}"`);
  holders.set(identity, sender);
  return secret;
}

function parseSecret(text: string): { secret: WebhookSecret; identity: string } {
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

function toSymmetric(bytes: Buffer): ReturnType<typeof parseSecret> {
  if (bytes.length < 24 || bytes.length > HMAC_BLOCK) {
    throw new SettingError('must be 24 to 64 bytes after whsec_');
  }
  // Secrets that differ in zeros at the end alone make the same signatures.
  const identity = Buffer.concat([bytes], HMAC_BLOCK).toString('hex');
  return { secret: { version: 'v1', key: createSecretKey(bytes) }, identity };
}

function toAsymmetric(bytes: Buffer): ReturnType<typeof parseSecret> {
  if (bytes.length !== 32) throw new SettingError('must be 32 bytes after whpk_');
  if (!isSoundPoint(bytes)) throw new SettingError('is not a usable Ed25519 public key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  return {
    secret: { version: 'v1a', key: createPublicKey({ key: jwk, format: 'jwk' }) },
    identity: jwk.x,
  };
}

/**
 * Gives the bytes of standard base64 (RFC 4648, section 4) with padding and no stray bits, else
 * `undefined`: Node's own decoder also takes base64url, blanks and any other characters in between.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}

function excess(
  entries: readonly WebhookSenderEntry[],
  senders: readonly WebhookSender[],
): string[] {
  const found: string[] = [];
  const secrets = entries.flatMap((entry) => entry.secrets);
  const publicKeys = senders
    .flatMap((sender) => sender.secrets)
    .filter(({ version }) => version === 'v1a');
  if (secrets.length > MAX_SECRETS) found.push(`has more than ${MAX_SECRETS} secrets in all`);
  if (publicKeys.length > MAX_PUBLIC_KEYS)
    found.push(`has more than ${MAX_PUBLIC_KEYS} whpk_ keys in all`);
  return found;
}
