import { createHmac, timingSafeEqual, type KeyObject } from 'node:crypto';

import type { HeaderFields } from '../http/message.ts';
import { decodeBase64 } from './base64.ts';
import type { HmacScheme } from './kinds.ts';
import { NotProven, onlyValue } from './not-proven.ts';

/** The one verifier of HMAC-SHA256 signatures, whatever their form. */

const MAX_HEADER_BYTES = 4096;
const MAX_SIGNATURES = 8;
const TOLERANCE_SECONDS = 300;

/** `.` and `:` stand between parts of what is signed: no id and no timestamp has them. */
const ID = /^[A-Za-z0-9_-]{1,128}$/;
const TIMESTAMP = /^(0|[1-9]\d{0,14})$/;

export interface SignedRequest {
  readonly headers: HeaderFields;
  /** The raw bytes. */
  readonly body: Buffer;
}

/**
 * Verifies that one of the keys made one of the signatures. What is cheap comes first; the body is not looked
 * into.
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
  if (timestamp !== undefined) checkTimestamp(scheme, timestamp, nowMs);
  const id = scheme.id && onlyValue(headers, scheme.id.header);
  if (id !== undefined && !ID.test(id)) throw new NotProven('the id is malformed');
  const content = fill(scheme.signed, { id, timestamp }, body);
  const isMade = keys.some((key) => {
    const expected = createHmac('sha256', key).update(content).digest();
    return signatures.some((signature) => timingSafeEqual(expected, signature));
  });
  if (!isMade) throw new NotProven('no signature is of a configured secret');
}

function itemsOf({ split }: HmacScheme, field: string): string[] {
  if (Buffer.byteLength(field) > MAX_HEADER_BYTES) throw new NotProven('the field is too long');
  return split === undefined ? [field] : field.split(split).map((item) => item.trim());
}

/** An item of another form is skipped, so that senders may add versions. */
function signaturesIn({ prefix = '', encoding, timestamp }: HmacScheme, items: readonly string[]) {
  const part = timestamp && 'part' in timestamp ? timestamp.part : undefined;
  const texts = items
    .filter((item) => item !== '' && item.startsWith(prefix))
    .filter((item) => part === undefined || !item.startsWith(part))
    .map((item) => item.slice(prefix.length));
  if (texts.length > MAX_SIGNATURES) throw new NotProven('there are too many signatures');
  const signatures = texts.flatMap((text) => decode(text, encoding) ?? []);
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

/** Age in whole seconds, as a timestamp in seconds is cut to them itself. */
function checkTimestamp(
  { unit = 's', tolerance = TOLERANCE_SECONDS }: HmacScheme,
  timestamp: string,
  nowMs: number,
): void {
  if (!TIMESTAMP.test(timestamp)) throw new NotProven('the timestamp is malformed');
  const age =
    unit === 's'
      ? Math.floor(nowMs / 1000) - Number(timestamp)
      : (nowMs - Number(timestamp)) / 1000;
  if (Math.abs(age) > tolerance) {
    throw new NotProven(`the timestamp is too ${age > 0 ? 'old' : 'new'}`);
  }
}

type Filling = Readonly<Record<'id' | 'timestamp', string | undefined>>;

/** `{body}` is found before anything is put in: nothing that was sent can move it. */
function fill(template: string, { id = '', timestamp = '' }: Filling, body: Buffer): Buffer {
  const [before = '', after = ''] = template.split('{body}');
  const put = (text: string): Buffer =>
    Buffer.from(text.replaceAll('{id}', () => id).replaceAll('{timestamp}', () => timestamp));
  return Buffer.concat([put(before), body, put(after)]);
}
