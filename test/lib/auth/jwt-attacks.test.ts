import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { jwtIssuerEntries } from '../../../src/lib/auth/entries.ts';
import { createBearerAuthenticator, type BearerAuthenticator } from '../../../src/lib/auth/jwt.ts';
import { toJwtIssuers } from '../../../src/lib/auth/jwt-issuers.ts';
import { Problem } from '../../../src/lib/problems.ts';
import { startJwksServer, answerKeys } from '../../support/jwks-server.ts';
import {
  base64url,
  claims,
  createKey,
  hmac,
  manualClock,
  NOW_SECONDS,
  serialize,
  signerOf,
  token,
} from '../../support/jwt.ts';

const never = new AbortController().signal;
const rs = createKey('RS256', 'r1');
const es = createKey('ES256', 'e1');
const SECRET = 'a-secret-of-more-than-32-bytes-0123456789';
const CERTIFICATE = 'MIIBszCCAVmgAwIBAgIUQx';

const entries = [
  {
    id: 'corp',
    issuer: 'https://id.example',
    algorithms: ['RS256', 'ES256'],
    jwks: { keys: [rs.jwk, es.jwk] },
  },
  { id: 'internal', issuer: 'internal', algorithms: ['HS256'], secret: SECRET },
];
const authenticate = build(entries);

function build(some: readonly Readonly<Record<string, unknown>>[]): BearerAuthenticator {
  const parsed = jwtIssuerEntries.parse(some.map((entry) => ({ audience: 'gateway', ...entry })));
  return createBearerAuthenticator(toJwtIssuers(parsed, {}), { clock: manualClock() });
}

/** Expects a 401 with the challenge of RFC 6750, and gives the problem. */
async function refused(bad: string, by = authenticate): Promise<Problem> {
  const error = await by(bad, never).catch((reason: unknown) => reason);
  if (!(error instanceof Problem)) throw new Error('not refused with a Problem', { cause: error });
  expect(error.code).toBe('unauthenticated');
  expect(error.headers).toEqual({
    'WWW-Authenticate': 'Bearer realm="dlc-task-gateway", error="invalid_token"',
  });
  expect(error.cause).toBeUndefined();
  return error;
}

/** The reason that is logged for a token with these claims. */
async function reasonOf(changes: Readonly<Record<string, unknown>>): Promise<string | undefined> {
  return (await refused(token(es, changes))).reason;
}

/** Three parts of a token that would be taken as it is. */
function parts(): [header: string, payload: string, signature: string] {
  const [header = '', payload = '', signature = ''] = token(es).split('.');
  return [header, payload, signature];
}

/** A token with claims that are given as text, well signed. */
function signed(payload: string): string {
  return serialize({ alg: 'ES256', kid: 'e1' }, payload, signerOf(es));
}

/** An INTEGER of DER. */
function integer(half: Buffer): Buffer {
  const padded = Buffer.concat([Buffer.from([0]), half]);
  return Buffer.concat([Buffer.from([2, padded.length]), padded]);
}

it('takes the tokens that the following ones are made from', async () => {
  const byInternal = serialize({ alg: 'HS256' }, claims({ iss: 'internal' }), hmac(SECRET));
  expect((await authenticate(token(rs), never)).id).toBe('jwt:corp:sub:alice');
  expect((await authenticate(token(es), never)).id).toBe('jwt:corp:sub:alice');
  expect((await authenticate(byInternal, never)).id).toBe('jwt:internal:sub:alice');
});

