import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';

import { jwtIssuerEntries } from '../../../src/lib/auth/entries.ts';
import { createBearerAuthenticator, type BearerAuthenticator } from '../../../src/lib/auth/jwt.ts';
import { toJwtIssuers } from '../../../src/lib/auth/jwt-issuers.ts';
import type { Principal } from '../../../src/lib/auth/principal.ts';
import { Problem } from '../../../src/lib/problems.ts';
import {
  reply,
  answerKeys,
  hold,
  startJwksServer,
  type JwksServer,
} from '../../support/jwks-server.ts';
import {
  claims,
  createKey,
  hmac,
  manualClock,
  NOW_SECONDS,
  serialize,
  token,
} from '../../support/jwt.ts';

const never = new AbortController().signal;
const es = createKey('ES256', 'e1');
const SECRET = 'a-secret-of-more-than-32-bytes-0123456789';

type Entry = Readonly<Record<string, unknown>>;

function complete(entry: Entry): Entry {
  return {
    id: 'corp',
    issuer: 'https://id.example',
    audience: ['other', 'gateway'],
    algorithms: ['ES256'],
    ...(!('jwksUri' in entry || 'secret' in entry) && { jwks: { keys: [es.jwk] } }),
    ...entry,
  };
}

function authenticator(...entries: readonly Entry[]): BearerAuthenticator {
  const issuers = toJwtIssuers(jwtIssuerEntries.parse(entries.map(complete)), {});
  return createBearerAuthenticator(issuers, { clock: manualClock() });
}

const authenticate = authenticator({});

async function principalOf(changes: Readonly<Record<string, unknown>>): Promise<Principal> {
  return await authenticate(token(es, changes), never);
}

function scopesOf({ grants }: Principal): string[] {
  return grants.flatMap(({ scopes }) => scopes);
}

async function problemOf(outcome: Promise<unknown>): Promise<Problem> {
  const error = await outcome.catch((reason: unknown) => reason);
  if (error instanceof Problem) return error;
  throw new Error('no Problem was thrown', { cause: error });
}

describe('a good token', () => {
  it('makes a principal', async () => {
    expect(await principalOf({})).toEqual({
      id: 'jwt:corp:sub:alice',
      scheme: 'bearer',
      grants: [{ scopes: ['tasks:cancel'] }],
      basis: 'scope',
    });
  });

  it.each([
    'RS256',
    'RS384',
    'RS512',
    'PS256',
    'PS384',
    'PS512',
    'ES256',
    'ES384',
    'ES512',
    'EdDSA',
    'Ed25519',
  ])('may be signed with %s', async (alg) => {
    const key = createKey(alg, 'k1');
    const take = authenticator({ algorithms: [alg], jwks: { keys: [key.jwk] } });
    expect((await take(token(key), never)).id).toBe('jwt:corp:sub:alice');
  });

  it('may be signed with a shared secret, whatever kid it names', async () => {
    const take = authenticator({ algorithms: ['HS256'], secret: SECRET });
    const signed = serialize({ alg: 'HS256', kid: 'x' }, claims(), hmac(SECRET));
    expect((await take(signed, never)).id).toBe('jwt:corp:sub:alice');
  });

  it.each([
    undefined,
    'JWT',
    'jwt',
    'at+jwt',
    'AT+JWT',
    'application/at+jwt',
    'Application/AT+JWT',
  ])('may have the typ %s', async (typ) => {
    expect((await authenticate(token(es, {}, { typ }), never)).id).toBe('jwt:corp:sub:alice');
  });

  it('needs no kid where one key alone can have signed it', async () => {
    expect((await authenticate(token(es, {}, { kid: undefined }), never)).id).toBe(
      'jwt:corp:sub:alice',
    );
  });

  it.each<[string, Record<string, unknown>]>([
    ['has one of the audiences', { aud: 'gateway' }],
    ['has one of the audiences among others', { aud: ['nobody', 'gateway'] }],
    ['expired less than 30 s ago', { exp: NOW_SECONDS - 29 }],
    ['is valid in 30 s', { nbf: NOW_SECONDS + 30 }],
    ['was issued up to 30 s in the future', { iat: NOW_SECONDS + 30 }],
    ['does not say when it was issued', { iat: undefined }],
    ['has a time with a fraction', { exp: NOW_SECONDS + 0.5 }],
  ])('%s', async (_name, changes) => {
    expect((await principalOf(changes)).id).toBe('jwt:corp:sub:alice');
  });

  it('is judged by the issuer that it names, among several', async () => {
    const other = createKey('ES256', 'e1');
    const take = authenticator(
      {},
      {
        id: 'partner',
        issuer: 'https://partner.example',
        jwks: { keys: [other.jwk] },
        scopes: ['tasks:read'],
      },
    );
    const signed = token(other, {
      iss: 'https://partner.example',
      scope: 'tasks:read tasks:cancel',
    });
    expect(await take(signed, never)).toMatchObject({
      id: 'jwt:partner:sub:alice',
      grants: [{ scopes: ['tasks:read'] }],
    });
    const crossed = token(other, { iss: 'https://id.example' });
    expect((await problemOf(take(crossed, never))).code).toBe('unauthenticated');
  });

  it('is restricted and limited as its issuer is', async () => {
    const take = authenticator({ engines: ['e'], regions: ['ap-guangzhou'], rate: '5/m' });
    expect(await take(token(es), never)).toMatchObject({
      grants: [{ scopes: ['tasks:cancel'], engines: [['e']], regions: ['ap-guangzhou'] }],
      rate: { limit: 5, windowSeconds: 60 },
    });
  });
});

