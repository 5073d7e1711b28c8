import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { startApp } from '../src/app.ts';
import { createLog } from '../src/lib/observability/log.ts';
import { answerKeys, startJwksServer, type JwksServer } from './support/jwks-server.ts';
import { createKey, serialize, signerOf } from './support/jwt.ts';
import { jwtIssuer, KEY, keyEntry, startGateway } from './support/three-callers.ts';

/** What the log says of entries and their keys, beside what it says of requests. */

let server: JwksServer;
beforeAll(async () => {
  server = await startJwksServer(answerKeys());
});
afterAll(() => server.stop());

it('an entry that nothing restricts is named once at start', () => {
  const lines: unknown[] = [];
  const write = (line: string): void => void lines.push(JSON.parse(line));
  const log = createLog('info', Date.now, { write });
  const env = {
    DLC_REGION: 'ap-guangzhou',
    TENCENTCLOUD_SECRETID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRETKEY: 'emulator-secret-key',
    API_KEYS: JSON.stringify([
      keyEntry(KEY, { id: 'all' }),
      keyEntry(`${KEY}-2`, { id: 'all' }),
      keyEntry(`${KEY}-3`, { id: 'meant', engines: ['*'] }),
    ]),
    JWT_ISSUERS: JSON.stringify([jwtIssuer({ id: 'idp', owner: '/uin' })]),
  };
  startApp(env, import.meta.dirname, log);
  expect(lines).toMatchObject([{ event: 'unrestricted-entry', level: 'warn', entry: 'key:all' }]);
});

it('a key that an issuer publishes and that cannot be used is named once', async () => {
  const key = createKey('ES256', 'k1');
  server.behave(answerKeys(key, { jwk: { kty: 'NEW', kid: 'k2' } }));
  const entry = jwtIssuer({ algorithms: ['ES256'], jwksUri: server.uri.href, secret: undefined });
  const gateway = startGateway(9, { JWT_ISSUERS: JSON.stringify([entry]) });
  const exp = Math.floor(Date.now() / 1000) + 300;
  const claims = { iss: 'https://issuer.example', aud: 'dlc-task-gateway', sub: 'alice', exp };
  for (const kid of ['k1', 'forged']) {
    const token = serialize({ alg: 'ES256', kid }, claims, signerOf(key));
    const { status } = await gateway.send('GET', '/tasks/a', [
      ['Authorization', `Bearer ${token}`],
    ]);
    expect(status).toBe(kid === 'k1' ? 403 : 401);
  }
  expect(server.requests).toBe(2);
  const lines = gateway.log.map((line): Record<string, unknown> => JSON.parse(line));
  expect(lines.filter(({ event }) => event === 'key-left-out')).toMatchObject([
    { level: 'warn', issuer: 'idp', kid: 'k2', reason: 'is not a usable public key' },
  ]);
});
