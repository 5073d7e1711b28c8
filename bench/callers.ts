import { createHash, generateKeyPairSync, randomBytes } from 'node:crypto';

import { SignJWT } from 'jose';

import { signWebhook } from '../scripts/callers/webhook-sign.ts';
import type { Environment } from './children.ts';

/** Who calls, in the settings of the gateway and of its peers, and what they send: of each kind one, with a key pair of the run's own. */

const KEY = `dlcgw_${randomBytes(32).toString('base64url')}`;
const SECRET = `whsec_${randomBytes(32).toString('base64')}`;
const NO_QUOTA = '999999/s';
const ISSUER = 'https://issuer.example';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });

export const keyOf = (caller: number): string => `${KEY}${caller}`;

export function keyEntries(count: number): object[] {
  return Array.from({ length: count }, (_, caller) => ({
    id: `c${caller}`,
    sha256: createHash('sha256').update(keyOf(caller)).digest('hex'),
    scopes: ['tasks:cancel'],
    rate: NO_QUOTA,
  }));
}

export function issuerEntries(count: number): object[] {
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'k', alg: 'RS256' };
  return Array.from({ length: count }, (_, i) => ({
    id: `i${i}`,
    issuer: `${ISSUER}/${i}`,
    audience: 'gateway',
    algorithms: ['RS256'],
    jwks: { keys: [jwk] },
    rate: NO_QUOTA,
  }));
}

/** Settings that keep the gateway's limits out of the way; the peers read those of them that they know. */
export function settings(dlc: string, more: Environment = {}): Environment {
  return {
    PATH: process.env['PATH'] ?? '',
    DLC_ENDPOINT: dlc,
    DLC_REGION: 'ap-guangzhou',
    TENCENTCLOUD_SECRET_ID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRET_KEY: 'emulator-secret-key',
    API_KEYS: JSON.stringify(keyEntries(1)),
    UPSTREAM_RATE: '1000000',
    ...more,
  };
}

/** One of each kind of caller. */
export function everyKind(dlc: string): Environment {
  const senders = [{ id: 'w', secrets: [SECRET], rate: NO_QUOTA }];
  return settings(dlc, {
    JWT_ISSUERS: JSON.stringify(issuerEntries(1)),
    WEBHOOK_SENDERS: JSON.stringify(senders),
  });
}

/** An event of API Gateway's HTTP APIs, payload 2.0. */
function event(
  method: string,
  path: string,
  headers: Readonly<Record<string, string>>,
  body?: string,
): object {
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.example', ...headers },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example',
      domainPrefix: 'api',
      http: { method, path, protocol: 'HTTP/1.1', sourceIp: '192.0.2.1', userAgent: 'bench' },
      requestId: 'r',
      routeKey: '$default',
      stage: '$default',
      time: '25/Nov/2026:00:00:00 +0000',
      timeEpoch: 1_795_564_800_000,
    },
    ...(body !== undefined && { body }),
    isBase64Encoded: false,
  };
}

export function byKey(task = 'a', caller = 0): object {
  return event('DELETE', `/tasks/${task}`, { 'x-api-key': keyOf(caller) });
}

export async function byToken(issuer = 0): Promise<object> {
  const token = await new SignJWT({ scope: 'tasks:cancel' })
    .setProtectedHeader({ alg: 'RS256', kid: 'k' })
    .setIssuer(`${ISSUER}/${issuer}`)
    .setAudience('gateway')
    .setSubject('alice')
    .setExpirationTime('1h')
    .sign(privateKey);
  return event('DELETE', '/tasks/a', { authorization: `Bearer ${token}` });
}

export function byWebhook(task = 'a'): object {
  const message = {
    id: `msg_${task}`,
    timestamp: Math.floor(Date.now() / 1000),
    body: JSON.stringify({
      type: 'task.cancel',
      timestamp: new Date().toISOString(),
      data: { taskId: task },
    }),
  };
  const headers = {
    'content-type': 'application/json',
    'webhook-id': message.id,
    'webhook-timestamp': String(message.timestamp),
    'webhook-signature': signWebhook(message, [SECRET]),
  };
  return event('POST', '/webhooks/cancel-task', headers, message.body);
}
