import { createSecretKey, hash, type KeyObject } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import { decodeBase64 } from './base64.ts';
import { KINDS, type HmacScheme, type Kind } from './kinds.ts';
import type { WebhookSenderEntry } from './sender-entries.ts';
import { hmacIdentity, parseStandardSecret, type WebhookSecret } from './standard-secrets.ts';

/** How the deliveries of an entry are verified. */
export type Proof =
  | { readonly by: 'standard'; readonly secrets: readonly WebhookSecret[] }
  | { readonly by: 'hmac'; readonly scheme: HmacScheme; readonly keys: readonly KeyObject[] }
  | { readonly by: 'secret'; readonly via: string; readonly digests: readonly Buffer[] };

const MOST_SECRETS = 4;
const MIN_BYTES = 16;

/** What reads the entries of one setting. */
export interface Reading {
  readonly env: Environment;
  /** Throws SettingError if another entry has the same secret: a sender could then sign as the other. */
  readonly claim: (identities: readonly string[]) => void;
  readonly report: (reason: string) => void;
}

/** Makes the proof of an entry; what is wrong with it is reported, and never quotes a secret. */
export function toProof(entry: WebhookSenderEntry, reading: Reading): Proof {
  const { kind: name = 'standard-webhooks', secrets = [], sha256 = [] } = entry;
  const { report, claim } = reading;
  const kind: Kind = KINDS[name];
  for (const reason of misfits(entry, name, kind)) report(reason);
  if (name === 'standard-webhooks') {
    const made = readEach(secrets, reading, (text) => {
      const { secret, identity } = parseStandardSecret(text);
      claim([identity, ...(text.startsWith('whsec_') ? [hash('sha256', text)] : [])]);
      return secret;
    });
    return { by: 'standard', secrets: made };
  }
  if (secrets.length + sha256.length > MOST_SECRETS)
    report(`has more than ${MOST_SECRETS} secrets`);
  if (entry.sha256) {
    const digests = readEach(sha256, { ...reading, env: {} }, (text) => {
      claim([text]);
      return Buffer.from(text, 'hex');
    });
    return { by: 'secret', via: (entry.via ?? kind.via ?? '').toLowerCase(), digests };
  }
  const scheme = schemeOf(entry, kind);
  return {
    by: 'hmac',
    scheme,
    keys: readEach(secrets, reading, (text) => toKey(text, scheme, claim)),
  };
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
      for (const why of error.reasons) report(`secret ${index + 1}: ${why}`);
      return [];
    }
  });
}

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

/** Which of the members an entry of the kind must have, and which it may not. */
function misfits(entry: WebhookSenderEntry, name: string, kind: Kind): string[] {
  const { secrets, sha256, via, timestampHeader, hmac } = entry;
  const isGeneric = name === 'generic-hmac';
  const signs = isGeneric || kind.hmac !== undefined || name === 'standard-webhooks';
  const ways = [signs && 'secrets', kind.via && 'sha256'].filter(Boolean).join(' or ');
  const found: string[] = [];
  const check = (isWrong: boolean, reason: string): void => void (isWrong && found.push(reason));
  check(!secrets && !sha256, `must have ${ways}`);
  check(secrets !== undefined && sha256 !== undefined, 'must have one of secrets and sha256');
  check(secrets !== undefined && !signs, `cannot have secrets: kind ${name} does not sign`);
  check(sha256 !== undefined && !kind.via, `cannot have sha256: kind ${name} signs`);
  check(via !== undefined && !sha256, 'has via, which only goes with sha256');
  check(
    timestampHeader !== undefined && (!kind.signedWithTimestamp || !secrets),
    'has timestampHeader, which only goes with kind grafana and secrets',
  );
  check(isGeneric && !hmac, 'must have hmac');
  check(!isGeneric && hmac !== undefined, 'has hmac, which only goes with kind generic-hmac');
  return [...found, ...(hmac ? schemeFaults(hmac) : [])];
}

/** What is wrong with the scheme of a `generic-hmac` entry apart from its form. */
function schemeFaults({ signed, split, id, timestamp, unit, tolerance }: HmacScheme): string[] {
  const names = [...signed.matchAll(/\{(.*?)\}/g)].map(([, name]) => name);
  const count = (name: string): number => names.filter((one) => one === name).length;
  const rules: readonly (readonly [boolean, string])[] = [
    [count('body') === 1, 'must have {body} exactly once'],
    [count('timestamp') > 0 === (timestamp !== undefined), 'must have {timestamp} with timestamp'],
    [count('id') > 0 === (id !== undefined), 'must have {id} with id, and only then'],
    [!/\}\{/.test(signed), 'must have something between two placeholders'],
    [
      names.every((name) => /^(body|timestamp|id)$/.test(name ?? '')),
      'must have no other placeholder than {id}, {timestamp} and {body}',
    ],
  ];
  const faults = rules.filter(([holds]) => !holds).map(([, rule]) => `hmac.signed ${rule}`);
  if (timestamp && 'part' in timestamp && split === undefined) {
    faults.push('hmac.timestamp.part needs hmac.split');
  }
  if (!timestamp && (unit ?? tolerance) !== undefined) {
    faults.push('hmac.unit and hmac.tolerance need hmac.timestamp');
  }
  return faults;
}
