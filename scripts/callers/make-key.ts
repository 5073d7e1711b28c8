import { createHash, randomBytes } from 'node:crypto';

import { apiKeyEntries } from '../../src/lib/auth/entries.ts';
import { wrongUsage } from '../cli/command-line.ts';

export interface KeyOptions {
  readonly id: string;
  /** Default: `tasks:cancel` alone. */
  readonly scopes?: readonly string[] | undefined;
  readonly engines?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly expires?: string | undefined;
  readonly rate?: string | undefined;
}

const SENTENCES = {
  id: '--id must be 1 to 64 of A-Z a-z 0-9 _ -',
  scopes: '--scope must be tasks:cancel or tasks:read',
  engines: '--engine must be the name or the id of an engine',
  regions: '--region must be a region such as ap-guangzhou',
  expires: '--expires must be a time such as 2027-01-01T00:00:00Z',
  rate: '--rate must be like 10/s, 600/m or 1000/h',
  sha256: '--sha256 must be the 64 hex digits of a digest, in lower case, never the key itself',
} as const satisfies Record<keyof KeyOptions | 'sha256', string>;

type Entry = Readonly<Record<string, unknown>>;

/**
 * Makes a key of 32 random bytes, and its entry for `API_KEYS`, which holds the key's SHA-256.
 *
 * @throws CommandError 64 if the gateway would not accept the entry
 */
export function makeKey(
  options: KeyOptions,
  random: (size: number) => Buffer = randomBytes,
): { key: string; entry: Entry } {
  const key = `dlcgw_${random(32).toString('base64url')}`;
  return { key, entry: entryOf(options, createHash('sha256').update(key).digest('hex')) };
}

/** Makes the entry for a key that exists, by its SHA-256. @throws CommandError 64 */
export function entryOf(options: KeyOptions, sha256: string): Entry {
  const { id, scopes = ['tasks:cancel'], engines, regions, expires, rate } = options;
  const entry = {
    id,
    sha256,
    scopes: [...new Set(scopes)],
    ...(engines && { engines }),
    ...(regions && { regions }),
    ...(expires !== undefined && { expires }),
    ...(rate !== undefined && { rate }),
  };
  const parsed = apiKeyEntries.safeParse([entry]);
  if (parsed.success) return entry;
  const members = new Set(parsed.error.issues.map(({ path }) => path[1]));
  const wrong = Object.entries(SENTENCES).filter(([member]) => members.has(member));
  throw wrongUsage(wrong.map(([, sentence]) => sentence).join('; '));
}
