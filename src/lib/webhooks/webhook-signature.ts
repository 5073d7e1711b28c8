import {
  createHmac,
  createPublicKey,
  createSecretKey,
  timingSafeEqual,
  verify,
  type KeyObject,
} from 'node:crypto';

import { WEBHOOK_CHALLENGE, type Principal } from '../auth/principal.ts';
import { SettingError } from '../config/setting-error.ts';
import { header, type HeaderFields } from '../http/message.ts';
import { Problem } from '../problems.ts';
import { isSoundPoint } from '../ed25519-point.ts';
import {
  decodeBase64,
  MAX_HEADER_BYTES,
  MAX_SIGNATURES,
  MESSAGE_ID,
  timestampFault,
} from './signature-form.ts';

/** Standard Webhooks: its secrets and its signatures. */

/** A secret and the version of signature it checks; a `KeyObject` shows nothing when logged or serialised. */
export interface WebhookSecret {
  readonly version: 'v1' | 'v1a';
  readonly key: KeyObject;
}

/**
 * Reads a secret as Standard Webhooks writes it ("Signature scheme"): `whsec_` (HMAC-SHA256, 24 to 64 bytes)
 * or `whpk_` (an Ed25519 public key, 32 bytes), both in base64.
 *
 * @returns what two secrets have in common if they make the same signatures, as `identity`
 * @throws SettingError
 */
export function parseStandardSecret(text: string): { secret: WebhookSecret; identity: string } {
  const prefix = text.slice(0, text.indexOf('_') + 1);
  if (prefix === 'whsk_') {
    throw new SettingError('is a private key, which only its sender may hold: give the whpk_ key');
  }
  if (prefix !== 'whsec_' && prefix !== 'whpk_') {
    throw new SettingError('must begin with whsec_ or whpk_');
  }
  const bytes = decodeBase64(text.slice(prefix.length));
  if (!bytes) throw new SettingError(`must be standard base64, with padding, after ${prefix}`);
  if (prefix === 'whsec_') {
    if (bytes.length < 24 || bytes.length > HMAC_BLOCK) {
      throw new SettingError('must be 24 to 64 bytes after whsec_');
    }
    const secret = { version: 'v1', key: createSecretKey(bytes) } as const;
    return { secret, identity: hmacIdentity(bytes) };
  }
  if (bytes.length !== 32) throw new SettingError('must be 32 bytes after whpk_');
  if (!isSoundPoint(bytes)) throw new SettingError('is not a usable Ed25519 public key');
  const jwk = { kty: 'OKP', crv: 'Ed25519', x: bytes.toString('base64url') };
  const key = createPublicKey({ key: jwk, format: 'jwk' });
  return { secret: { version: 'v1a', key }, identity: jwk.x };
}

/** The block of SHA-256, to which HMAC fills a key up with zeros (RFC 2104). */
const HMAC_BLOCK = 64;

/** Keys that differ in zeros at the end alone make the same signatures. */
export function hmacIdentity(bytes: Buffer): string {
  return Buffer.concat([bytes], Math.max(bytes.length, HMAC_BLOCK)).toString('hex');
}

/** The three header fields as they came, and the bytes of the body as they came. */
export interface WebhookMessage {
  readonly id: string | undefined;
  readonly timestamp: string | undefined;
  readonly signature: string | undefined;
  readonly body: Buffer;
}

/** If `webhook-signature` is absent, Svix's own names of the three fields count. */
export function webhookMessage(headers: HeaderFields, body: Buffer): WebhookMessage {
  const prefix = headers.has('webhook-signature') ? 'webhook' : 'svix';
  const field = (name: string): string | undefined =>
    header(headers, `${prefix}-${name}`) ?? header(headers, `webhook-${name}`);
  return { id: field('id'), timestamp: field('timestamp'), signature: field('signature'), body };
}

/** The decoded signatures that a header carries. */
type Signatures = Record<WebhookSecret['version'], Buffer[]>;

/** A sender that signs as Standard Webhooks says. */
export interface SignedSender {
  readonly principal: Principal;
  readonly secrets: readonly WebhookSecret[];
}

const MAX_V1A = 4;
const SIGNATURE_BYTES = { v1: 32, v1a: 64 } as const;

/**
 * Finds the sender of a signed webhook (Standard Webhooks, "Verifying signatures"): the first, in
 * the order of the configuration, one of whose secrets made one of the signatures. What is cheap to
 * check comes first; the body is not looked into.
 *
 * @param nowMs milliseconds since the epoch
 * @throws Problem `unauthenticated`, the same for every failure but for its `reason`, for the log
 */
export function verifyWebhook(
  senders: readonly SignedSender[],
  message: WebhookMessage,
  nowMs: number,
): Principal {
  const { id, timestamp, signature, body } = message;
  if (id === undefined || timestamp === undefined || signature === undefined) {
    throw refused('webhook-id, webhook-timestamp or webhook-signature is missing');
  }
  if (!MESSAGE_ID.test(id)) throw refused('webhook-id is malformed');
  const fault = timestampFault(timestamp, nowMs);
  if (fault !== undefined) throw refused(`webhook-timestamp ${fault}`);
  const signatures = parseSignatures(signature);
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const sender = senders.find(({ secrets }) =>
    secrets.some((secret) => matches(secret, content, signatures)),
  );
  if (!sender) throw refused('no signature is of a configured secret');
  return sender.principal;
}

/** What cannot be a signature of a known version is skipped, so that senders may add versions. */
function parseSignatures(field: string): Signatures {
  if (Buffer.byteLength(field) > MAX_HEADER_BYTES) throw refused('webhook-signature is too long');
  const parts = field.split(' ').filter((part) => part !== '');
  if (parts.length > MAX_SIGNATURES) throw refused('webhook-signature has too many signatures');
  const v1a = parts.filter((part) => part.startsWith('v1a,'));
  if (v1a.length > MAX_V1A) throw refused('webhook-signature has too many v1a signatures');
  const found = { v1: decode('v1', parts), v1a: decode('v1a', v1a) };
  if (found.v1.length + found.v1a.length === 0) {
    throw refused('webhook-signature has no well-formed v1 or v1a signature');
  }
  return found;
}

function decode(version: keyof Signatures, parts: readonly string[]): Buffer[] {
  return parts.flatMap((part) => {
    if (!part.startsWith(`${version},`)) return [];
    const bytes = decodeBase64(part.slice(version.length + 1));
    return bytes?.length === SIGNATURE_BYTES[version] ? [bytes] : [];
  });
}

/** Each secret checks signatures of its own version alone; one HMAC serves all of them. */
function matches(secret: WebhookSecret, content: Buffer, signatures: Signatures): boolean {
  const candidates = signatures[secret.version];
  if (candidates.length === 0) return false;
  if (secret.version === 'v1a') {
    return candidates.some((candidate) => verify(null, content, secret.key, candidate));
  }
  const expected = createHmac('sha256', secret.key).update(content).digest();
  return candidates.some((candidate) => timingSafeEqual(expected, candidate));
}

function refused(reason: string): Problem {
  const detail =
    'Webhook-Id, Webhook-Timestamp and Webhook-Signature must be a current and valid signature of this body.';
  return new Problem('unauthenticated', { detail, reason, headers: WEBHOOK_CHALLENGE });
}
