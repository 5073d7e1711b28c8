import type { HmacScheme } from './kinds.ts';

/** What the signatures of all kinds have in common. */

export const MAX_HEADER_BYTES = 4096;
export const MAX_SIGNATURES = 8;

/** `.` and `:` stand between parts of what is signed: no id and no timestamp has them. */
export const MESSAGE_ID = /^[A-Za-z0-9_-]{1,128}$/;
const TIMESTAMP = /^(0|[1-9]\d{0,14})$/;

/**
 * Says what is wrong with a timestamp; `undefined` if nothing is. The age of one in seconds counts in whole
 * seconds, as it is cut to them itself: so the libraries of Standard Webhooks count too.
 *
 * @param nowMs milliseconds since the epoch
 */
export function timestampFault(
  timestamp: string,
  nowMs: number,
  { unit = 's', tolerance = 300 }: Pick<HmacScheme, 'unit' | 'tolerance'> = {},
): string | undefined {
  if (!TIMESTAMP.test(timestamp)) return 'is malformed';
  const age =
    unit === 's'
      ? Math.floor(nowMs / 1000) - Number(timestamp)
      : (nowMs - Number(timestamp)) / 1000;
  if (Math.abs(age) <= tolerance) return undefined;
  return age > 0 ? 'is too old' : 'is too new';
}

/**
 * Gives the bytes of standard base64 (RFC 4648, section 4) with padding and no stray bits, else
 * `undefined`: Node's own decoder also takes base64url, blanks and whatever else stands between.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}