describe('the algorithm', () => {
  it.each(['none', 'None', 'NONE', 'nOnE', ''])('"%s" is refused', async (alg) => {
    const unsigned = serialize({ alg }, claims(), () => new Uint8Array());
    await refused(unsigned);
    await refused(`${unsigned}AAAA`);
    await refused(serialize({ alg }, claims({ iss: 'internal' }), hmac('')));
  });

  const pem = rs.publicKey.export({ format: 'pem', type: 'spki' }).toString();
  it.each<[string, string | Uint8Array]>([
    ['PEM', pem],
    ['PEM without the last line feed', pem.trimEnd()],
    ['PEM, PKCS #1', rs.publicKey.export({ format: 'pem', type: 'pkcs1' })],
    ['DER', rs.publicKey.export({ format: 'der', type: 'spki' })],
    ['DER, PKCS #1', rs.publicKey.export({ format: 'der', type: 'pkcs1' })],
    ['JWK', JSON.stringify(rs.jwk)],
    ['JWK without kid, alg and use', JSON.stringify(rs.publicKey.export({ format: 'jwk' }))],
    ['modulus', Buffer.from(String(rs.jwk['n']), 'base64url')],
    ['empty', ''],
  ])('HS256 with the public key as the secret is refused (%s)', async (_form, secret) => {
    for (const header of [{ alg: 'HS256' }, { alg: 'HS256', kid: 'r1' }]) {
      const { reason } = await refused(serialize(header, claims(), hmac(secret)));
      expect(reason).toBe('token of issuer "corp": ERR_JOSE_ALG_NOT_ALLOWED');
    }
  });

  it.each(['RS384', 'RS512', 'PS256', 'ES384', 'EdDSA'])(
    '%s, which is not pinned, is refused',
    async (alg) => {
      await refused(token(createKey(alg, 'r1')));
    },
  );

  it.each([5, null, ['RS256'], { RS256: true }, 'rs256', 'constructor', '__proto__'])(
    '%j is refused',
    async (alg) => {
      await refused(token(rs, {}, { alg }));
    },
  );

  it('of one key with the kid of another is refused', async () => {
    await refused(token(rs, {}, { kid: 'e1' }));
    await refused(token(es, {}, { kid: 'r1' }));
  });

  it('of one issuer does not serve for another', async () => {
    await refused(token(rs, { iss: 'internal' }));
    await refused(serialize({ alg: 'HS256' }, claims(), hmac(SECRET)));
  });

  it('that a JWK’s own alg excludes is refused, though it is pinned and the key could', async () => {
    const by = build([
      { id: 'x', issuer: 'x', algorithms: ['RS256', 'PS256'], jwks: { keys: [rs.jwk] } },
    ]);
    await refused(token({ ...rs, alg: 'PS256' }, { iss: 'x' }), by);
  });
});

describe('the header', () => {
  it.each<[string, Record<string, unknown>]>([
    ['crit with an unknown extension', { crit: ['x'], x: 1 }],
    ['crit with a claim that is understood', { crit: ['exp'] }],
    ['crit with b64', { crit: ['b64'], b64: true }],
    ['an empty crit', { crit: [] }],
    ['a crit that is null', { crit: null }],
    ['b64: false', { b64: false }],
    ['b64: false in crit', { b64: false, crit: ['b64'] }],
    ['b64: true', { b64: true }],
    ['the typ of another token', { typ: 'logout+jwt' }],
    ['the typ dpop+jwt', { typ: 'dpop+jwt' }],
    ['an empty typ', { typ: '' }],
    ['a typ that is a number', { typ: 5 }],
    ['a typ that is null', { typ: null }],
    ['a kid that is a number', { kid: 1 }],
    ['a kid that is null', { kid: null }],
    ['an unknown kid', { kid: 'unknown' }],
    ['a kid that names a member of every object', { kid: '__proto__' }],
    ['a kid that is a path', { kid: '../../dev/null' }],
  ])('with %s is refused', async (_name, header) => {
    await refused(token(es, {}, header));
  });

  it('without a kid is refused where two keys can have signed it', async () => {
    const second = createKey('ES256', 'e2');
    const jwks = { keys: [es.jwk, second.jwk] };
    const by = build([{ id: 'x', issuer: 'x', algorithms: ['ES256'], jwks }]);
    const { reason } = await refused(token(es, { iss: 'x' }, { kid: undefined }), by);
    expect(reason).toBe('token of issuer "x": more than one key matches its header');
  });

  it('that is not an object, or not JSON, is refused', async () => {
    for (const header of ['[]', 'null', '5', '"x"', '', '{', '{"alg":"ES256"']) {
      await refused(serialize(header, claims(), signerOf(es)));
    }
  });

  it('that is no UTF-8 is refused', async () => {
    const [, payload, signature] = parts();
    const header = Buffer.concat([
      Buffer.from('{"alg":"ES256","x":"'),
      Buffer.from([0xff]),
      Buffer.from('"}'),
    ]);
    await refused(`${base64url(header)}.${payload}.${signature}`);
  });
});

