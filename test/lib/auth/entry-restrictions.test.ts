import { createHash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { toApiKeys } from '../../../src/lib/auth/api-key.ts';
import { apiKeyEntries, jwtIssuerEntries } from '../../../src/lib/auth/entries.ts';
import { toJwtIssuers } from '../../../src/lib/auth/jwt-issuers.ts';
import { needLookups, unrestrictedEntries } from '../../../src/settings.ts';

type Members = Readonly<Record<string, unknown>>;

function configured(keys: readonly Members[], issuers: readonly Members[] = []) {
  const secret = 'a-secret-of-more-than-32-bytes-0123456789';
  const apiKeys = keys.map((members, index) => ({
    id: `k${index}`,
    sha256: createHash('sha256').update(`a-key-${index}`).digest('hex'),
    scopes: ['tasks:read'],
    ...members,
  }));
  const jwtIssuers = issuers.map((members, index) => ({
    id: `i${index}`,
    issuer: `issuer-${index}`,
    audience: 'a',
    algorithms: ['HS256'],
    secret,
    ...members,
  }));
  return {
    apiKeys: toApiKeys(apiKeyEntries.parse(apiKeys)),
    webhookSenders: [],
    jwtIssuers: toJwtIssuers(jwtIssuerEntries.parse(jwtIssuers), {}),
  };
}

const grant = { when: { '/a': 1 }, scopes: ['tasks:read'] };
const restricted = [{ engines: ['e'] }, { regions: ['ap-beijing'] }, { engines: ['*'] }];

describe('an entry', () => {
  it('without engines, regions and owner may act on all tasks', () => {
    const keys = [{}, ...restricted, { owner: '100' }];
    const issuers = [{}, ...restricted, { owner: '/uin' }];
    expect(unrestrictedEntries(configured(keys, issuers))).toEqual(['key:k0', 'jwt:i0']);
  });

  it('with several keys is named once', () => {
    expect(unrestrictedEntries(configured([{ id: 'a' }, { id: 'a' }]))).toEqual(['key:a']);
  });

  it('may so too if one of its grants has none of them', () => {
    const issuers = [
      { grants: [{ ...grant, engines: ['e'] }, grant] },
      { grants: [{ ...grant, engines: ['e'] }] },
      { grants: [{ ...grant, owner: '/uin' }] },
      { grants: [grant], regions: ['ap-beijing'] },
      { grants: [grant], engines: ['*'] },
      { requireAuthorizationDetails: true },
    ];
    expect(unrestrictedEntries(configured([], issuers))).toEqual(['jwt:i0']);
  });

  it.each<[string, boolean, readonly Members[], readonly Members[]]>([
    ['engines of a key', true, [{ engines: ['e'] }], []],
    ['the owner of a key', true, [{ owner: '1' }], []],
    ['engines of an issuer', true, [], [{ engines: ['e'] }]],
    ['the owner of a grant', true, [], [{ grants: [{ ...grant, owner: '/uin' }] }]],
    ['any engine', false, [{ engines: ['*'] }], [{ engines: ['*'] }]],
    ['regions', false, [{ regions: ['ap-beijing'] }], [{ grants: [grant] }]],
  ])('needs lookups for %s: %s', (_name, expected, keys, issuers) => {
    expect(needLookups(configured(keys, issuers))).toBe(expected);
  });
});
