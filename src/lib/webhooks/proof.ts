import { createHmac, hash, timingSafeEqual, verify, type KeyObject } from 'node:crypto';

import { WEBHOOK_CHALLENGE, type Principal } from '../auth/principal.ts';
import type { HeaderFields } from '../http/message.ts';
import { Problem } from '../problems.ts';
import type { SignatureScheme } from './kinds.ts';

/** How senders prove that they sent a request: by a signature of its body, or by a static secret. */

export type Proof =
  | ({ readonly by: 'signature'; readonly scheme: SignatureScheme } & Signer)
  | ({ readonly by: 'secret' } & StaticSecret);

/** Public keys are Ed25519's, all others make HMACs. A `KeyObject` shows nothing when logged or serialised. */
export interface Signer {
  readonly keys: readonly KeyObject[];
}

export interface StaticSecret {
  /** `bearer`, `basic` (the secret is `user:password`), or the name of a header field in lower case. */
  readonly via: string;
  /** SHA-256. */
  readonly digests: readonly Buffer[];
}

export interface ReceivedRequest {
  readonly headers: HeaderFields;
  /** The raw bytes. */
  readonly body: Buffer;
}

/** The same for every failure but for its `reason`, for the log. */
export function notProven(reason: string): Problem {
  const detail =
    'The request does not prove that a sender of this gateway sent it. Each sender proves itself as its entry says: by a current signature of the body, or by a secret in a header field.';
  return new Problem('unauthenticated', { detail, reason, headers: WEBHOOK_CHALLENGE });
}

/**
 * Verifies that the sender of an entry sent the request.
 *
 * @param nowMs milliseconds since the epoch
 * @throws Problem `unauthenticated`, whose reason names the sender
 */
export function verifySender(
  { principal, proof }: { readonly principal: Principal; readonly proof: Proof },
  request: ReceivedRequest,
  nowMs: number,
): void {
  try {
    if (proof.by === 'secret') verifySecret(proof, request.headers);
    else findSigner(proof.scheme, [proof], request, nowMs);
  } catch (error) {
    throw error instanceof Problem ? notProven(`${principal.id}: ${error.reason}`) : error;
  }
}

/**
 * Finds the first signer one of whose keys made one of the signatures (Standard Webhooks, "Verifying signatures";
 * the other forms: docs/webhooks/). What is cheap to check comes first; the body is not looked into.
 *
 * @param nowMs milliseconds since the epoch
 * @throws Problem `unauthenticated`
 */
export function findSigner<One extends Signer>(
  row: SignatureScheme,
  signers: readonly One[],
  { headers, body }: ReceivedRequest,
  nowMs: number,
): One {
  const { alias = row } = row;
  const scheme = headers.has(alias.header) && !headers.has(row.header) ? alias : row;
  const items = itemsOf(scheme, onlyValue(headers, scheme.header));
  const id = scheme.id && onlyValue(headers, scheme.id.header);
  if (id !== undefined && !MESSAGE_ID.test(id)) throw notProven('the id is malformed');
  const timestamp = timestampOf(scheme, headers, items);
  if (timestamp !== undefined) checkTimestamp(timestamp, nowMs, scheme);
  const signatures = signaturesIn(scheme, items);
  const content = fill(scheme.signed, body, id, timestamp);
  const signer = signers.find(({ keys }) => keys.some((key) => signs(key, content, signatures)));
  if (!signer) throw notProven('no signature is of a configured secret');
  return signer;
}

function onlyValue(headers: HeaderFields, name: string): string {
  const [value, another] = headers.get(name.toLowerCase()) ?? [];
  if (value === undefined) throw notProven(`${name} is missing`);
  if (another !== undefined) throw notProven(`${name} is repeated`);
  return value;
}

const MAX_FIELD_BYTES = 4096;

function itemsOf({ split }: SignatureScheme, field: string): string[] {
  if (Buffer.byteLength(field) > MAX_FIELD_BYTES) throw notProven('the field is too long');
  return split === undefined ? [field] : field.split(split).map((item) => item.trim());
}

/** `.` and `:` stand between parts of what is signed: no id and no timestamp has them. */
const MESSAGE_ID = /^[A-Za-z0-9_-]{1,128}$/;
const TIMESTAMP = /^(0|[1-9]\d{0,14})$/;

function timestampOf(
  { timestamp: { header, part } = {} }: SignatureScheme,
  headers: HeaderFields,
  items: readonly string[],
): string | undefined {
  if (header !== undefined) return onlyValue(headers, header);
  if (part === undefined) return undefined;
  const [found, another] = items.filter((item) => item.startsWith(part));
  if (found === undefined || another !== undefined) throw notProven('not one timestamp');
  return found.slice(part.length);
}

