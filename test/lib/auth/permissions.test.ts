import { describe, expect, it } from '@jest/globals';

import { apiKeyEntries, jwtIssuerEntries } from '../../../src/lib/auth/entries.ts';
import { createBearerAuthenticator } from '../../../src/lib/auth/jwt.ts';
import { toJwtIssuers } from '../../../src/lib/auth/jwt-issuers.ts';
import type { Grant, Principal } from '../../../src/lib/auth/principal.ts';
import { webhookSenderEntries } from '../../../src/lib/webhooks/sender-entries.ts';
import { Problem } from '../../../src/lib/problems.ts';
import { createKey, manualClock, NOW_SECONDS, token } from '../../support/jwt.ts';

type Members = Readonly<Record<string, unknown>>;

const never = new AbortController().signal;
const es = createKey('ES256', 'e1');

/** The principal of a token with these claims (and header) under an entry with these members. */
async function principalOf(
  entry: Members,
  claims: Members,
  header: Members = {},
): Promise<Principal> {
  const defaults = {
    id: 'corp',
    issuer: 'https://id.example',
    audience: 'gateway',
    algorithms: ['ES256'],
    jwks: { keys: [es.jwk] },
  };
  const issuers = toJwtIssuers(jwtIssuerEntries.parse([{ ...defaults, ...entry }]), {});
  const authenticate = createBearerAuthenticator(issuers, { clock: manualClock() });
  return await authenticate(token(es, claims, header), never);
}

/** The reason of a 401. */
async function refusal(...given: Parameters<typeof principalOf>): Promise<string | undefined> {
  const error = await principalOf(...given).catch((reason: unknown) => reason);
  if (error instanceof Problem && error.code === 'unauthenticated') return error.reason;
  throw new Error('not refused with a 401', { cause: error });
}

const cancel = { scopes: ['tasks:cancel'] };
const both = { scopes: ['tasks:cancel', 'tasks:read'] };
const operators = { when: { '/roles': 'operator' }, scopes: ['tasks:cancel'] };
const readers = { when: { '/roles': ['reader', 'operator'] }, scopes: ['tasks:read'] };

describe('grants', () => {
  it.each<[string, Members, Members, readonly Grant[] | readonly object[]]>([
    ['one that matches', { grants: [operators] }, { roles: ['operator'] }, [cancel]],
    [
      'all that match',
      { grants: [operators, readers] },
      { roles: ['operator'] },
      [cancel, { scopes: ['tasks:read'] }],
    ],
    ['none that matches', { grants: [operators] }, { roles: ['reader'] }, []],
    ['no scope of the token', { grants: [operators] }, { scope: 'tasks:cancel tasks:read' }, []],
    ['no scp of the token', { grants: [readers] }, { scp: ['tasks:read'], roles: [] }, []],
    [
      'each with its own engines, regions and owner',
      {
        grants: [
          { ...operators, engines: ['etl'], owner: '/uin' },
          { ...readers, regions: ['ap-beijing'] },
        ],
      },
      { roles: ['operator'], uin: '100' },
      [
        { ...cancel, engines: [['etl']], owner: '100' },
        { scopes: ['tasks:read'], regions: ['ap-beijing'] },
      ],
    ],
    [
      'never beyond the entry',
      {
        scopes: ['tasks:read'],
        engines: ['a'],
        regions: ['ap-guangzhou', 'ap-beijing'],
        grants: [operators, { ...readers, engines: ['b'], regions: ['ap-beijing', 'ap-shanghai'] }],
      },
      { roles: ['operator'] },
      [{ scopes: ['tasks:read'], engines: [['a'], ['b']], regions: ['ap-beijing'] }],
    ],
    [
      'nothing for an owner that differs from the entry’s',
      { owner: '/uin', grants: [{ ...operators, owner: '/other' }] },
      { roles: ['operator'], uin: '100', other: '200' },
      [{ ...cancel, owner: '100', regions: [] }],
    ],
    ['any engine, on purpose', { engines: ['*'] }, {}, [{ ...cancel, engines: [] }]],
    [
      'a word of scope',
      { grants: [{ when: { '/scope': 'dlc.cancel' }, scopes: ['tasks:cancel'] }] },
      { scope: 'openid dlc.cancel' },
      [cancel],
    ],
  ])('give %s', async (_name, entry, claims, grants) => {
    const principal = await principalOf(entry, claims);
    expect(principal.grants).toEqual(grants);
    expect(principal.basis).toBe('grants' in entry ? 'grants' : 'scope');
  });

  it.each<[string, unknown]>([
    ['a text', 'operator'],
    ['a list', ['operator']],
  ])('match a claim that is %s', async (_name, roles) => {
    expect((await principalOf({ grants: [operators] }, { roles })).grants).toHaveLength(1);
  });

  it.each<[string, unknown]>([
    ['a list in a list', [['operator']]],
    ['an object', { operator: true }],
    ['a longer text', 'operators'],
    ['words', 'reader operator'],
    ['null', null],
    ['a number', 5],
    ['missing', undefined],
    ['empty', ''],
  ])('do not match a claim that is %s', async (_name, roles) => {
    expect((await principalOf({ grants: [operators] }, { roles })).grants).toEqual([]);
  });
});

