import { createHmac, hash, timingSafeEqual, type KeyObject } from 'node:crypto';

import type { HeaderFields } from '../http/message.ts';
import type { HmacScheme } from './kinds.ts';
import type { Proof } from './sender-proof.ts';
import {
  decodeBase64,
  MAX_HEADER_BYTES,
  MAX_SIGNATURES,
  MESSAGE_ID,
  timestampFault,
} from './signature-form.ts';

/** What is wrong with the proof of a request, in a few words for the log. */
export class NotProven extends Error {}

export interface SignedRequest {
  readonly headers: HeaderFields;
  /** The raw bytes. */
  readonly body: Buffer;
}

/**
 * Verifies that the sender of the entry sent the request.
 *
 * @param proof of another kind than Standard Webhooks
 * @param nowMs milliseconds since the epoch
 * @returns why it is not proven, in a few words for the log; `undefined` if it is
 */
export function whyNotProven(
  proof: Exclude<Proof, { readonly by: 'standard' }>,
  request: SignedRequest,
  nowMs: number,
): string | undefined {
  try {
    if (proof.by === 'hmac') verifyHmac(proof.scheme, proof.keys, request, nowMs);
    else verifySecret(proof.via, proof.digests, request.headers);
    return undefined;
  } catch (error) {
    if (error instanceof NotProven) return error.message;
    throw error;
  }
}

/**
 * Verifies that one of the keys made one of the HMAC-SHA256 signatures. What is cheap comes first; the body is
 * not looked into.
 *
 * @param nowMs milliseconds since the epoch
 * @throws NotProven
 */
export function verifyHmac(
  scheme: HmacScheme,
  keys: readonly KeyObject[],
  { headers, body }: SignedRequest,
  nowMs: number,
): void {
  const items = itemsOf(scheme, onlyValue(headers, scheme.header));
  const signatures = signaturesIn(scheme, items);
  const timestamp = timestampOf(scheme, headers, items);
  const fault = timestamp === undefined ? undefined : timestampFault(timestamp, nowMs, scheme);
  if (fault !== undefined) throw new NotProven(`the timestamp ${fault}`);
  const id = scheme.id && onlyValue(headers, scheme.id.header);
  if (id !== undefined && !MESSAGE_ID.test(id)) throw new NotProven('the id is malformed');
  const content = fill(scheme.signed, body, id, timestamp);
  const isMade = keys.some((key) => {
    const expected = createHmac('sha256', key).update(content).digest();
    return signatures.some((signature) => timingSafeEqual(expected, signature));
  });
  if (!isMade) throw new NotProven('no signature is of a configured secret');
}

function onlyValue(headers: HeaderFields, name: string): string {
  const [value, another] = headers.get(name.toLowerCase()) ?? [];
  if (value === undefined) throw new NotProven(`${name} is missing`);
  if (another !== undefined) throw new NotProven(`${name} is repeated`);
  return value;
}

function itemsOf({ split }: HmacScheme, field: string): string[] {
  if (Buffer.byteLength(field) > MAX_HEADER_BYTES) throw new NotProven('the field is too long');
  return split === undefined ? [field] : field.split(split).map((item) => item.trim());
}

/** An item of another form is skipped, so that senders may add versions. */
function signaturesIn({ prefix = '', encoding, timestamp }: HmacScheme, items: readonly string[]) {
  const part = timestamp && 'part' in timestamp ? timestamp.part : undefined;
  const found = items
    .filter((item) => item !== '' && item.startsWith(prefix))
    .filter((item) => part === undefined || !item.startsWith(part));
  if (found.length > MAX_SIGNATURES) throw new NotProven('there are too many signatures');
  const signatures = found.flatMap((item) => decode(item.slice(prefix.length), encoding) ?? []);
  if (signatures.length === 0) throw new NotProven('there is no well-formed signature');
  return signatures;
}

function decode(text: string, encoding: HmacScheme['encoding']): Buffer | undefined {
  if (encoding === 'hex') return /^[0-9a-f]{64}$/.test(text) ? Buffer.from(text, 'hex') : undefined;
  const bytes = decodeBase64(text);
  return bytes?.length === 32 ? bytes : undefined;
}

function timestampOf(
  { timestamp }: HmacScheme,
  headers: HeaderFields,
  items: readonly string[],
): string | undefined {
  if (!timestamp) return undefined;
  if ('header' in timestamp) return onlyValue(headers, timestamp.header);
  const { part } = timestamp;
  const [found, another] = items.filter((item) => item.startsWith(part));
  if (found === undefined || another !== undefined) throw new NotProven('not one timestamp');
  return found.slice(part.length);
}

/** `{body}` is found before anything is put in: nothing that was sent can move it. */
function fill(template: string, body: Buffer, id = '', timestamp = ''): Buffer {
  const [before = '', after = ''] = template.split('{body}');
  const put = (text: string): Buffer =>
    Buffer.from(text.replaceAll('{id}', () => id).replaceAll('{timestamp}', () => timestamp));
  return Buffer.concat([put(before), body, put(after)]);
}

/** A shorter static secret can be guessed, whatever is configured. */
const MIN_BYTES = 16;

/**
 * Verifies that the request presents a static secret that has one of the digests.
 *
 * @param via `bearer`, `basic` (the secret is `user:password`), or the name of a header field
 * @param digests SHA-256
 * @throws NotProven
 */
export function verifySecret(via: string, digests: readonly Buffer[], headers: HeaderFields): void {
  const secret = presented(via, headers);
  if (secret === undefined) throw new NotProven(`no credentials in the form "${via}"`);
  if (secret.length < MIN_BYTES) throw new NotProven(`shorter than ${MIN_BYTES} bytes`);
  const digest = hash('sha256', secret, 'buffer');
  if (!digests.some((one) => timingSafeEqual(one, digest))) throw new NotProven('unknown secret');
}

function presented(via: string, headers: HeaderFields): Buffer | undefined {
  if (via !== 'bearer' && via !== 'basic') return Buffer.from(onlyValue(headers, via));
  // The scheme's name is case-insensitive (RFC 9110, 11.1).
  const [, scheme, credentials] =
    /^(\w+) +(\S+) *$/.exec(onlyValue(headers, 'authorization')) ?? [];
  if (credentials === undefined || scheme?.toLowerCase() !== via) return undefined;
  return via === 'basic' ? decodeBase64(credentials) : Buffer.from(credentials);
}
