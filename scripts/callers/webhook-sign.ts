import {
  createHmac,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomBytes,
  sign,
  type KeyObject,
} from 'node:crypto';

import { decode } from '../../src/lib/webhooks/proof.ts';
import { badData } from '../cli/command-line.ts';

/** The sender's side of Standard Webhooks: for the tool, the demo and the tests. */
export interface UnsignedWebhook {
  readonly id: string;
  /** Seconds since the epoch, whole. */
  readonly timestamp: number;
  readonly body: string | Buffer;
}

/** DER of a PKCS #8 Ed25519 private key, up to its 32 bytes (RFC 8410, section 7). */
const PKCS8_ED25519 = Buffer.from('302e020100300506032b657004220420', 'hex');

/**
 * Gives the value of `Webhook-Signature`: one signature for each secret, `v1` for `whsec_`, `v1a`
 * for `whsk_` (32 bytes, or 64 with the public half, as Svix writes it).
 *
 * @throws CommandError 65 which never quotes a secret
 */
export function signWebhook(message: UnsignedWebhook, secrets: readonly string[]): string {
  const content = Buffer.concat([
    Buffer.from(`${message.id}.${message.timestamp}.`),
    Buffer.from(message.body),
  ]);
  return secrets.map((secret) => signatureOf(content, secret)).join(' ');
}

function signatureOf(content: Buffer, secret: string): string {
  const prefix = secret.slice(0, secret.indexOf('_') + 1);
  if (prefix !== 'whsec_' && prefix !== 'whsk_') {
    throw badData('the secret must begin with whsec_ or whsk_');
  }
  const bytes = decode(secret.slice(prefix.length), 'base64');
  if (!bytes) throw badData(`the secret must be standard base64, with padding, after ${prefix}`);
  if (prefix === 'whsk_')
    return `v1a,${sign(null, content, toPrivateKey(bytes)).toString('base64')}`;
  if (bytes.length < 24 || bytes.length > 64) {
    throw badData('the secret must be 24 to 64 bytes after whsec_');
  }
  return `v1,${createHmac('sha256', bytes).update(content).digest('base64')}`;
}

function toPrivateKey(bytes: Buffer): KeyObject {
  if (bytes.length !== 32 && bytes.length !== 64) {
    throw badData('the private key must be 32 or 64 bytes after whsk_');
  }
  const der = Buffer.concat([PKCS8_ED25519, bytes.subarray(0, 32)]);
  const key = createPrivateKey({ key: der, format: 'der', type: 'pkcs8' });
  if (bytes.length === 64 && !bytes.subarray(32).equals(rawPublicKey(key))) {
    throw badData('the two halves of the private key do not belong together');
  }
  return key;
}

/** The 32 bytes at the end of the DER of an Ed25519 public key. */
function rawPublicKey(key: KeyObject): Buffer {
  return createPublicKey(key).export({ format: 'der', type: 'spki' }).subarray(-32);
}

/** The header fields of a signed webhook. @throws CommandError 65 */
export function webhookHeaders(
  message: UnsignedWebhook,
  secrets: readonly string[],
): Record<string, string> {
  return {
    'Content-Type': 'application/json',
    'Webhook-Id': message.id,
    'Webhook-Timestamp': String(message.timestamp),
    'Webhook-Signature': signWebhook(message, secrets),
  };
}

/** The body that asks the gateway to cancel a task. `now` in milliseconds since the epoch. */
export function cancelTaskBody(
  task: { taskId: string; region?: string | undefined },
  now: number,
): string {
  const { taskId, region } = task;
  const data = { taskId, ...(region !== undefined && { region }) };
  return JSON.stringify({ type: 'task.cancel', timestamp: new Date(now).toISOString(), data });
}

/** A fresh secret for `v1`: 32 random bytes. */
export function newWebhookSecret(random: (size: number) => Buffer = randomBytes): string {
  return `whsec_${random(32).toString('base64')}`;
}

/** A fresh pair for `v1a`; the private key carries its public half, as Svix writes it. */
export function newWebhookKeyPair(): { privateKey: string; publicKey: string } {
  const { privateKey } = generateKeyPairSync('ed25519');
  const seed = privateKey.export({ format: 'der', type: 'pkcs8' }).subarray(-32);
  const raw = rawPublicKey(privateKey);
  return {
    privateKey: `whsk_${Buffer.concat([seed, raw]).toString('base64')}`,
    publicKey: `whpk_${raw.toString('base64')}`,
  };
}