describe('an owner in a claim', () => {
  it.each<[unknown, string]>([
    ['100012345678', '100012345678'],
    [100012345678, '100012345678'],
    [0, '0'],
    [' 1', ' 1'],
  ])('%j is the owner %j', async (uin, owner) => {
    expect((await principalOf({ owner: '/uin' }, { uin })).grants).toEqual([{ ...cancel, owner }]);
  });

  it.each<unknown>([
    undefined,
    null,
    '',
    true,
    1.5,
    2 ** 53,
    -(2 ** 53),
    [],
    ['100'],
    {},
    { toString: '100' },
  ])('%j permits nothing, though the scope is there', async (uin) => {
    expect((await principalOf({ owner: '/uin' }, { uin })).grants).toEqual([
      { ...cancel, regions: [] },
    ]);
  });

  it('is no member that every object has', async () => {
    const { grants } = await principalOf({ owner: '/constructor/name' }, {});
    expect(grants).toEqual([{ ...cancel, regions: [] }]);
  });
});

describe('authorization_details beside grants', () => {
  const details = [
    { type: 'dlc_task', actions: ['cancel', 'read'], identifier: 't', engines: ['d'] },
  ];
  it('decide alone, and within each grant', async () => {
    const entry = { regions: ['ap-beijing'], grants: [{ ...operators, engines: ['g'] }, readers] };
    const claims = { roles: ['operator'], scope: 'tasks:read', authorization_details: details };
    const principal = await principalOf(entry, claims);
    expect(principal.basis).toBe('authorization_details');
    expect(principal.grants).toEqual([
      { ...cancel, taskId: 't', engines: [['g'], ['d']], regions: ['ap-beijing'] },
      { scopes: ['tasks:read'], taskId: 't', engines: [['d']], regions: ['ap-beijing'] },
    ]);
  });

  it('give nothing where no grant matches, or where they are malformed', async () => {
    const entry = { grants: [operators] };
    const claims = { roles: [], authorization_details: details };
    expect((await principalOf(entry, claims)).grants).toEqual([]);
    const malformed = { roles: ['operator'], authorization_details: {} };
    expect((await principalOf(entry, malformed)).grants).toEqual([]);
  });

  it('keep the entry’s owner', async () => {
    const claims = { uin: '100', authorization_details: details };
    expect((await principalOf({ owner: '/uin' }, claims)).grants).toEqual([
      { ...both, taskId: 't', engines: [['d']], owner: '100' },
    ]);
  });

  it('can be asked for: a token without them permits nothing', async () => {
    const entry = { requireAuthorizationDetails: true };
    expect((await principalOf(entry, { scope: 'tasks:cancel' })).grants).toEqual([]);
    const { grants } = await principalOf(entry, { authorization_details: details });
    expect(grants).toEqual([{ ...both, taskId: 't', engines: [['d']] }]);
    const optional = { requireAuthorizationDetails: false };
    expect((await principalOf(optional, {})).grants).toEqual([cancel]);
  });

  it('have no wildcard', async () => {
    const star = [{ ...details[0], engines: ['*'] }];
    const { grants } = await principalOf({}, { authorization_details: star });
    expect(grants).toEqual([{ ...both, taskId: 't', engines: [['*']] }]);
  });
});

describe('require', () => {
  const entry = { require: { '/tid': 'a', '/email_verified': true } };
  it('takes a token for which all holds', async () => {
    const principal = await principalOf(entry, { tid: 'a', email_verified: true });
    expect(principal.grants).toEqual([cancel]);
  });

  it.each<[string, Members, string]>([
    ['one claim is missing', { tid: 'a' }, '/email_verified'],
    ['one claim has another value', { tid: 'b', email_verified: true }, '/tid'],
    ['true is a text', { tid: 'a', email_verified: 'true' }, '/email_verified'],
    ['both are missing', {}, '/tid'],
  ])('refuses a token where %s, and names the claim in the log', async (_name, claims, pointer) => {
    expect(await refusal(entry, claims)).toBe(
      `token of issuer "corp": require: ${pointer} does not hold`,
    );
  });
});

