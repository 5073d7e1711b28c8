import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { authenticateApiKey, toApiKeys } from '../../../src/lib/auth/api-key.ts';
import { apiKeyEntries } from '../../../src/lib/auth/entries.ts';

const sha256 = (key: string): string => createHash('sha256').update(key).digest('hex');
const keys = (...entries: object[]) =>
  toApiKeys(
    apiKeyEntries.parse(entries.map((one) => ({ id: 'a', scopes: ['tasks:read'], ...one }))),
  );
const NOW = Date.parse('2026-06-01T00:00:00Z');

describe('an API key', () => {
  it('makes a principal with what its entry says', () => {
    const known = keys({
      sha256: sha256('k'),
      engines: ['etl'],
      regions: ['ap-beijing'],
      rate: '5/m',
    });
    expect(authenticateApiKey(known, 'k', NOW)).toEqual({
      id: 'key:a',
      scheme: 'api-key',
      scopes: new Set(['tasks:read']),
      narrowing: { engines: ['etl'], regions: ['ap-beijing'] },
      rate: { limit: 5, windowSeconds: 60 },
    });
  });

  it.each(['', 'K', 'k ', 'kk', sha256('k'), '__proto__', 'constructor'])('is not %j', (key) => {
    const known = keys({ sha256: sha256('k') });
    expect(() => authenticateApiKey(known, key, NOW)).toThrow(
      expect.objectContaining({ code: 'unauthenticated', reason: 'unknown key' }),
    );
  });

  it('is good until it expires, whatever the zone of the time', () => {
    const known = keys({ sha256: sha256('k'), expires: '2026-06-01T08:00:00+08:00' });
    expect(authenticateApiKey(known, 'k', NOW - 1).id).toBe('key:a');
    expect(() => authenticateApiKey(known, 'k', NOW)).toThrow(
      expect.objectContaining({ code: 'unauthenticated', reason: 'key:a has expired' }),
    );
  });

  it('may be one of several of the same id', () => {
    const known = keys({ sha256: sha256('old') }, { sha256: sha256('new') });
    expect(authenticateApiKey(known, 'old', NOW)).toEqual(authenticateApiKey(known, 'new', NOW));
  });

  it('may have the name of a member of every object as its id', () => {
    const known = keys({ id: '__proto__', sha256: sha256('k') });
    expect(authenticateApiKey(known, 'k', NOW).id).toBe('key:__proto__');
  });
});
