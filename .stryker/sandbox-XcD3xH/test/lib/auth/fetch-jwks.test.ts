import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import type { RequestListener } from 'node:http';

import { fetchJwks, JwksUnavailable } from '../../../src/lib/auth/fetch-jwks.ts';
import {
  answer,
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
const es = createKey('ES256', 'e1');
let server: JwksServer;

beforeAll(async () => {
  server = await startJwksServer(answerKeys(es));
});
afterAll(() => server.stop());

describe('the fetch of a JWKS', () => {
  it('gives the keys of the set, and leaves no connection behind', async () => {
    server.behave(answerKeys(es));
    expect(await fetchJwks(server.uri, never)).toMatchObject([
      { kid: 'e1', algorithms: ['ES256'] },
    ]);
    await server.idle();
  });

  it('leaves out keys that it cannot use', async () => {
    const keys = [
      null,
      5,
      { kty: 'oct', k: 'AA' },
      { ...es.jwk, use: 'enc' },
      { kty: 'NEW' },
      es.jwk,
    ];
    server.behave(answer(JSON.stringify({ keys, more: 'members' })));
    expect(await fetchJwks(server.uri, never)).toHaveLength(1);
    server.behave(answer('{"keys":[]}'));
    expect(await fetchJwks(server.uri, never)).toEqual([]);
  });

  it('asks for JSON, with no credentials and no body', async () => {
    let seen: Parameters<RequestListener>[0] | undefined;
    server.behave((request, response) => {
      seen = request;
      answerKeys(es)(request, response);
    });
    await fetchJwks(server.uri, never);
    expect(seen?.method).toBe('GET');
    expect(seen?.url).toBe('/jwks.json');
    expect(Object.keys(seen?.headers ?? {}).toSorted()).toEqual(['accept', 'connection', 'host']);
  });

  const aSet = JSON.stringify({ keys: [es.jwk] });
  const padded = (bytes: number): string => aSet + ' '.repeat(bytes - aSet.length);
  it('reads 256 KiB and no more', async () => {
    server.behave(answer(padded(256 * 1024)));
    expect(await fetchJwks(server.uri, never)).toHaveLength(1);
    server.behave(answer(padded(256 * 1024 + 1)));
    await expect(fetchJwks(server.uri, never)).rejects.toThrow('more than 262144 bytes');
  });

  it.each<[string, RequestListener, string]>([
    [
      'an HTML page',
      answer('<html>Sign in</html>', 200, { 'Content-Type': 'text/html' }),
      'else than JSON',
    ],
    ['an empty body', answer(''), 'else than JSON'],
    ['a set cut short', answer('{"keys":[{"kty":'), 'else than JSON'],
    ['a list', answer('[]'), 'else than a JWK Set'],
    ['null', answer('null'), 'else than a JWK Set'],
    ['an object without keys', answer('{}'), 'else than a JWK Set'],
    ['keys that are no list', answer('{"keys":{}}'), 'else than a JWK Set'],
    ['status 500 with a good set', answer(aSet, 500), 'status 500'],
    ['status 500 with a body that hangs', hangInBody(500), 'status 500'],
    ['status 404', answer('not here', 404), 'status 404'],
    ['status 204', answer('', 204), 'status 204'],
    ['a body that never ends', flood, 'more than 262144 bytes'],
    ['a body shorter than it says', truncate, 'connection failed: ECONNRESET'],
    ['a connection that is cut', dropConnection, 'connection failed: ECONNRESET'],
  ])('fails on %s, and leaves no connection behind', async (_name, listener, message) => {
    server.behave(listener);
    const outcome = fetchJwks(server.uri, never);
    await expect(outcome).rejects.toThrow(message);
    await expect(outcome).rejects.toBeInstanceOf(JwksUnavailable);
    await server.idle();
  });

  it.each([301, 302, 303, 307, 308])('does not follow a redirect (%i)', async (status) => {
    const elsewhere = await startJwksServer(answerKeys(es));
    server.behave(answer('', status, { Location: elsewhere.uri.href }));
    await expect(fetchJwks(server.uri, never)).rejects.toThrow(`status ${status}`);
    expect(elsewhere.requests).toBe(0);
    await elsewhere.stop();
  });

  it('fails where nobody listens', async () => {
    const gone = await startJwksServer(answerKeys(es));
    await gone.stop();
    await expect(fetchJwks(gone.uri, never)).rejects.toThrow('connection failed: ECONNREFUSED');
  });

  it('speaks TLS to an https: address, and nothing else', async () => {
    const before = server.requests;
    const uri = new URL(server.uri.href.replace('http:', 'https:'));
    await expect(fetchJwks(uri, never)).rejects.toBeInstanceOf(JwksUnavailable);
    expect(server.requests).toBe(before);
  });

  it('ends with the signal, and closes the connection', async () => {
    const { listener } = hold();
    server.behave(listener);
    const controller = new AbortController();
    const outcome = fetchJwks(server.uri, controller.signal);
    await server.arrived(server.requests + 1);
    controller.abort(new Error('enough'));
    await expect(outcome).rejects.toThrow('enough');
    await server.idle();
  });

  it('heeds no proxy variable', async () => {
    server.behave(answerKeys(es));
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:1';
    try {
      expect(await fetchJwks(server.uri, never)).toHaveLength(1);
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
  });
});
