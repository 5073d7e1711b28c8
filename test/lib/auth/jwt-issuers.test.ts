import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';

import { jwtIssuerEntries, type JwtIssuerEntry } from '../../../src/lib/auth/entries.ts';
import { toJwtIssuers, type JwtIssuer } from '../../../src/lib/auth/jwt-issuers.ts';
import type { Environment } from '../../../src/lib/config/secret-reference.ts';
import { SettingError } from '../../../src/lib/config/setting-error.ts';
import { createKey } from '../../support/jwt.ts';

const SECRET = 'a-secret-of-more-than-32-bytes-0123456789';
const es = createKey('ES256', 'e1');
const rs = createKey('RS256', 'r1');

/** Goes through the schema too, so that no entry is tested that could not come from a setting. */
function entry(changes: Readonly<Record<string, unknown>> = {}): JwtIssuerEntry {
  const defaults = {
    id: 'corp',
    issuer: 'https://id.example',
    audience: 'gateway',
    algorithms: ['ES256'],
    ...(!('jwks' in changes || 'secret' in changes) && { jwksUri: 'https://id.example/jwks' }),
  };
  const [parsed] = jwtIssuerEntries.parse([{ ...defaults, ...changes }]);
  if (!parsed) throw new Error('one entry gives one entry');
  return parsed;
}

function load(
  changes?: Readonly<Record<string, unknown>>,
  env: Environment = {},
): JwtIssuer | undefined {
  return toJwtIssuers([entry(changes)], env)[0];
}

/** The secret that verifies an issuer's tokens. */
function exported(issuer: JwtIssuer | undefined): string | undefined {
  const keys = issuer && 'length' in issuer.keys ? issuer.keys : [];
  return keys[0]?.key?.export().toString();
}

function reasonsOf(entries: readonly JwtIssuerEntry[], env: Environment = {}): readonly string[] {
  try {
    toJwtIssuers(entries, env);
  } catch (error) {
    if (error instanceof SettingError) return error.reasons;
    throw error;
  }
  return [];
}

describe('issuers that are configured well', () => {
  it('have every scope unless they name some', () => {
    expect(load()?.scopes).toEqual(['tasks:cancel', 'tasks:read']);
    expect(load({ scopes: ['tasks:read'] })?.scopes).toEqual(['tasks:read']);
  });

  it('keep audiences, restrictions and rate', () => {
    expect(
      load({ audience: ['a', 'b'], engines: ['e'], regions: ['ap-guangzhou'], rate: '5/m' }),
    ).toMatchObject({
      id: 'corp',
      issuer: 'https://id.example',
      audience: ['a', 'b'],
      algorithms: ['ES256'],
      engines: [['e']],
      regions: ['ap-guangzhou'],
      rate: { limit: 5, windowSeconds: 60 },
    });
    expect(load()).toMatchObject({ audience: ['gateway'] });
    const { engines, regions, owner, grants } = load() ?? {};
    expect([engines, regions, owner, grants]).toEqual(Array(4).fill(undefined));
    expect(load()?.rate).toBeUndefined();
  });

  it.each([
    'https://id.example/jwks?x=1',
    'https://127.0.0.1/jwks',
    'http://127.0.0.1:8080/jwks',
    'http://127.8.9.10/jwks',
    'http://localhost/jwks',
    'http://[::1]:1/jwks',
  ])('may fetch their keys from %s', (jwksUri) => {
    expect(load({ jwksUri })?.keys).toEqual({ uri: new URL(jwksUri) });
  });

  it.each([
    ['https://id.example', 'https://id.example/.well-known/openid-configuration'],
    ['https://id.example/t/v2.0/', 'https://id.example/t/v2.0/.well-known/openid-configuration'],
    ['http://127.0.0.1:1', 'http://127.0.0.1:1/.well-known/openid-configuration'],
  ])('may have their keys discovered: %s', (issuer, address) => {
    const uri = new URL(address);
    const keys = load({ issuer, discovery: true, jwksUri: undefined })?.keys;
    expect(keys).toEqual({ uri, discoveryOf: issuer });
  });

  it('of everybody may be taken with what they require', () => {
    const github = { issuer: 'https://token.actions.githubusercontent.com' };
    const { require } = load({ ...github, require: { '/repository': 'org/repo' } }) ?? {};
    expect(require).toMatchObject([{ name: '/repository' }]);
  });

  it('may have a static JWKS', () => {
    expect(load({ jwks: { keys: [es.jwk] } })?.keys).toMatchObject([{ kid: 'e1' }]);
  });

  it('may have a secret, in the entry or in a variable', () => {
    const symmetric = { algorithms: ['HS256'] };
    for (const issuer of [
      load({ ...symmetric, secret: SECRET }),
      load({ ...symmetric, secret: 'env:ID_SECRET' }, { ID_SECRET: SECRET }),
    ]) {
      expect(issuer?.keys).toMatchObject([{ algorithms: ['HS256'], key: { type: 'secret' } }]);
      expect(exported(issuer)).toBe(SECRET);
    }
  });

  it('count the bytes of a secret, not its characters', () => {
    expect(load({ algorithms: ['HS256'], secret: 'é0'.repeat(11) })?.keys).toHaveLength(1);
    expect(
      reasonsOf([entry({ algorithms: ['HS256'], secret: `${'é0'.repeat(10)}0` })]),
    ).toHaveLength(1);
  });

  it('show no key or secret in JSON or in what is printed', () => {
    const issuers = [
      load({ algorithms: ['HS256'], secret: SECRET }),
      load({ jwks: { keys: [es.jwk] } }),
    ];
    const shown = JSON.stringify(issuers) + inspect(issuers, { depth: null, showHidden: true });
    expect(shown).not.toContain(SECRET);
    expect(shown).not.toContain(Buffer.from(SECRET).toString('hex').slice(0, 16));
    expect(shown).not.toContain(String(es.jwk['x']));
  });
});

