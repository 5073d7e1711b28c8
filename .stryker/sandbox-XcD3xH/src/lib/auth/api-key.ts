import { hash, timingSafeEqual } from 'node:crypto';

import { Problem } from '../problem.ts';
import { SettingError } from '../config/setting-error.ts';
import { BEARER_CHALLENGE } from './challenge.ts';
import { narrowingOf, type ApiKeyEntry } from './entries.ts';
import type { Principal } from './principal.ts';

interface ApiKey {
  readonly digest: Buffer;
  readonly principal: Principal;
  /** Milliseconds since the epoch; the key is good before it. */
  readonly expiresAt?: number;
}

/** Keys by the hexadecimal SHA-256 of the key; the keys themselves are configured nowhere. */
export type ApiKeys = ReadonlyMap<string, ApiKey>;

/**
 * Makes the configured entries ready for use. An id may have several keys, for rotation.
 *
 * @throws SettingError with every reason
 */
export function toApiKeys(entries: readonly ApiKeyEntry[]): ApiKeys {
  const keys = new Map<string, ApiKey>();
  const rates = new Map<string, string>();
  const reasons: string[] = [];
  for (const entry of entries) {
    const rate = JSON.stringify(entry.rate ?? null);
    if (keys.has(entry.sha256))
      reasons.push(`"${entry.id}" has a sha256 that an earlier entry has`);
    if ((rates.get(entry.id) ?? rate) !== rate)
      reasons.push(`"${entry.id}" has two different rates`);
    rates.set(entry.id, rate);
    keys.set(entry.sha256, toApiKey(entry));
  }
  if (reasons.length > 0) throw new SettingError(...reasons);
  return keys;
}

function toApiKey(entry: ApiKeyEntry): ApiKey {
  return {
    digest: Buffer.from(entry.sha256, 'hex'),
    principal: {
      id: `key:${entry.id}`,
      scheme: 'api-key',
      scopes: new Set(entry.scopes),
      narrowing: narrowingOf(entry),
      ...(entry.rate && { rate: entry.rate }),
    },
    ...(entry.expires !== undefined && { expiresAt: Date.parse(entry.expires) }),
  };
}

/**
 * Finds the principal of an API key: by its digest, whose look-up tells nothing of the key, then by
 * a comparison that takes the same time wherever the two differ.
 *
 * @throws Problem `unauthenticated`
 */
export function authenticateApiKey(keys: ApiKeys, key: string, now: number): Principal {
  const digest = hash('sha256', key, 'buffer');
  const found = keys.get(digest.toString('hex'));
  if (!found || !timingSafeEqual(found.digest, digest)) throw refused('unknown key');
  if (found.expiresAt !== undefined && now >= found.expiresAt) {
    throw refused(`${found.principal.id} has expired`);
  }
  return found.principal;
}

function refused(reason: string): Problem {
  const detail = 'The API key is not valid.';
  return new Problem('unauthenticated', { detail, reason, headers: BEARER_CHALLENGE });
}
