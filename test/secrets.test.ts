import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { SettingsError, loadSettings } from '../src/settings.ts';
import {
  bearer,
  cancelBody,
  KEY,
  startGateway,
  TOKEN_SECRET,
  webhook,
  WEBHOOK_SECRET,
} from './support/three-callers.ts';

/** Every kind of secret is planted, every kind of request made, and nothing of them comes out anywhere. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
  emulator.addTasks({ id: 'mine', state: 'running' });
});
afterAll(() => emulator.close());

const SECRET_ID = 'AKIDPLANTEDSECRETID';
const SECRET_KEY = 'planted-secret-key';
const SESSION = 'planted-session-token';

it('no secret is in any answer or any line of the log', async () => {
  const gateway = startGateway(emulator.port, {
    TENCENTCLOUD_SECRETID: SECRET_ID,
    TENCENTCLOUD_SECRETKEY: SECRET_KEY,
    TENCENTCLOUD_SESSIONTOKEN: SESSION,
  });
  const token = bearer({ scope: 'tasks:cancel' });
  const expired = bearer({ exp: 1 });
  const foreign = bearer({ scope: 'tasks:cancel' }, 'another-secret-of-more-than-32-bytes');
  const signed = webhook(cancelBody('mine'));
  const badly = webhook(cancelBody('mine'), [`whsec_${Buffer.alloc(24, 7).toString('base64')}`]);
  const nearly = `${KEY}x`;
  const requests: [string, string, (readonly [string, string])[], string?][] = [
    ['DELETE', '/tasks/mine', [['X-API-Key', KEY]]],
    ['DELETE', '/tasks/mine', [['x-api-key', nearly]]],
    ['DELETE', '/tasks/mine', [['X-API-Key', KEY], token]],
    [
      'DELETE',
      '/tasks/mine',
      [
        ['X-API-Key', KEY],
        ['x-api-key', nearly],
      ],
    ],
    ['DELETE', '/tasks/mine', [token]],
    ['DELETE', '/tasks/mine', [expired]],
    ['DELETE', '/tasks/mine', [foreign]],
    ['DELETE', '/tasks/mine', [['Authorization', `Basic ${btoa(`u:${KEY}`)}`]]],
    [
      'GET',
      '/tasks/mine',
      [
        ['X-API-Key', KEY],
        ['X-Scf-Secret-Key', SECRET_KEY],
      ],
    ],
    ['POST', '/webhooks/cancel-task', signed.headers, signed.body],
    ['POST', '/webhooks/cancel-task', badly.headers, badly.body],
    ['GET', `/nothing/${KEY.slice(0, 3)}`, [['X-API-Key', KEY]]],
  ];
  const responses = [];
  for (const [method, path, headers, body] of requests) {
    responses.push(await gateway.send(method, path, headers, body));
  }
  // The credentials are wrong for the emulator, so what upstream says of them is in the log too.
  expect(responses[0]).toMatchObject({
    status: 502,
    body: { code: 'upstream-credentials-rejected' },
  });
  const written = JSON.stringify(responses) + gateway.log.join('');
  const signatureOf = (headers: readonly (readonly [string, string])[]): string =>
    headers.find(([name]) => name === 'Webhook-Signature')?.[1].slice(3) ?? '';
  const secrets = [
    KEY,
    nearly,
    btoa(`u:${KEY}`),
    TOKEN_SECRET,
    WEBHOOK_SECRET,
    WEBHOOK_SECRET.slice(6),
    SECRET_ID,
    SECRET_KEY,
    SESSION,
    signatureOf(signed.headers),
    signatureOf(badly.headers),
    ...[token, expired, foreign].flatMap(([, value]) => value.slice(7).split('.')),
  ];
  for (const secret of secrets) {
    expect(secret.length).toBeGreaterThan(5);
    expect(written).not.toContain(secret);
  }
  // What may be shown is there: the search looks at the right texts.
  expect(written).toContain('key:k');
});

it('no secret is in what is said of wrong settings', () => {
  const env = {
    DLC_REGION: SECRET_KEY.toUpperCase(),
    DLC_ENDPOINT: `https://user:${SECRET_KEY}@dlc.example`,
    API_KEYS: `[{"id": "${KEY} ", "sha256": "${KEY}", "scopes": ["${KEY}"], "whsec_${'A'.repeat(20)}": 1}]`,
    JWT_ISSUERS: JSON.stringify([
      { id: 'x', issuer: 'i', audience: 'a', algorithms: ['RS256'], secret: TOKEN_SECRET },
    ]),
    WEBHOOK_SENDERS: `[{"id": "hub", "secrets": ["${WEBHOOK_SECRET}x", "whsk_${KEY}"]}`,
    CORS_ORIGINS: `https://${SESSION}/path`,
    MAX_ATTEMPTS: SECRET_ID,
    LOG_LEVEL: SESSION,
  };
  let said = '';
  try {
    loadSettings(env, '/');
  } catch (error) {
    said = error instanceof SettingsError ? error.message : '';
  }
  for (const name of Object.keys(env)) expect(said).toContain(`${name}: `);
  for (const secret of [
    KEY,
    TOKEN_SECRET,
    WEBHOOK_SECRET,
    SECRET_KEY,
    SESSION,
    SECRET_ID,
    'AAAAAA',
  ]) {
    expect(said.toLowerCase()).not.toContain(secret.toLowerCase());
  }
});