describe('a key in the token’s own header', () => {
  const forged = createKey('ES256', 'e1');
  it.each<[string, Record<string, unknown>]>([
    ['jwk', { jwk: forged.publicKey.export({ format: 'jwk' }) }],
    ['jwk without a kid', { kid: undefined, jwk: forged.jwk }],
    ['a symmetric jwk', { jwk: { kty: 'oct', k: base64url(SECRET) } }],
    ['x5c', { x5c: [CERTIFICATE] }],
  ])('(%s) is not used', async (_name, header) => {
    await refused(token(forged, {}, header));
    expect((await authenticate(token(es, {}, { ...header, kid: 'e1' }), never)).id).toBe(
      'jwt:corp:sub:alice',
    );
  });

  it.each(['jku', 'x5u'])('(%s) is not even fetched', async (member) => {
    const server = await startJwksServer(answerKeys(forged));
    await refused(token(forged, {}, { [member]: server.uri.href }));
    expect(server.requests).toBe(0);
    await server.stop();
  });
});

describe('the signature', () => {
  it('does not hold for a changed payload', async () => {
    const [header, , signature] = parts();
    const { reason } = await refused(
      `${header}.${base64url(JSON.stringify(claims({ sub: 'mallory' })))}.${signature}`,
    );
    expect(reason).toBe('token of issuer "corp": ERR_JWS_SIGNATURE_VERIFICATION_FAILED');
  });

  it('does not hold for a changed header', async () => {
    const [, payload, signature] = parts();
    await refused(
      `${base64url(JSON.stringify({ alg: 'ES256', kid: 'e1', x: 1 }))}.${payload}.${signature}`,
    );
  });

  it('of another key with the same kid does not hold', async () => {
    await refused(token(createKey('ES256', 'e1')));
    await refused(token(createKey('RS256', 'r1')));
  });

  it('of another secret does not hold', async () => {
    await refused(serialize({ alg: 'HS256' }, claims({ iss: 'internal' }), hmac(`${SECRET}x`)));
  });

  it.each<[string, Uint8Array]>([
    ['of zeros (CVE-2022-21449)', new Uint8Array(64)],
    ['of one byte', new Uint8Array(1)],
    ['of 4000 bytes', new Uint8Array(4000)],
  ])('%s does not hold', async (_name, signature) => {
    await refused(serialize({ alg: 'ES256', kid: 'e1' }, claims(), () => signature));
  });

  it('in DER, which JWS does not use, does not hold', async () => {
    const raw = Buffer.from(parts()[2], 'base64url');
    const body = Buffer.concat([integer(raw.subarray(0, 32)), integer(raw.subarray(32))]);
    const sequence = Buffer.concat([Buffer.from([0x30, body.length]), body]);
    const [header, payload] = parts();
    await refused(`${header}.${payload}.${base64url(sequence)}`);
  });

  it('cannot be bent by any one changed character', async () => {
    const good = token(es);
    const alphabet = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.= ';
    const change = fc.tuple(fc.nat(good.length - 1), fc.constantFrom(...alphabet.split('')));
    await fc.assert(
      fc.asyncProperty(change, async ([at, character]) => {
        fc.pre(good[at] !== character);
        await refused(good.slice(0, at) + character + good.slice(at + 1));
      }),
      { numRuns: 300 },
    );
  });
});

