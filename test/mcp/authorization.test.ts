import { expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { agentOf, resultOf, startAgent, type Agent } from '../support/agents.ts';
import { onEmulator } from '../support/emulator.ts';
import { bearer, jwtIssuer, KEY, PUBLIC_URL, startGateway } from '../support/three-callers.ts';

/** Who may call, and how a client learns that. */

let emulator: Emulator;
onEmulator(
  [
    { id: 'mine', state: 'running', engine: 'etl' },
    { id: 'other', state: 'running', engine: 'etl' },
  ],
  (started) => void (emulator = started),
);
const cancelled = (): string[] => [...emulator.stats().cancelled];
const METADATA = `${PUBLIC_URL}/.well-known/oauth-protected-resource/mcp`;
const ORIGIN = 'https://app.example.org';

/** @param authorization a header field, or nothing */
const as = (authorization: readonly [string, string] | undefined, env = {}): Agent =>
  startAgent(emulator.port, env, authorization ? Object.fromEntries([authorization]) : {});

const ping = (agent: Agent, headers = {}) => agent.old({ method: 'ping', headers });

it.each([
  ['nothing', undefined, ''],
  ['an unknown key', ['x-api-key', 'a-key-that-nobody-has-ever-had'] as const, ''],
  ['a wrong token', bearer({ exp: 1 }), ', error="invalid_token"'],
  [
    'a token for another audience',
    bearer({ aud: 'https://other.example' }),
    ', error="invalid_token"',
  ],
  ['a name and a password', ['authorization', 'Basic eDp5'] as const, ''],
])('%s is a 401 that says where the metadata is', async (_, credentials, error) => {
  const response = await ping(as(credentials));
  expect(response).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect(response.headers['WWW-Authenticate']).toBe(
    `Bearer resource_metadata="${METADATA}"${error}`,
  );
});

it('two ways at once are a 400', async () => {
  const response = await ping(as(bearer({})), { 'x-api-key': KEY });
  expect(response).toMatchObject({ status: 400, body: { code: 'invalid-request' } });
  expect(response.headers['WWW-Authenticate']).toBe(
    `Bearer resource_metadata="${METADATA}", error="invalid_request"`,
  );
});

it('a blocked principal is a 403, before its message is read', async () => {
  const agent = startAgent(emulator.port, { BLOCKED_PRINCIPALS: 'key:k' });
  expect(await agent.raw('{')).toMatchObject({ status: 403, body: { code: 'principal-blocked' } });
});

it('the metadata lists the issuers that a client can reach', async () => {
  const read = async (env: Record<string, string>) => {
    const gateway = startGateway(emulator.port, env);
    const paths = ['', '/mcp'].map((path) => `/.well-known/oauth-protected-resource${path}`);
    const [first, second] = await Promise.all(paths.map((path) => gateway.send('GET', path)));
    expect(first?.body).toEqual(second?.body);
    return first?.body;
  };
  const common = {
    resource: `${PUBLIC_URL}/mcp`,
    scopes_supported: ['tasks:cancel', 'tasks:read'],
    bearer_methods_supported: ['header'],
    resource_name: 'dlc-task-gateway',
  };
  expect(await read({})).toEqual({ ...common, authorization_servers: ['https://issuer.example'] });
  expect(await read({ PUBLIC_URL: `${PUBLIC_URL}/` })).toMatchObject(common);
  const local = jwtIssuer({ issuer: 'http://127.0.0.1:8080' });
  const byClient = jwtIssuer({ audience: undefined, clientIds: ['app'] });
  for (const issuer of [local, byClient]) {
    expect(await read({ JWT_ISSUERS: JSON.stringify([issuer]) })).toEqual(common);
  }
});

it('a token without an audience is not for the gateway', async () => {
  const JWT_ISSUERS = JSON.stringify([jwtIssuer({ audience: undefined, clientIds: ['app'] })]);
  const claims = { aud: undefined, client_id: 'app', token_use: 'access', scope: 'tasks:read' };
  const agent = as(bearer(claims), { JWT_ISSUERS });
  const task = await agent.gateway.send('GET', '/tasks/mine', [bearer(claims)]);
  expect(task.status).toBe(200);
  const response = await ping(agent);
  expect(response).toMatchObject({ status: 401, body: { code: 'unauthenticated' } });
  expect(response.headers['WWW-Authenticate']).toBe(
    `Bearer resource_metadata="${METADATA}", error="invalid_token"`,
  );
});

it('a token for one task cancels one task, and sees one', async () => {
  const actions = ['cancel', 'read'];
  const authorization_details = [{ type: 'dlc_task', actions, identifier: 'mine' }];
  const agent = as(bearer({ authorization_details }));
  const { structuredContent } = await agent.tool('list_tasks');
  expect(structuredContent['tasks']).toMatchObject([{ taskId: 'mine' }]);
  for (const name of ['get_task', 'cancel_task']) {
    expect(await agent.tool(name, { taskId: 'other' })).toMatchObject({
      isError: true,
      structuredContent: { code: 'task-not-permitted', status: 403 },
    });
  }
  expect(await agent.tool('cancel_tasks', { taskIds: ['other', 'mine'] })).toMatchObject({
    isError: false,
    structuredContent: { results: [{ status: 403 }, { status: 202 }] },
  });
  expect(cancelled()).toEqual(['mine']);
});

it('pages of other origins are refused before anybody is authenticated', async () => {
  const env = { CORS_ORIGINS: ORIGIN };
  for (const origin of ['https://evil.example', 'null', `${ORIGIN}.evil.example`]) {
    const response = await ping(as(undefined, env), { origin });
    expect(response).toMatchObject({ status: 403, body: { code: 'origin-not-allowed' } });
    expect(response.headers['Access-Control-Allow-Origin']).toBeUndefined();
  }
  const response = await ping(startAgent(emulator.port, env), { origin: ORIGIN });
  expect(response).toMatchObject({
    status: 200,
    headers: { 'Access-Control-Allow-Origin': ORIGIN, Vary: 'Origin' },
  });
  const twice = [
    ['origin', ORIGIN],
    ['origin', 'https://evil.example'],
  ] as const;
  const { gateway } = as(undefined, env);
  expect(await gateway.send('POST', '/mcp', twice)).toMatchObject({ status: 403 });
});

it.each([
  ['http://127.0.0.1:9000', 'evil.example', 403],
  ['http://localhost:9000', 'evil.example:9000', 403],
  ['http://localhost:9000', 'localhost.evil.example', 403],
  ['http://127.0.0.1:9000', 'localhost:9000', 200],
  ['http://127.0.0.1:9000', '127.0.0.1', 200],
  ['http://LOCALHOST:9000', 'LocalHost:9000', 200],
  ['http://LOCALHOST:9000', 'evil.example', 403],
  ['http://localhost:9000/gateway', '[::1]:9000', 200],
  // Behind a proxy, the gateway may be called by any name.
  [PUBLIC_URL, '10.0.0.7:9000', 200],
])('at %s the host %s is a %d', async (publicUrl, host, status) => {
  const agent = startAgent(emulator.port, { PUBLIC_URL: publicUrl });
  expect((await ping(agent, { host })).status).toBe(status);
});

it('browsers may ask first, with the fields of the protocol', async () => {
  const { gateway } = startAgent(emulator.port, { CORS_ORIGINS: ORIGIN });
  const ask = (method: string) =>
    [
      ['origin', ORIGIN],
      ['access-control-request-method', method],
    ] as const;
  const preflight = await gateway.send('OPTIONS', '/mcp', ask('POST'));
  expect(preflight).toMatchObject({
    status: 204,
    headers: {
      'Access-Control-Allow-Origin': ORIGIN,
      'Access-Control-Allow-Methods': 'GET, DELETE, POST',
      'Access-Control-Allow-Headers':
        'authorization, content-type, prefer, x-request-id, traceparent, tracestate, baggage, mcp-protocol-version, mcp-method, mcp-name',
    },
  });
  const path = '/.well-known/oauth-protected-resource/mcp';
  expect(await gateway.send('OPTIONS', path, ask('GET'))).toMatchObject({
    status: 204,
    headers: { 'Access-Control-Allow-Origin': ORIGIN },
  });
  expect(await gateway.send('GET', path, [['origin', ORIGIN]])).toMatchObject({
    status: 200,
    headers: { 'Access-Control-Allow-Origin': ORIGIN },
  });
});

it('where the key of an issuer cannot be fetched is a 503', async () => {
  const issuer = jwtIssuer({
    algorithms: ['RS256'],
    secret: undefined,
    jwksUri: 'http://127.0.0.1:9/jwks.json',
  });
  const [name, value] = bearer({});
  const header = Buffer.from('{"alg":"RS256","kid":"k"}').toString('base64url');
  const token = value.replace(/^Bearer [^.]+/, `Bearer ${header}`);
  const agent = as([name, token], { JWT_ISSUERS: JSON.stringify([issuer]) });
  expect(await ping(agent)).toMatchObject({
    status: 503,
    body: { code: 'auth-provider-unavailable' },
  });
});

it('is named in ASCII, as a header field must be', async () => {
  const agent = as(undefined, { PUBLIC_URL: 'https://网关.example/"$&' });
  const host = 'https://xn--d6q013i.example/%22$&';
  expect((await ping(agent)).headers['WWW-Authenticate']).toBe(
    `Bearer resource_metadata="${host}/.well-known/oauth-protected-resource/mcp"`,
  );
});

it('by BASE_PATH, too', async () => {
  const gateway = startGateway(emulator.port, {
    BASE_PATH: '/gateway',
    PUBLIC_URL: `${PUBLIC_URL}/gateway`,
  });
  const response = await gateway.send('POST', '/gateway/mcp');
  const at = `${PUBLIC_URL}/gateway/.well-known/oauth-protected-resource/mcp`;
  expect(response.headers['WWW-Authenticate']).toBe(`Bearer resource_metadata="${at}"`);
  const result = resultOf(await agentOf(gateway).old({ method: 'ping' }));
  expect(result).toEqual({});
});
