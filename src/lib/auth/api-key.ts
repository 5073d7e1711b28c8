import { hash, timingSafeEqual } from 'node:crypto';

import { Problem } from '../problems.ts';
import { SettingError } from '../config/setting-error.ts';
import type { ApiKeyEntry } from './entries.ts';
import { BEARER_CHALLENGE, type Principal } from './principal.ts';

interface ApiKey {
  readonly digest: Buffer;
  readonly principal: Principal;
  /** Milliseconds since the epoch; the key is good before it. */
  readonly expiresAt?: number | undefined;
}

/** Entries by the SHA-256 of the key in hexadecimal digits; no setting holds the key itself. */
export type ApiKeys = ReadonlyMap<string, ApiKey>;

/**
 * Makes the configured entries ready for use. An id may have several keys, so that a key can be replaced.
 *
 * @throws SettingError with every reason
 */
export function toApiKeys(entries: readonly ApiKeyEntry[]): ApiKeys {
  const keys = new Map<string, ApiKey>();
  const rates = new Map<string, string>();
  const reasons: string[] = [];
  const guessable = guessableDigests();
  for (const { id, sha256, scopes, rate, expires, ...restrictions } of entries) {
    const shownRate = JSON.stringify(rate ?? null);
    if (keys.has(sha256)) reasons.push(`"${id}" has a sha256 that an earlier entry has`);
    if (guessable.has(sha256)) reasons.push(`"${id}" ${GUESSABLE}`);
    if ((rates.get(id) ?? shownRate) !== shownRate) reasons.push(`"${id}" has two different rates`);
    rates.set(id, shownRate);
    const grants = [{ scopes, ...restrictions }];
    keys.set(sha256, {
      digest: Buffer.from(sha256, 'hex'),
      principal: { id: `key:${id}`, scheme: 'api-key', grants, basis: 'scope', rate },
      expiresAt: expires === undefined ? undefined : Date.parse(expires),
    });
  }
  if (reasons.length > 0) throw new SettingError(...reasons);
  return keys;
}

const GUESSABLE =
  'has the sha256 of nothing, of a placeholder or of an example: npm run key makes a key and the entry for it';

/** SHA-256 of the key that `npm start` prints, which is good for an emulator on the same machine alone. */
export const DEMO_KEY_SHA256 = 'd829e0afe04efde8a3adb28cfb539f925b43f59b7820b37cec20e686f10ff127';

/** What people hash in place of a key; the empty text is a variable that was not set. */
const PLACEHOLDERS =
  ' changeme change-me change_me test password secret key token api-key api_key apikey x-api-key your-key your_key ' +
  'your-api-key your_api_key my-key my-api-key example demo default admin hello null undefined none 123456 dlcgw_ ...';

/** Digests of the placeholders: also in capitals, and with the line break that `echo` writes. */
function guessableDigests(): ReadonlySet<string> {
  const texts = PLACEHOLDERS.split(' ').flatMap((text) => [text, text.toUpperCase()]);
  const digests = texts.flatMap((text) => [hash('sha256', text), hash('sha256', `${text}\n`)]);
  // Those of config/api-keys.example.json.
  return new Set([...digests, '0'.repeat(64), '1'.repeat(64)]);
}

/** Characters that a key must have; a shorter one can be guessed, and is refused even if an entry has its digest. */
const MIN_LENGTH = 20;

/**
 * Finds the principal of an API key: by its digest, whose look-up shows nothing of the key, then by a comparison that
 * takes the same time whichever bytes differ.
 *
 * @param now milliseconds since the epoch
 * @throws Problem `unauthenticated`
 */
export function authenticateApiKey(keys: ApiKeys, key: string, now: number): Principal {
  if (key.length < MIN_LENGTH) throw refused(`shorter than ${MIN_LENGTH} characters`);
  const digest = hash('sha256', key, 'buffer');
  const found = keys.get(digest.toString('hex'));
  if (!found || !timingSafeEqual(found.digest, digest)) throw refused('unknown key');
  if (now >= (found.expiresAt ?? Infinity)) throw refused(`${found.principal.id} has expired`);
  return found.principal;
}

const refused = (reason: string): Problem =>
  new Problem('unauthenticated', {
    detail: 'The API key is not valid.',
    reason,
    headers: BEARER_CHALLENGE,
  });
