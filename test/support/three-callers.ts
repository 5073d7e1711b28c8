import { hash } from 'node:crypto';

import { startInProcess, type InProcessGateway } from './in-process.ts';
import { keyEntry } from './key-entry.ts';
import { hmac, serialize } from './jwt.ts';
import { signedWebhook } from './webhook.ts';

export type { Answer, InProcessGateway } from './in-process.ts';
export { keyEntry } from './key-entry.ts';

/** A gateway that knows a key, an issuer of tokens and a webhook sender, with the real SDK behind it. */

export const KEY = 'a-key-for-tests-that-nobody-else-has';
export const TOKEN_SECRET = 'a-token-secret-of-more-than-32-bytes';
export const WEBHOOK_SECRET = `whsec_${Buffer.from('a webhook secret of 32 bytes....').toString('base64')}`;
/** Of a sender that cannot sign. */
export const SINK_SECRET = 'a-static-secret-that-nobody-else-has';
const ISSUER = 'https://issuer.example';
export const PUBLIC_URL = 'https://gateway.example.org';

/** @param settings beside those that make the three callers known */
export function startGateway(
  port: number,
  settings: Readonly<Record<string, string>>,
): InProcessGateway {
  const env = {
    API_KEYS: JSON.stringify([keyEntry(KEY)]),
    JWT_ISSUERS: JSON.stringify([jwtIssuer()]),
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: [WEBHOOK_SECRET] }, sinkEntry()]),
    UPSTREAM_RATE: '20',
    MCP: 'on',
    PUBLIC_URL,
    ...settings,
  };
  return startInProcess({ port, env });
}

export function sinkEntry(members: object = {}): object {
  return { id: 'sink', kind: 'generic-secret', sha256: [hash('sha256', SINK_SECRET)], ...members };
}

export function jwtIssuer(members: object = {}): object {
  const audience = 'dlc-task-gateway';
  const algorithms = ['HS256'];
  return { id: 'idp', issuer: ISSUER, audience, algorithms, secret: TOKEN_SECRET, ...members };
}

/** A token of the issuer's, signed without `jose`. */
export function bearer(claims: object, secret: string = TOKEN_SECRET): readonly [string, string] {
  const exp = Math.floor(Date.now() / 1000) + 300;
  const payload = { iss: ISSUER, aud: 'dlc-task-gateway', sub: 'alice', exp, ...claims };
  return ['Authorization', `Bearer ${serialize({ alg: 'HS256' }, payload, hmac(secret))}`];
}

/** The header fields and the body of a signed webhook. */
export function webhook(
  body: unknown,
  secrets: readonly string[] = [WEBHOOK_SECRET],
): { headers: (readonly [string, string])[]; body: string } {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  const timestamp = Math.floor(Date.now() / 1000);
  const { id, signature } = signedWebhook(secrets, { timestamp, body: text });
  return {
    headers: [
      ['Content-Type', 'application/json'],
      ['Webhook-Id', id ?? ''],
      ['Webhook-Timestamp', String(timestamp)],
      ['Webhook-Signature', signature ?? ''],
    ],
    body: text,
  };
}

export function cancelBody(taskId: string, members: object = {}): object {
  const timestamp = new Date().toISOString();
  return { type: 'task.cancel', timestamp, data: { taskId, ...members } };
}
