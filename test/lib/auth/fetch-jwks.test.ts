import type { RequestListener } from 'node:http';
import { gzipSync } from 'node:zlib';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { fetchJwks, JwksUnavailable } from '../../../src/lib/auth/jwks.ts';
import {
  reply,
  answerKeys,
  dropConnection,
  flood,
  hangInBody,
  hold,
  startJwksServer,
  truncate,
  type JwksServer,
} from '../../support/jwks-server.ts';
import { createKey } from '../../support/jwt.ts';

const never = new AbortController().signal;
const count = async (uri: URL): Promise<number> => (await fetchJwks({ uri }, never)).length;
const es = createKey('ES256', 'e1');
let server: JwksServer;

beforeAll(async () => {
  server = await startJwksServer(answerKeys(es));
});
afterAll(() => server.stop());

describe('the fetch of a JWKS', () => {
  it('gives the keys of the set, and leaves no connection behind', async () => {
    server.behave(answerKeys(es));
    expect(await fetchJwks(server, never)).toEqual([
      { kid: 'e1', algorithms: ['ES256'], key: expect.anything() },
    ]);
    await server.idle();
  });

  it('leaves out keys that it cannot use, and says which and why', async () => {
    const keys = [
      null,
      5,
      { kty: 'oct', k: 'AA', kid: 'secret' },
      { ...es.jwk, kid: 7 },
      { kty: 'NEW', kid: 'pq-1' },
      es.jwk,
    ];
    server.behave(reply(JSON.stringify({ keys, more: 'members' })));
    expect(await fetchJwks(server, never)).toMatchObject([
      { kid: undefined, fault: 'is not an object' },
      { kid: undefined, fault: 'is not an object' },
      { kid: 'secret', fault: 'has private members' },
      { kid: undefined, fault: 'has a kid that is no string' },
      { kid: 'pq-1', fault: 'is not a usable public key' },
      { kid: 'e1', algorithms: ['ES256'] },
    ]);
  });

  it('does not miss a key that is published for encryption', async () => {
    server.behave(reply(JSON.stringify({ keys: [{ ...es.jwk, use: 'enc' }] })));
    expect(await fetchJwks(server, never)).toEqual([]);
  });

  it.each<[string, string | Buffer, Record<string, string>]>([
    ['with a byte order mark', `\uFEFF${JSON.stringify({ keys: [es.jwk] })}`, {}],
    ['as gzip', gzipSync(JSON.stringify({ keys: [es.jwk] })), { 'Content-Encoding': 'gzip' }],
    [
      'as gzip by its old name, with a byte order mark within',
      gzipSync(`\uFEFF${JSON.stringify({ keys: [es.jwk] })}`),
      { 'Content-Encoding': 'X-GZIP' },
    ],
    ['as identity', JSON.stringify({ keys: [es.jwk] }), { 'Content-Encoding': 'identity' }],
  ])('takes a set %s', async (_name, body, headers) => {
    server.behave(reply(body, 200, headers));
    expect(await count(server.uri)).toBe(1);
  });

  it('asks for JSON, with no credentials and no body', async () => {
    let seen: Parameters<RequestListener>[0] | undefined;
    server.behave((request, response) => {
      seen = request;
      answerKeys(es)(request, response);
    });
    await fetchJwks(server, never);
    expect(seen?.method).toBe('GET');
    expect(seen?.url).toBe('/jwks.json');
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual([
      'accept',
      'accept-encoding',
      'connection',
      'host',
    ]);
    expect(seen?.headers['accept-encoding']).toBe('gzip');
  });

  const aSet = JSON.stringify({ keys: [es.jwk] });
  const padded = (bytes: number): string => aSet + ' '.repeat(bytes - aSet.length);
  it('reads 256 KiB and no more', async () => {
    server.behave(reply(padded(256 * 1024)));
    expect(await count(server.uri)).toBe(1);
    server.behave(reply(padded(256 * 1024 + 1)));
    await expect(fetchJwks(server, never)).rejects.toThrow('more than 262144 bytes');
  });

  it('reads no more than that out of gzip either', async () => {
    const zipped = (bytes: number): RequestListener =>
      reply(gzipSync(padded(bytes)), 200, { 'Content-Encoding': 'gzip' });
    server.behave(zipped(256 * 1024));
    expect(await count(server.uri)).toBe(1);
    server.behave(zipped(256 * 1024 + 1));
    await expect(fetchJwks(server, never)).rejects.toThrow('more than 262144 bytes');
  });

  it.each<[string, RequestListener, string]>([
    [
      'an HTML page',
      reply('<html>Sign in</html>', 200, { 'Content-Type': 'text/html' }),
      'else than JSON',
    ],
    ['an empty body', reply(''), 'else than JSON'],
    ['a set cut short', reply('{"keys":[{"kty":'), 'else than JSON'],
    ['a list', reply('[]'), 'else than a JWK Set'],
    ['null', reply('null'), 'else than a JWK Set'],
    ['an object without keys', reply('{}'), 'else than a JWK Set'],
    ['keys that are no list', reply('{"keys":{}}'), 'else than a JWK Set'],
    ['gzip that is none', reply(aSet, 200, { 'Content-Encoding': 'gzip' }), 'broken gzip'],
    ['another encoding', reply(aSet, 200, { 'Content-Encoding': 'br' }), 'another encoding'],
    ['status 500 with a good set', reply(aSet, 500), 'status 500'],
    ['status 500 with a body that hangs', hangInBody(500), 'status 500'],
    ['status 404', reply('not here', 404), 'status 404'],
    ['status 204', reply('', 204), 'status 204'],
    ['a body that never ends', flood, 'more than 262144 bytes'],
    ['a body shorter than it says', truncate, 'connection failed: ECONNRESET'],
    ['a connection that is cut', dropConnection, 'connection failed: ECONNRESET'],
  ])('fails on %s, and leaves no connection behind', async (_name, listener, message) => {
    server.behave(listener);
    const outcome = fetchJwks(server, never);
    await expect(outcome).rejects.toThrow(message);
    await expect(outcome).rejects.toBeInstanceOf(JwksUnavailable);
    await server.idle();
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const elsewhere = await startJwksServer(answerKeys(es));
    server.behave(reply('', status, { Location: elsewhere.uri.href }));
    await expect(fetchJwks(server, never)).rejects.toThrow(`status ${status}`);
    expect(elsewhere.requests).toBe(0);
    await elsewhere.stop();
  });

  it('fails where nobody listens', async () => {
    const gone = await startJwksServer(answerKeys(es));
    await gone.stop();
    await expect(fetchJwks(gone, never)).rejects.toThrow('connection failed: ECONNREFUSED');
  });

  it('speaks TLS to an https: address, and nothing else', async () => {
    const before = server.requests;
    const uri = new URL(server.uri.href.replace('http:', 'https:'));
    await expect(fetchJwks({ uri }, never)).rejects.toBeInstanceOf(JwksUnavailable);
    expect(server.requests).toBe(before);
  });

  it('ends with the signal, and closes the connection', async () => {
    const { listener } = hold();
    server.behave(listener);
    const controller = new AbortController();
    const outcome = fetchJwks(server, controller.signal);
    await server.arrived(server.requests + 1);
    controller.abort(new Error('enough'));
    await expect(outcome).rejects.toThrow('enough');
    await server.idle();
  });

  it('heeds no proxy variable', async () => {
    server.behave(answerKeys(es));
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      expect(await count(server.uri)).toBe(1);
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
  });
});