describe('clientIds in place of an audience', () => {
  const entry = { audience: undefined, clientIds: ['app-1', 'app-2'] };
  const access = { aud: undefined, client_id: 'app-2', token_use: 'access' };
  it('take an access token of such a client, which /mcp must refuse', async () => {
    const principal = await principalOf(entry, access);
    expect(principal).toMatchObject({ grants: [cancel], hasNoAudience: true });
    const byType = { ...access, token_use: undefined };
    for (const typ of ['at+jwt', 'application/AT+JWT']) {
      expect((await principalOf(entry, byType, { typ })).grants).toEqual([cancel]);
    }
    expect((await principalOf(entry, { ...access, aud: 'elsewhere' })).grants).toEqual([cancel]);
  });

  it.each<[string, Members, string]>([
    ['of another client', { ...access, client_id: 'app-3' }, 'client_id: not one of clientIds'],
    ['of no client', { ...access, client_id: undefined }, 'client_id: not one of clientIds'],
    [
      'of a list of clients',
      { ...access, client_id: ['app-1'] },
      'client_id: not one of clientIds',
    ],
    [
      'of azp alone',
      { ...access, client_id: undefined, azp: 'app-1' },
      'client_id: not one of clientIds',
    ],
    ['that is an ID token', { ...access, token_use: 'id' }, 'token_use: not an access token'],
    ['that does not say', { ...access, token_use: undefined }, 'token_use: not an access token'],
    ['with an aud that is malformed', { ...access, aud: [5] }, 'malformed aud'],
  ])('refuse a token %s', async (_name, claims, reason) => {
    expect(await refusal(entry, claims)).toBe(`token of issuer "corp": ${reason}`);
  });

  it('beside an audience are asked for too', async () => {
    const beside = { clientIds: ['app-1'] };
    const principal = await principalOf(beside, { client_id: 'app-1' });
    expect(principal).not.toHaveProperty('hasNoAudience');
    expect(await refusal(beside, { client_id: 'app-9' })).toContain('client_id');
    expect(await refusal(beside, { client_id: 'app-1', aud: 'other' })).toContain('aud');
  });
});

describe('maxTokenAge', () => {
  const entry = { maxTokenAge: 600 };
  const at = (iat?: number, exp = 300): Members => ({
    iat: iat === undefined ? undefined : NOW_SECONDS + iat,
    exp: NOW_SECONDS + exp,
  });
  it.each<[string, Members]>([
    ['just young enough', at(-600)],
    ['young, whatever its exp', at(-1, 10 ** 6)],
    ['without iat, but short-lived', at(undefined, 600)],
  ])('takes a token that is %s', async (_name, claims) => {
    expect((await principalOf(entry, claims)).grants).toEqual([cancel]);
  });

  it.each<[string, Members]>([
    ['a second too old', at(-601)],
    ['without iat and long-lived', at(undefined, 631)],
  ])('refuses a token that is %s', async (_name, claims) => {
    expect(await refusal(entry, claims)).toBe(
      'token of issuer "corp": iat: older than maxTokenAge',
    );
  });
});

describe('a token that is bound to a key', () => {
  it.each([{ jkt: 'x' }, { 'x5t#S256': 'x' }, {}, null])('is refused: cnf %j', async (cnf) => {
    expect(await refusal({}, { cnf })).toBe('token of issuer "corp": cnf: it is bound to a key');
  });
});

describe('entries', () => {
  const key = { id: 'k', sha256: 'a'.repeat(64), scopes: ['tasks:read'] };
  const sender = { id: 's', secrets: ['env:S'] };
  const issuer = { id: 'i', issuer: 'https://i', audience: 'a', algorithms: ['ES256'] };
  it.each<[string, Members]>([
    ['an empty when', { grants: [{ ...operators, when: {} }] }],
    ['a when without a pointer', { grants: [{ ...operators, when: { roles: 'operator' } }] }],
    ['no values', { grants: [{ ...operators, when: { '/roles': [] } }] }],
    ['null for a value', { require: { '/roles': null } }],
    ['an empty value', { require: { '/roles': '' } }],
    ['an object for a value', { require: { '/roles': {} } }],
    ['no grants', { grants: [] }],
    ['a grant without scopes', { grants: [{ when: { '/a': 1 } }] }],
    ['a grant with an unknown scope', { grants: [{ ...operators, scopes: ['tasks:all'] }] }],
    ['a grant with an unknown member', { grants: [{ ...operators, engine: ['e'] }] }],
    ['a grant with a rate', { grants: [{ ...operators, rate: '1/s' }] }],
    ['an owner that is no pointer', { owner: '100012345678' }],
    ['an empty require', { require: {} }],
    ['"*" beside an engine', { engines: ['*', 'etl'] }],
    ['a maxTokenAge of 0', { maxTokenAge: 0 }],
    ['a maxTokenAge with a fraction', { maxTokenAge: 0.5 }],
    ['no client in clientIds', { clientIds: [] }],
    ['discovery that is a text', { discovery: 'yes' }],
  ])('of issuers are refused with %s', (_name, members) => {
    expect(jwtIssuerEntries.safeParse([issuer]).success).toBe(true);
    expect(jwtIssuerEntries.safeParse([{ ...issuer, ...members }]).success).toBe(false);
  });

  it('of keys and senders have the owner itself, no pointer', () => {
    expect(apiKeyEntries.safeParse([{ ...key, owner: '100' }]).success).toBe(true);
    expect(apiKeyEntries.safeParse([{ ...key, owner: '/uin' }]).success).toBe(false);
    expect(apiKeyEntries.safeParse([{ ...key, owner: '' }]).success).toBe(false);
    expect(webhookSenderEntries.safeParse([{ ...sender, owner: '100' }]).success).toBe(true);
    expect(webhookSenderEntries.safeParse([{ ...sender, owner: '/sub' }]).success).toBe(false);
  });
});
