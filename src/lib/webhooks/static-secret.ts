import { hash, timingSafeEqual } from 'node:crypto';

import type { HeaderFields } from '../http/message.ts';
import { decodeBase64 } from './base64.ts';
import { NotProven, onlyValue } from './not-proven.ts';

/** The verifier of static secrets: only their SHA-256 is configured. */

/** A shorter secret can be guessed, whatever is configured. */
const MIN_BYTES = 16;

/**
 * Verifies that the request presents a secret that has one of the digests.
 *
 * @param via `bearer`, `basic` (the secret is `user:password`), or the name of a header field
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
