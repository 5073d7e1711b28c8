import { createHash } from 'node:crypto';

import { openApiText } from '../../scripts/openapi/document.ts';
import { createApp } from '../../src/app.ts';
import { systemClock } from '../../src/lib/clock.ts';
import {
  toHeaderFields,
  type HeaderFields,
  type HttpResponse,
} from '../../src/lib/http/message.ts';
import { createLog } from '../../src/lib/observability/log.ts';
import { loadSettings } from '../../src/settings.ts';
import { expectDocumented } from './documented.ts';
import { hmac, serialize } from './jwt.ts';
import { signedWebhook } from './webhook.ts';

/** A gateway that knows a key, an issuer of tokens and a webhook sender, with the real SDK behind it. */

export const KEY = 'a-key-for-tests-that-nobody-else-has';
export const TOKEN_SECRET = 'a-token-secret-of-more-than-32-bytes';
export const WEBHOOK_SECRET = `whsec_${Buffer.from('a webhook secret of 32 bytes....').toString('base64')}`;
const ISSUER = 'https://issuer.example';

export interface Answer {
  readonly status: number;
  readonly headers: HttpResponse['headers'];
  readonly body: Readonly<Record<string, unknown>>;
  readonly text: string;
}

export interface TestGateway {
  /** The log's lines, as text. */
  readonly log: string[];
  send(
    method: string,
    path: string,
    headers?: readonly (readonly [string, string])[],
    body?: string | (() => Promise<Buffer>),
    /** The header fields cannot be looked through, as if the gateway had a defect. */
    isDefective?: boolean,
  ): Promise<Answer>;
}

export function keyEntry(key: string, members: object = {}): object {
  const sha256 = createHash('sha256').update(key).digest('hex');
  return { id: 'k', sha256, scopes: ['tasks:cancel', 'tasks:read'], ...members };
}

export function startGateway(
  port: number,
  settings: Readonly<Record<string, string>>,
): TestGateway {
  const env = {
    TENCENTCLOUD_SECRETID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRETKEY: 'emulator-secret-key',
    DLC_REGION: 'ap-guangzhou',
    DLC_REGIONS: 'ap-singapore',
    DLC_ENDPOINT: `http://127.0.0.1:${port}`,
    API_KEYS: JSON.stringify([keyEntry(KEY)]),
    JWT_ISSUERS: JSON.stringify([jwtIssuer()]),
    WEBHOOK_SENDERS: JSON.stringify([{ id: 'hub', secrets: [WEBHOOK_SECRET] }]),
    LOG_LEVEL: 'debug',
    ...settings,
  };
  const config = loadSettings(env, import.meta.dirname);
  const log: string[] = [];
  const gateway = createApp(config, {
    env,
    log: createLog(config.logLevel, Date.now, (line) => void log.push(line)),
    clock: systemClock,
    random: () => 0,
    readDocument: openApiText,
  });
  return {
    log,
    async send(method, target, headers = [], body = '', isDefective = false) {
      const [path = '', query = ''] = target.split('?');
      const answer = await gateway.serve({
        method,
        path,
        query: [...new URLSearchParams(query)],
        headers: isDefective ? defective(headers) : toHeaderFields(headers),
        readBody: typeof body === 'string' ? async () => Buffer.from(body) : body,
      });
      const { status, headers: fields, body: text } = answer;
      expectDocumented({ status, headers: fields, text }, { method, target });
      const parsed: unknown = text === '' ? {} : JSON.parse(text);
      return { status, headers: fields, text, body: Object(parsed) };
    },
  };
}

function defective(headers: readonly (readonly [string, string])[]): HeaderFields {
  const entries = (): never => {
    throw new Error('a defect');
  };
  return Object.assign(new Map(toHeaderFields(headers)), { [Symbol.iterator]: entries });
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
