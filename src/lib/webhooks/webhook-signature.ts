import { createHmac, timingSafeEqual, verify } from 'node:crypto';

import { header, type HeaderFields } from '../http/message.ts';
import { Problem } from '../problems.ts';
import { WEBHOOK_CHALLENGE } from '../auth/challenge.ts';
import type { Principal } from '../auth/principal.ts';
import { decodeBase64 } from './base64.ts';
import type { WebhookSecret } from './standard-secrets.ts';
import type { WebhookSender } from './webhook-senders.ts';

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
  return {
    id: field('id'),
    timestamp: field('timestamp'),
    signature: field('signature'),
    body,
  };
}

/** The decoded signatures that a header carries, of the two versions that the gateway knows. */
interface Signatures {
  readonly v1: readonly Buffer[];
  readonly v1a: readonly Buffer[];
}

const TOLERANCE_SECONDS = 300;
const MAX_HEADER_BYTES = 4096;
const MAX_SIGNATURES = 8;
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
  senders: readonly Pick<WebhookSender, 'principal' | 'secrets'>[],
  message: WebhookMessage,
  nowMs: number,
): Principal {
  const { id, timestamp, signature, body } = message;
  if (id === undefined || timestamp === undefined || signature === undefined) {
    throw refused('webhook-id, webhook-timestamp or webhook-signature is missing');
  }
  if (!/^[A-Za-z0-9_-]{1,128}$/.test(id)) throw refused('webhook-id is malformed');
  checkTimestamp(timestamp, nowMs);
  const signatures = parseSignatures(signature);
  const content = Buffer.concat([Buffer.from(`${id}.${timestamp}.`), body]);
  const sender = senders.find(({ secrets }) =>
    secrets.some((secret) => matches(secret, content, signatures)),
  );
  if (!sender) throw refused('no signature is of a configured secret');
  return sender.principal;
}

/** Age in whole seconds, as the timestamp itself is cut to them: so the specification's own libraries count. */
function checkTimestamp(timestamp: string, nowMs: number): void {
  if (!/^(0|[1-9]\d{0,14})$/.test(timestamp)) throw refused('webhook-timestamp is malformed');
  const age = Math.floor(nowMs / 1000) - Number(timestamp);
  if (age > TOLERANCE_SECONDS) throw refused('webhook-timestamp is too old');
  if (age < -TOLERANCE_SECONDS) throw refused('webhook-timestamp is too new');
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