describe('the claims', () => {
  it.each<[string, Record<string, unknown>, string]>([
    ['expired 30 s ago', { exp: NOW_SECONDS - 30 }, 'The token has expired.'],
    ['expired long ago', { exp: 0 }, 'The token has expired.'],
    ['not valid for 31 s more', { nbf: NOW_SECONDS + 31 }, 'The token is not valid yet.'],
    ['another audience', { aud: 'other' }, 'The token is for another audience.'],
    ['other audiences', { aud: ['other', 'gateway2'] }, 'The token is for another audience.'],
    ['an empty list of audiences', { aud: [] }, 'The token is for another audience.'],
    [
      'an audience that is an object',
      { aud: { gateway: true } },
      'The token is for another audience.',
    ],
    [
      'an audience that is a list in a list',
      { aud: [['gateway']] },
      'The token is for another audience.',
    ],
    ['a number beside the right audience', { aud: ['gateway', 5] }, 'The token is not valid.'],
    ['no audience', { aud: undefined }, 'The token is not valid.'],
    ['no exp', { exp: undefined }, 'The token is not valid.'],
    ['exp as a string', { exp: String(NOW_SECONDS + 300) }, 'The token is not valid.'],
    ['exp as null', { exp: null }, 'The token is not valid.'],
    ['exp as a list', { exp: [NOW_SECONDS + 300] }, 'The token is not valid.'],
    ['nbf as a string', { nbf: '0' }, 'The token is not valid.'],
    ['iat as a string', { iat: '0' }, 'The token is not valid.'],
    ['iat 31 s in the future', { iat: NOW_SECONDS + 31 }, 'The token is not valid.'],
    ['another issuer', { iss: 'https://else.example' }, 'The token is not valid.'],
    ['an issuer with a slash more', { iss: 'https://id.example/' }, 'The token is not valid.'],
    ['an issuer in other case', { iss: 'HTTPS://ID.EXAMPLE' }, 'The token is not valid.'],
    ['no issuer', { iss: undefined }, 'The token is not valid.'],
    ['an issuer in a list', { iss: ['https://id.example'] }, 'The token is not valid.'],
    ['an issuer named __proto__', { iss: '__proto__' }, 'The token is not valid.'],
    ['an issuer named constructor', { iss: 'constructor' }, 'The token is not valid.'],
  ])('with %s are refused', async (_name, changes, detail) => {
    expect((await refused(token(es, changes))).members.detail).toBe(detail);
  });

  it('let nobody know that they have expired before the signature is verified', async () => {
    const problem = await refused(token(createKey('ES256', 'e1'), { exp: 0 }));
    expect(problem.members.detail).toBe('The token is not valid.');
  });

  it('are named in the log, with what is wrong', async () => {
    expect(await reasonOf({ exp: undefined })).toBe('token of issuer "corp": exp: missing');
    expect(await reasonOf({ exp: '5' })).toBe('token of issuer "corp": exp: invalid');
    expect(await reasonOf({ aud: 'other' })).toBe('token of issuer "corp": aud: check_failed');
    expect(await reasonOf({ iss: 'x' })).toBe('token: its issuer is not configured');
  });

  it('that somebody has put into Object.prototype do not count', async () => {
    const names = ['iss', 'sub', 'scope', 'authorization_details'];
    const without = { iss: undefined, sub: undefined, scope: undefined };
    const [noIssuer, noName] = [token(es, without), token(es, { sub: undefined })];
    const noScope = token(es, { scope: undefined }, { kid: undefined });
    const planted = { value: 'tasks:cancel', configurable: true, writable: true };
    for (const name of names) Reflect.defineProperty(Object.prototype, name, planted);
    try {
      await Promise.all([refused(noIssuer), refused(noName)]);
      const principal = await authenticate(noScope, never);
      expect([principal.grants, principal.basis]).toEqual([[], 'scope']);
    } finally {
      for (const name of names) Reflect.deleteProperty(Object.prototype, name);
    }
  });

  const json = JSON.stringify(claims());
  it('with an exp beyond every number are refused', async () => {
    const endless = json.replace(/"exp":\d+/, '"exp":1e999');
    await refused(signed(endless));
  });

  it.each([
    '[]',
    'null',
    '5',
    '"text"',
    'true',
    '',
    '{',
    '{"iss":"https://id.example"',
    'not json',
  ])('are refused as %j, though signed', async (payload) => {
    await refused(signed(payload));
  });

  it('that are a list which holds the claims are refused', async () => {
    await refused(signed(`[${json}]`));
  });

  it('that are no UTF-8 are refused', async () => {
    const input = `${base64url('{"alg":"ES256","kid":"e1"}')}.${base64url(
      Buffer.concat([
        Buffer.from(`${json.slice(0, -1)},"x":"`),
        Buffer.from([0xff]),
        Buffer.from('"}'),
      ]),
    )}`;
    await refused(`${input}.${base64url(signerOf(es)(input))}`);
  });

  const rest = json.slice(1);
  const others = json.slice(0, -1);
  it('given twice count once, the last time, for choosing the issuer and for everything after', async () => {
    const takenAs = async (payload: string): Promise<string> =>
      (await authenticate(signed(payload), never)).id;
    expect(await takenAs(`{"iss":"internal",${rest}`)).toBe('jwt:corp:sub:alice');
    expect(await takenAs(`{"sub":"root",${rest}`)).toBe('jwt:corp:sub:alice');
    expect(await takenAs(`${others},"sub":"root"}`)).toBe('jwt:corp:sub:root');
    await refused(signed(`${others},"iss":"internal"}`));
    await refused(signed(`${others},"exp":0}`));
    await refused(signed(`${others},"aud":"other"}`));
  });

  it('named __proto__ or constructor have no effect', async () => {
    const proto = '"__proto__":{"sub":"root","scope":"tasks:read","authorization_details":[]}';
    const constructor = '"constructor":{"prototype":{"exp":1}}';
    expect(await authenticate(signed(`{${proto},${constructor},${rest}`), never)).toEqual({
      id: 'jwt:corp:sub:alice',
      scheme: 'bearer',
      grants: [{ scopes: ['tasks:cancel'] }],
      basis: 'scope',
    });
    expect({}).not.toHaveProperty('scope');
    await refused(signed(`{"__proto__":${json}}`));
  });
});

describe('the form', () => {
  const [header, payload, signature] = parts();
  it.each<[string, string]>([
    ['nothing', ''],
    ['a space', ' '],
    ['garbage', 'garbage'],
    ['garbage in three parts', 'a.b.c'],
    ['two dots', '..'],
    ['one part', header],
    ['two parts', `${header}.${payload}`],
    ['two parts and a dot', `${header}.${payload}.`],
    ['no payload (detached)', `${header}..${signature}`],
    ['no header', `.${payload}.${signature}`],
    ['four parts', `${header}.${payload}.${signature}.${signature}`],
    ['five parts, as a JWE has', `${header}.AAAA.AAAA.${payload}.${signature}`],
    ['JSON serialization', JSON.stringify({ protected: header, payload, signature })],
    ['a space at the end', `${header}.${payload}.${signature} `],
    ['a line feed at the end', `${header}.${payload}.${signature}\n`],
    ['a space within', `${header}. ${payload}.${signature}`],
    ['padding', `${header}.${payload}.${signature}==`],
    ['the alphabet of base64', `${header}.${payload}.${signature.slice(0, -2)}+/`],
    ['characters beyond ASCII', `${header}.${payload}é.${signature}`],
    ['NUL', `${header}.${payload}.${signature}\0`],
    [
      'bits left over in the last character',
      `${header}.${payload}.${signature.slice(0, -1)}${following(signature.at(-1))}`,
    ],
  ])('is refused: %s', async (_name, bad) => {
    await refused(bad);
  });

  it('is refused above 16 KiB unread, and taken up to it', async () => {
    const longest = padTo(16_384);
    expect(longest).toHaveLength(16_384);
    expect((await authenticate(longest, never)).id).toBe('jwt:corp:sub:alice');
    const { reason } = await refused(padTo(16_385));
    expect(reason).toBe('token: longer than 16 KiB');
    expect((await refused(token(es, { padding: 'x'.repeat(17 * 1024) }))).reason).toBe(
      'token: longer than 16 KiB',
    );
  });

  it('is refused in any other shape', async () => {
    const part = fc.oneof(
      fc.base64String(),
      fc.string(),
      fc.json().map(base64url),
      fc.constantFrom(header, payload),
    );
    const bad = fc.oneof(
      fc.string(),
      fc.array(part, { maxLength: 6 }).map((some) => some.join('.')),
    );
    await fc.assert(
      fc.asyncProperty(bad, async (some) => {
        await refused(some);
      }),
      { numRuns: 500 },
    );
  });
});

describe('what is said and logged of a bad token', () => {
  it('holds no part of it', async () => {
    const marks = { sub: 'MARK-1', aud: 'MARK-2', iss: 'https://id.example' };
    const bad = [
      token(es, { ...marks, exp: 'MARK-3' }),
      token(es, marks, { crit: ['MARK-4'] }),
      token(es, marks, { typ: 'MARK-5' }),
      token(es, marks, { kid: 'MARK-6' }),
      token(es, marks, { alg: 'MARK-7' }),
      token(es, { ...marks, iss: 'MARK-8' }),
      token(es, { ...marks, aud: 'gateway', sub: 'MARK-9\n' }),
    ];
    for (const each of bad) {
      const problem = await refused(each);
      expect(`${problem.message} ${problem.members.detail} ${problem.reason}`).not.toMatch(
        /MARK|eyJ/,
      );
    }
  });
});

/** A good token of exactly this length: base64 has no string of every length, so the header fills up. */
function padTo(length: number): string {
  for (const header of [{}, { x: '1' }]) {
    const missing = length - token(es, { padding: '' }, header).length;
    for (const size of [0, 1, 2].map((less) => Math.floor((missing * 3) / 4) - less)) {
      const padded = token(es, { padding: 'x'.repeat(size) }, header);
      if (padded.length === length) return padded;
    }
  }
  throw new Error('no token has this length');
}

/** The next character of the alphabet: the same bytes, but for bits that are not used. */
function following(character = ''): string {
  return String.fromCharCode(character.charCodeAt(0) + 1);
}
