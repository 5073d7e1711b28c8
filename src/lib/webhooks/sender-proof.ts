import { createSecretKey, hash, type KeyObject } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import { KINDS, type HmacScheme, type Kind } from './kinds.ts';
import type { WebhookSenderEntry } from './sender-entries.ts';
import { decodeBase64 } from './signature-form.ts';
import { hmacIdentity, parseStandardSecret, type WebhookSecret } from './webhook-signature.ts';

/** How the deliveries of an entry are verified. */
export type Proof =
  | { readonly by: 'standard'; readonly secrets: readonly WebhookSecret[] }
  | { readonly by: 'hmac'; readonly scheme: HmacScheme; readonly keys: readonly KeyObject[] }
  | { readonly by: 'secret'; readonly via: string; readonly digests: readonly Buffer[] };

/** What reads the secrets of an entry. */
export interface Reading {
  readonly env: Environment;
  /** Throws SettingError if another entry has the same secret: a sender could then sign as the other. */
  readonly claim: (identities: readonly string[]) => void;
  /** @param position of the secret, from 1 */
  readonly report: (reason: string, position: number) => void;
}

/** Makes the proof of an entry; what is wrong with a secret is reported, and never quotes it. */
export function toProof(entry: WebhookSenderEntry, reading: Reading): Proof {
  const { kind: name = 'standard-webhooks', secrets = [], sha256 } = entry;
  const { claim } = reading;
  const kind: Kind = KINDS[name];
  if (name === 'standard-webhooks') {
    const made = readEach(secrets, reading, (text) => {
      const { secret, identity } = parseStandardSecret(text);
      claim([identity, ...(text.startsWith('whsec_') ? [hash('sha256', text)] : [])]);
      return secret;
    });
    return { by: 'standard', secrets: made };
  }
  if (sha256) {
    const digests = readEach(sha256, reading, (text) => {
      claim([text]);
      return Buffer.from(text, 'hex');
    });
    return { by: 'secret', via: (entry.via ?? kind.via ?? '').toLowerCase(), digests };
  }
  const scheme = schemeOf(entry, kind);
  const keys = readEach(secrets, reading, (text) => toKey(text, scheme, claim));
  return { by: 'hmac', scheme, keys };
}

function readEach<T>(
  members: readonly string[],
  { env, report }: Reading,
  read: (text: string) => T,
): T[] {
  return members.flatMap((member, index) => {
    try {
      return [read(resolveSecret(member, env))];
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      for (const why of error.reasons) report(why, index + 1);
      return [];
    }
  });
}

const MIN_BYTES = 16;

function toKey(text: string, { key = 'utf8' }: HmacScheme, claim: Reading['claim']): KeyObject {
  const prefix = key === 'whsec' && text.startsWith('whsec_') ? 'whsec_' : '';
  const isBase64 = key === 'base64' || prefix !== '';
  const bytes = isBase64 ? decodeBase64(text.slice(prefix.length)) : Buffer.from(text);
  if (!bytes) throw new SettingError(`must be standard base64, with padding, after "${prefix}"`);
  if (bytes.length < MIN_BYTES) throw new SettingError(`must have at least ${MIN_BYTES} bytes`);
  // The text too: an entry of another kind may use it as it is written, or know its digest.
  claim([hmacIdentity(bytes), hash('sha256', text)]);
  return createSecretKey(bytes);
}

function schemeOf({ hmac, timestampHeader }: WebhookSenderEntry, kind: Kind): HmacScheme {
  const scheme = hmac ?? kind.hmac ?? { header: '', signed: '{body}', encoding: 'hex' };
  if (timestampHeader === undefined) return scheme;
  const { signedWithTimestamp: signed = scheme.signed } = kind;
  return { ...scheme, signed, timestamp: { header: timestampHeader } };
}