describe('the name of the caller', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['sub', { client_id: 'c', azp: 'a' }, 'jwt:corp:sub:alice'],
    ['client_id without sub', { sub: undefined, client_id: 'c', azp: 'a' }, 'jwt:corp:client:c'],
    ['azp without either', { sub: undefined, azp: 'a' }, 'jwt:corp:client:a'],
    ['256 characters', { sub: 's'.repeat(256) }, `jwt:corp:sub:${'s'.repeat(256)}`],
    ['any script', { sub: '用户 😀' }, 'jwt:corp:sub:用户 😀'],
    ['names of members of every object', { sub: '__proto__' }, 'jwt:corp:sub:__proto__'],
    ['colons, which cannot make a client of a user', { sub: 'client:c' }, 'jwt:corp:sub:client:c'],
  ])('is %s', async (_name, changes, id) => {
    expect((await principalOf(changes)).id).toBe(id);
  });

  it.each<[string, Record<string, unknown>]>([
    ['nowhere', { sub: undefined }],
    ['empty', { sub: '' }],
    ['null', { sub: null }],
    ['a number', { sub: 5 }],
    ['a list', { sub: ['alice'] }],
    ['of 257 characters', { sub: 's'.repeat(257) }],
    ['with a line feed', { sub: 'alice\nbob' }],
    ['with a NUL', { sub: 'alice\0' }],
    ['with a C1 control character', { sub: 'alice\u0085' }],
    ['with half a surrogate pair', { sub: 'alice\uD83D' }],
    ['a bad sub beside a good client_id', { sub: 5, client_id: 'c' }],
    ['a bad client_id beside a good azp', { sub: undefined, client_id: '', azp: 'a' }],
    ['a client_id that is an object', { sub: undefined, client_id: { toString: 'x' } }],
  ])('is refused: %s', async (_name, changes) => {
    const problem = await problemOf(principalOf(changes));
    expect(problem).toMatchObject({
      code: 'unauthenticated',
      reason: 'token of issuer "corp": no claim names its caller as it should',
    });
  });
});