/**
 * The age of a timestamp in seconds counts in whole seconds, as it is cut to them itself: so the libraries of
 * Standard Webhooks count too.
 */
function checkTimestamp(
  timestamp: string,
  nowMs: number,
  { unit = 's', tolerance = 300 }: SignatureScheme,
): void {
  if (!TIMESTAMP.test(timestamp)) throw notProven('the timestamp is malformed');
  const sent = Number(timestamp);
  const age = unit === 's' ? Math.floor(nowMs / 1000) - sent : (nowMs - sent) / 1000;
  if (age > tolerance) throw notProven('the timestamp is too old');
  if (age < -tolerance) throw notProven('the timestamp is too new');
}

/** The well-formed signatures of a request. */
type Signatures = Readonly<Record<'hmac' | 'ed25519', readonly Buffer[]>>;

const MAX_SIGNATURES = 8;
const MAX_ED25519 = 4;

/** An item of another form is skipped, so that senders may add versions. */
function signaturesIn(scheme: SignatureScheme, items: readonly string[]): Signatures {
  const { prefix = '', encoding, timestamp: { part } = {}, ed25519 } = scheme;
  const found = items.filter(
    (item) => item !== '' && (part === undefined || !item.startsWith(part)),
  );
  const after = (start: string): string[] =>
    found.filter((item) => item.startsWith(start)).map((item) => item.slice(start.length));
  const byKey = ed25519 === undefined ? [] : after(ed25519);
  if (found.length > MAX_SIGNATURES) throw notProven('there are too many signatures');
  if (byKey.length > MAX_ED25519) throw notProven('there are too many Ed25519 signatures');
  const decoded = (texts: readonly string[], length: number): Buffer[] =>
    texts.flatMap((text) => decode(text, encoding) ?? []).filter((one) => one.length === length);
  const signatures = { hmac: decoded(after(prefix), 32), ed25519: decoded(byKey, 64) };
  if (signatures.hmac.length + signatures.ed25519.length > 0) return signatures;
  throw notProven('there is no well-formed signature');
}

/**
 * Gives the bytes of lower-case hex, or of standard base64 (RFC 4648, section 4) with padding and no stray bits, else
 * `undefined`: Node's own decoder also takes base64url, blanks and whatever else stands between.
 */
export function decode(text: string, encoding: SignatureScheme['encoding']): Buffer | undefined {
  const bytes = Buffer.from(text, encoding);
  return text !== '' && bytes.toString(encoding) === text ? bytes : undefined;
}

/** `{body}` is found before anything is put in: nothing that was sent can move it. */
function fill(template: string, body: Buffer, id = '', timestamp = ''): Buffer {
  const [before = '', after = ''] = template.split('{body}');
  const put = (text: string): Buffer =>
    Buffer.from(text.replaceAll('{id}', () => id).replaceAll('{timestamp}', () => timestamp));
  return Buffer.concat([put(before), body, put(after)]);
}

/** Each key checks signatures of its own algorithm alone; one HMAC serves all of them. */
function signs(key: KeyObject, content: Buffer, { hmac, ed25519 }: Signatures): boolean {
  if (key.type === 'public') return ed25519.some((one) => verify(null, content, key, one));
  if (hmac.length === 0) return false;
  const expected = createHmac('sha256', key).update(content).digest();
  return hmac.some((one) => timingSafeEqual(expected, one));
}

/** A shorter secret can be guessed. A static one is refused whatever is configured. */
export const MIN_SECRET_BYTES = 16;

/** Verifies that the request presents the secret. @throws Problem `unauthenticated` */
export function verifySecret({ via, digests }: StaticSecret, headers: HeaderFields): void {
  const secret = presented(via, headers);
  if (secret === undefined) throw notProven(`no credentials in the form "${via}"`);
  if (secret.length < MIN_SECRET_BYTES) throw notProven(`shorter than ${MIN_SECRET_BYTES} bytes`);
  const digest = hash('sha256', secret, 'buffer');
  if (!digests.some((one) => timingSafeEqual(one, digest))) throw notProven('unknown secret');
}

function presented(via: string, headers: HeaderFields): Buffer | undefined {
  if (via !== 'bearer' && via !== 'basic') return Buffer.from(onlyValue(headers, via));
  // The scheme's name is case-insensitive (RFC 9110, 11.1).
  const [, scheme, credentials] =
    /^(\w+) +(\S+) *$/.exec(onlyValue(headers, 'authorization')) ?? [];
  if (credentials === undefined || scheme?.toLowerCase() !== via) return undefined;
  return via === 'basic' ? decode(credentials, 'base64') : Buffer.from(credentials);
}