describe('issuers that are configured wrongly', () => {
  const jwks = { keys: [es.jwk] };
  it.each<[string, Record<string, unknown>, string]>([
    [
      'two sources of keys',
      { jwks, jwksUri: 'https://id.example/jwks' },
      'exactly one of jwksUri, discovery, jwks and secret',
    ],
    [
      'no source of keys',
      { jwksUri: undefined },
      'exactly one of jwksUri, discovery, jwks and secret',
    ],
    [
      'HS256 beside another',
      { algorithms: ['HS256', 'ES256'], secret: SECRET },
      'HS256 cannot be mixed',
    ],
    ['HS256 with a JWKS', { algorithms: ['HS256'], jwks }, 'HS256 needs a secret'],
    ['HS256 with a JWKS address', { algorithms: ['HS256'] }, 'HS256 needs a secret'],
    ['a secret without HS256', { secret: SECRET }, 'a secret needs HS256'],
    [
      'a secret of 31 bytes',
      { algorithms: ['HS256'], secret: '0123456789'.repeat(3) + '0' },
      'at least 32 bytes',
    ],
    ['an empty secret', { algorithms: ['HS256'], secret: '' }, 'at least 32 bytes'],
    ['a secret in no variable', { algorithms: ['HS256'], secret: 'env:NOT_SET' }, 'NOT_SET'],
    ['an address that is none', { jwksUri: 'id.example/jwks' }, 'https: address'],
    ['a plain http: address', { jwksUri: 'http://id.example/jwks' }, 'https: address'],
    [
      'a host that only begins like loopback',
      { jwksUri: 'http://127.0.0.1.example/jwks' },
      'https: address',
    ],
    [
      'a host that only begins like localhost',
      { jwksUri: 'http://localhost.example/jwks' },
      'https: address',
    ],
    ['a file: address', { jwksUri: 'file:///etc/jwks.json' }, 'https: address'],
    [
      'a user name in the address',
      { jwksUri: 'https://user@id.example/jwks' },
      'user name or password',
    ],
    [
      'a password in the address',
      { jwksUri: 'https://:pw@id.example/jwks' },
      'user name or password',
    ],
    [
      'a private key',
      { jwks: { keys: [es.privateKey.export({ format: 'jwk' })] } },
      'key 1 of its jwks has private',
    ],
    [
      'a symmetric key',
      { jwks: { keys: [es.jwk, { kty: 'oct', k: 'AAAA' }] } },
      'key 2 of its jwks has private',
    ],
    ['a key of another algorithm', { jwks: { keys: [rs.jwk] } }, 'key 1 of its jwks fits none'],
    [
      'a key that cannot be read',
      { jwks: { keys: [{ kty: 'EC', crv: 'P-256' }] } },
      'key 1 of its jwks is not',
    ],
    ['discovery beside another source', { discovery: true }, 'exactly one of'],
    ['an audience that is left out', { audience: undefined }, 'needs an audience, or clientIds'],
    ...[
      'https://token.actions.githubusercontent.com',
      'https://gitlab.com',
      'https://gitlab.com/',
      'https://accounts.google.com',
      'accounts.google.com',
    ].map((issuer): [string, Readonly<Record<string, unknown>>, string] => [
      `${issuer} without require`,
      { issuer },
      'require must say whose are taken',
    ]),
    ...['corp', 'http://id.example', 'https://id.example?x', 'https://u@id.example'].map(
      (issuer): [string, Readonly<Record<string, unknown>>, string] => [
        `discovery of ${issuer}`,
        { discovery: true, jwksUri: undefined, issuer },
        'for discovery its issuer must be',
      ],
    ),
  ])('are refused: %s', (_name, changes, expected) => {
    const reasons = reasonsOf([entry(changes)]);
    expect(reasons[0]).toContain(expected);
    expect(reasons.filter((reason) => !reason.startsWith('issuer "corp": '))).toEqual([]);
  });

  it('are all named at once, by their ids, and without any value', () => {
    const entries = [
      entry({ id: 'a', issuer: 'https://a.example' }),
      entry({ id: 'a', issuer: 'https://b.example', jwksUri: 'http://secret-host.example' }),
      entry({
        id: 'c',
        issuer: 'https://a.example',
        algorithms: ['HS256', 'RS256'],
        secret: 'too-short',
      }),
    ];
    expect(reasonsOf(entries)).toEqual([
      'issuer "a": another entry has the same id',
      'issuer "a": its jwksUri must be an https: address (http: on loopback only), without user name or password',
      'issuer "c": another entry has the same issuer',
      'issuer "c": HS256 cannot be mixed with other algorithms',
      'issuer "c": its secret must have at least 32 bytes',
    ]);
  });

  it('compare issuers exactly', () => {
    const entries = [
      entry({ id: 'a', issuer: 'https://id.example' }),
      entry({ id: 'b', issuer: 'https://id.example/' }),
    ];
    expect(toJwtIssuers(entries, {})).toHaveLength(2);
  });
});