describe('scopes', () => {
  it.each<[string, Record<string, unknown>, string[]]>([
    ['a string', { scope: 'tasks:read tasks:cancel' }, ['tasks:cancel', 'tasks:read']],
    ['a string with spaces around', { scope: '  tasks:read ' }, ['tasks:read']],
    ['a list', { scope: ['tasks:read'] }, ['tasks:read']],
    ['scp as a string', { scope: undefined, scp: 'tasks:read' }, ['tasks:read']],
    ['scp as a list', { scope: undefined, scp: ['tasks:read', 'x'] }, ['tasks:read']],
    [
      'the union of both',
      { scope: 'tasks:cancel', scp: ['tasks:read'] },
      ['tasks:cancel', 'tasks:read'],
    ],
    [
      'only those that are known',
      { scope: 'openid tasks:read tasks:* TASKS:CANCEL' },
      ['tasks:read'],
    ],
    ['none', { scope: undefined }, []],
    ['none of an empty string', { scope: '' }, []],
    ['none of a number', { scope: 5 }, []],
    ['none of an object', { scope: { 'tasks:cancel': true } }, []],
    ['none of a list with a number in it', { scope: ['tasks:cancel', 5] }, []],
    ['none of a list with two in one', { scope: ['tasks:cancel tasks:read'] }, []],
    [
      'those of the other claim where one is malformed',
      { scope: 5, scp: 'tasks:read' },
      ['tasks:read'],
    ],
  ])('are %s', async (_name, changes, expected) => {
    const principal = await principalOf(changes);
    expect(scopesOf(principal)).toEqual(expected);
    expect(principal.basis).toBe('scope');
  });

  it('never go beyond what the issuer may give', async () => {
    const take = authenticator({ scopes: ['tasks:read'] });
    const principal = await take(token(es, { scope: 'tasks:read tasks:cancel' }), never);
    expect(scopesOf(principal)).toEqual(['tasks:read']);
  });
});

describe('a token with authorization_details', () => {
  const detail = { type: 'dlc_task', actions: ['cancel'], identifier: 'task-1' };

  it('permits what they say, and scope and scp nothing', async () => {
    const principal = await principalOf({
      authorization_details: [detail],
      scope: 'tasks:read',
      scp: ['tasks:read'],
    });
    expect(principal.basis).toBe('authorization_details');
    expect(principal.grants).toEqual([{ taskId: 'task-1', scopes: ['tasks:cancel'] }]);
  });

  it('has the union of the scopes of its entries, within what the issuer may give', async () => {
    const authorization_details = [detail, { ...detail, actions: ['read'], identifier: 'task-2' }];
    const signed = token(es, { authorization_details });
    const all = await authenticate(signed, never);
    expect(scopesOf(all)).toEqual(['tasks:cancel', 'tasks:read']);
    const limited = await authenticator({ scopes: ['tasks:read'] })(signed, never);
    expect(limited.grants).toEqual([{ taskId: 'task-2', scopes: ['tasks:read'] }]);
  });

  it.each<[string, unknown]>([
    ['malformed', [{ ...detail, actions: ['delete'] }]],
    ['null', null],
    ['empty', []],
    ['of other types alone', [{ type: 'payment' }]],
  ])(
    'permits nothing where they are %s, whatever scope says',
    async (_name, authorization_details) => {
      const principal = await principalOf({ authorization_details, scope: 'tasks:cancel' });
      expect(principal.grants).toEqual([]);
    },
  );
});