describe('the discovery of a JWKS', () => {
  const issuer = 'https://id.example/tenant';
  /** Serves the document at the well-known path and the set anywhere else. */
  const serving =
    (document: unknown): RequestListener =>
    (request, response) => {
      const isDocument = request.url === '/.well-known/openid-configuration';
      const body = typeof document === 'string' ? document : JSON.stringify(document);
      if (isDocument) response.end(body);
      else answerKeys(es)(request, response);
    };
  const discover = (document: unknown): ReturnType<typeof fetchJwks> => {
    server.behave(serving(document));
    const uri = new URL('/.well-known/openid-configuration', server.uri);
    return fetchJwks({ uri, discoveryOf: issuer }, never);
  };

  it('goes by the document of the issuer', async () => {
    const set = await discover({ issuer, jwks_uri: server.uri.href, other: 1 });
    expect(set).toHaveLength(1);
    await server.idle();
  });

  it.each<[string, () => unknown, string]>([
    [
      'of another issuer',
      () => ({ issuer: `${issuer}/`, jwks_uri: server.uri.href }),
      'another issuer',
    ],
    ['of no issuer', () => ({ jwks_uri: server.uri.href }), 'another issuer'],
    ['that is a list', () => [issuer], 'another issuer'],
    ['that is HTML', () => '<html>', 'something else than JSON'],
    ['without jwks_uri', () => ({ issuer }), 'no jwks_uri'],
    ['whose jwks_uri is a list', () => ({ issuer, jwks_uri: [server.uri.href] }), 'no jwks_uri'],
    ['whose jwks_uri is a path', () => ({ issuer, jwks_uri: '/jwks.json' }), 'no jwks_uri'],
    [
      'that leads to plain http',
      () => ({ issuer, jwks_uri: 'http://id.example/jwks' }),
      'no jwks_uri',
    ],
    ['that leads to a file', () => ({ issuer, jwks_uri: 'file:///etc/passwd' }), 'no jwks_uri'],
    ['with a password', () => ({ issuer, jwks_uri: 'https://a:b@id.example/' }), 'no jwks_uri'],
  ])('fails on a document %s', async (_name, make, message) => {
    const before = server.requests;
    const outcome = discover(make());
    await expect(outcome).rejects.toThrow(message);
    await expect(outcome).rejects.toBeInstanceOf(JwksUnavailable);
    expect(server.requests).toBe(before + 1);
  });
});
