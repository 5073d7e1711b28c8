import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';

import { describe, expect, it } from '@jest/globals';

import {
  authenticateApiKey,
  DEMO_KEY_SHA256,
  toApiKeys,
  type ApiKeys,
} from '../../../src/lib/auth/api-key.ts';
import { apiKeyEntries } from '../../../src/lib/auth/entries.ts';
import type { Principal } from '../../../src/lib/auth/principal.ts';
import { makeDemoCallers } from '../../../scripts/start/demo.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const keys = (...entries: object[]) =>
  toApiKeys(
    apiKeyEntries.parse(entries.map((one) => ({ id: 'a', scopes: ['tasks:read'], ...one }))),
  );
const KEY = 'a-key-of-20-letters.';
const PRINCIPAL: Principal = {
  id: 'key:a',
  scheme: 'api-key',
  grants: [{ scopes: ['tasks:read'] }],
  basis: 'scope',
};
const NOW = Date.parse('2026-06-01T00:00:00Z');

describe('an API key', () => {
  it('makes a principal with what its entry says', () => {
    const known = keys({
      sha256: sha256(KEY),
      engines: ['etl'],
      regions: ['ap-beijing'],
      rate: '5/m',
    });
    expect(authenticateApiKey(known, KEY, NOW)).toEqual({
      id: 'key:a',
      scheme: 'api-key',
      grants: [{ scopes: ['tasks:read'], engines: [['etl']], regions: ['ap-beijing'] }],
      basis: 'scope',
      rate: { limit: 5, windowSeconds: 60 },
    });
  });

  it.each([KEY.toUpperCase(), `${KEY} `, `${KEY}${KEY}`, sha256(KEY)])('is not %j', (key) => {
    const known = keys({ sha256: sha256(KEY) });
    expect(() => authenticateApiKey(known, key, NOW)).toThrow(
      expect.objectContaining({ code: 'unauthenticated', reason: 'unknown key' }),
    );
  });

  it.each(['', 'k', '__proto__', 'constructor', 'x'.repeat(19)])(
    'is not %j, whatever is configured: it has fewer than 20 characters',
    (key) => {
      const known: ApiKeys = new Map([
        [sha256(key), { digest: Buffer.from(sha256(key), 'hex'), principal: PRINCIPAL }],
      ]);
      expect(() => authenticateApiKey(known, key, NOW)).toThrow(
        expect.objectContaining({ code: 'unauthenticated', reason: 'shorter than 20 characters' }),
      );
    },
  );

  it('is good until it expires, whatever the zone of the time', () => {
    const known = keys({ sha256: sha256(KEY), expires: '2026-06-01T08:00:00+08:00' });
    expect(authenticateApiKey(known, KEY, NOW - 1).id).toBe('key:a');
    expect(() => authenticateApiKey(known, KEY, NOW)).toThrow(
      expect.objectContaining({ code: 'unauthenticated', reason: 'key:a has expired' }),
    );
  });

  it('may be one of several of the same id', () => {
    const known = keys({ sha256: sha256(`${KEY}old`) }, { sha256: sha256(`${KEY}new`) });
    expect(authenticateApiKey(known, `${KEY}old`, NOW)).toEqual(
      authenticateApiKey(known, `${KEY}new`, NOW),
    );
  });

  it('may have the name of a member of every object as its id', () => {
    const known = keys({ id: '__proto__', sha256: sha256(KEY) });
    expect(authenticateApiKey(known, KEY, NOW).id).toBe('key:__proto__');
  });
});

describe('an entry', () => {
  const texts = ['', 'changeme', 'CHANGEME', 'test', 'password', 'secret', 'api-key', 'your-key'];
  const digests = [...texts, 'example'].flatMap((text) => [sha256(text), sha256(`${text}\n`)]);
  const examples =
    readFileSync('config/api-keys.example.json', 'utf8').match(/[0-9a-f]{64}/g) ?? [];

  it.each([...digests, ...examples])('of a key that anybody can guess is refused: %s', (digest) => {
    expect(() => keys({ sha256: digest })).toThrow(
      /^"a" has the sha256 of nothing, of a placeholder/,
    );
  });

  it('of the demo key is known by its digest', () => {
    expect(sha256(makeDemoCallers().key)).toBe(DEMO_KEY_SHA256);
  });
});