describe('an issuer with a JWKS address', () => {
  let server: JwksServer;
  let take: BearerAuthenticator;

  beforeEach(async () => {
    server = await startJwksServer(answerKeys(es));
    take = authenticator({ jwksUri: server.uri.href });
  });
  afterEach(() => server.stop());

  it('has its keys fetched', async () => {
    expect((await take(token(es), never)).id).toBe('jwt:corp:sub:alice');
  });

  it('answers 503, to be tried again, while its keys cannot be fetched', async () => {
    server.behave(reply('down', 500));
    const problem = await problemOf(take(token(es), never));
    expect(problem).toMatchObject({
      code: 'auth-provider-unavailable',
      reason: 'token of issuer "corp": JWKS: answered with status 500',
      retryAfter: 2,
      kind: { status: 503 },
    });
    expect(problem.headers).toEqual({});
  });

  it('answers 503 too where the request’s own time is up first', async () => {
    server.behave(hold().listener);
    const controller = new AbortController();
    const outcome = problemOf(take(token(es), controller.signal));
    await server.arrived(1);
    controller.abort();
    expect(await outcome).toMatchObject({
      code: 'auth-provider-unavailable',
      reason: 'token of issuer "corp": JWKS: the request ended before it arrived',
    });
  });

  it('answers 401 for a key that is in no set, and 503 once it may not look again yet', async () => {
    const forged = token(createKey('ES256', 'forged'));
    const codes: unknown[] = [];
    await take(token(es), never);
    for (let index = 0; index < 5; index += 1) {
      const { code, retryAfter } = await problemOf(take(forged, never));
      codes.push(code === 'unauthenticated' ? code : [code, retryAfter]);
    }
    const unavailable = ['auth-provider-unavailable', 30];
    expect(codes).toEqual([...Array(3).fill('unauthenticated'), unavailable, unavailable]);
    expect((await take(token(es), never)).id).toBe('jwt:corp:sub:alice');
    expect(server.requests).toBe(4);
  });

  it('takes a new key under a kid that has not changed, at the cost of one refresh', async () => {
    await take(token(es), never);
    const renewed = createKey('ES256', 'e1');
    server.behave(answerKeys(renewed));
    expect((await take(token(renewed), never)).id).toBe('jwt:corp:sub:alice');
    expect((await problemOf(take(token(es), never))).code).toBe('unauthenticated');
    expect(server.requests).toBe(2);
  });

  it('answers 401 for bad signatures, however many, and looks for a new key once', async () => {
    const forged = token(createKey('ES256', 'e1'));
    for (let index = 0; index < 5; index += 1) {
      expect(await problemOf(take(forged, never))).toMatchObject({
        code: 'unauthenticated',
        reason: 'token of issuer "corp": ERR_JWS_SIGNATURE_VERIFICATION_FAILED',
      });
    }
    expect(server.requests).toBe(2);
    server.behave(reply('down', 500));
    expect((await problemOf(take(forged, never))).code).toBe('unauthenticated');
  });

  it('does not freeze its keys when a wall clock that was fast is put right', async () => {
    const [wall, steady] = [manualClock(), manualClock()];
    const set = { jwksUri: server.uri.href };
    const byTwoClocks = createBearerAuthenticator(
      toJwtIssuers(jwtIssuerEntries.parse([complete(set)]), {}),
      { clock: { ...wall, steadyMs: () => steady.now() } },
    );
    const fast = 200 * 60_000;
    wall.advance(fast);
    await byTwoClocks(token(es, { exp: NOW_SECONDS + 300 * 60 }), never);
    wall.advance(-fast);
    const withdrawn = token(es);
    server.behave(answerKeys(createKey('ES256', 'e2')));
    steady.advance(10 * 60_000);
    expect((await problemOf(byTwoClocks(withdrawn, never))).code).toBe('unauthenticated');
    expect(server.requests).toBe(2);
  });

  it('names in the log which key of which issuer was left out', async () => {
    const lines: unknown[] = [];
    const entries = jwtIssuerEntries.parse([complete({ jwksUri: server.uri.href })]);
    const telling = createBearerAuthenticator(toJwtIssuers(entries, {}), {
      clock: manualClock(),
      log: { write: (...line) => lines.push(line) },
    });
    server.behave(answerKeys(es, { jwk: { kty: 'oct', k: 'AA', kid: 'k2' } }));
    await telling(token(es), never);
    const left = { issuer: 'corp', kid: 'k2', reason: 'has private members' };
    expect(lines).toEqual([['warn', 'key-left-out', left]]);
  });

  it('lets a failure of its own code through: a bug is no refusal', async () => {
    const entries = jwtIssuerEntries.parse([complete({ jwksUri: server.uri.href })]);
    const failing = createBearerAuthenticator(toJwtIssuers(entries, {}), {
      log: {
        write() {
          throw new TypeError('a bug');
        },
      },
    });
    server.behave(answerKeys({ jwk: { kty: 'oct', k: 'AA' } }));
    await expect(failing(token(es), never)).rejects.toThrow(new TypeError('a bug'));
  });

  it.each<[string, () => string]>([
    ['an algorithm that is not pinned', () => token(createKey('ES384', 'e1'))],
    ['crit', () => token(es, {}, { crit: ['exp'] })],
    ['a kid that is no string', () => token(es, {}, { kid: null })],
    ['another typ', () => token(es, {}, { typ: 'secevent+jwt' })],
    ['another issuer', () => token(es, { iss: 'https://else.example' })],
  ])('is not asked for the sake of a token with %s', async (_name, make) => {
    await problemOf(take(make(), never));
    expect(server.requests).toBe(0);
  });
});
