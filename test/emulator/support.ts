import { createHash, createHmac } from 'node:crypto';
import { Agent, request, type IncomingHttpHeaders } from 'node:http';
import { connect } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { CommonClient } from 'tencentcloud-sdk-nodejs/tencentcloud/common/common_client.js';
import type { HttpProfile } from 'tencentcloud-sdk-nodejs/tencentcloud/common/interface.js';
import type { Emulator } from '../../emulator/emulator.ts';

export const region = 'ap-guangzhou';

/** The parts that a test may want to have otherwise. */
export interface Signing {
  secretId?: string;
  secretKey?: string;
  service?: string;
  date?: string;
  timestamp?: number;
  method?: string;
  query?: string;
  host?: string;
  contentType?: string;
  /** In the order signed. */
  signedHeaders?: string[];
  /** How header values are put into the canonical request. */
  inCase?: (value: string) => string;
  headers?: Record<string, string>;
  /** The text whose digest is signed in place of the body's. */
  payload?: string;
}

/** Signs as the document "Signature v3" says, apart from the emulator's own code. */
export function signedHeadersOf(body: string, signing: Signing = {}): Record<string, string> {
  const {
    secretId = 'AKIDEMULATOR',
    secretKey = 'emulator-secret-key',
    service = 'dlc',
    timestamp = Math.floor(Date.now() / 1000),
    date = new Date(timestamp * 1000).toISOString().slice(0, 10),
    method = 'POST',
    query = '',
    host = 'dlc.tencentcloudapi.com',
    contentType = 'application/json',
    signedHeaders = ['content-type', 'host'],
    inCase = (value) => value,
    headers = {},
    payload = body,
  } = signing;
  const all: Record<string, string> = {
    'x-tc-action': 'CancelTask',
    'x-tc-version': '2021-01-25',
    'x-tc-region': region,
    'x-tc-timestamp': String(timestamp),
    host,
    'content-type': contentType,
    ...headers,
  };
  const canonical = [
    method,
    '/',
    query,
    signedHeaders.map((name) => `${name}:${inCase(all[name] ?? '')}\n`).join(''),
    signedHeaders.join(';'),
    sha256(payload),
  ].join('\n');
  const scope = `${date}/${service}/tc3_request`;
  const text = ['TC3-HMAC-SHA256', timestamp, scope, sha256(canonical)].join('\n');
  const key = hmac(hmac(hmac(Buffer.from(`TC3${secretKey}`), date), service), 'tc3_request');
  const signature = hmac(key, text).toString('hex');
  const authorization = `TC3-HMAC-SHA256 Credential=${secretId}/${scope}, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`;
  return { ...all, authorization };
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

/** A response as a plain client sees it. */
export interface Seen {
  status?: number;
  headers: IncomingHttpHeaders;
  body: string;
  /** The error's code, of the request or of the response's body. */
  error?: string;
}

/**
 * Sends one request on a connection of its own.
 *
 * @param signal ends a wait for what never comes; then `error` is `ABORT_ERR`
 * @param until text in the body with which the client has seen enough
 */
export async function exchange(
  port: number,
  body: string,
  headers: Record<string, string>,
  {
    method = 'POST',
    path = '/',
    signal,
    until,
  }: { method?: string; path?: string; signal?: AbortSignal; until?: string } = {},
): Promise<Seen> {
  const seen: Seen = { headers: {}, body: '' };
  const options = { host: '127.0.0.1', port, method, path, headers, agent: false };
  return new Promise((resolve) => {
    const fail = (error: NodeJS.ErrnoException): void =>
      resolve({ ...seen, error: error.code ?? error.message });
    const sent = request({ ...options, ...(signal && { signal }) }, (response) => {
      Object.assign(seen, { status: response.statusCode, headers: response.headers });
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        seen.body += chunk;
        if (until !== undefined && seen.body.includes(until)) sent.destroy();
      });
      response.on('error', fail);
      response.on('end', () => resolve(seen));
    });
    sent.on('error', fail);
    sent.end(body);
  });
}

/** Sends a well signed CancelTask. */
export async function cancel(
  { port }: Emulator,
  taskId: string,
  signal?: AbortSignal,
): Promise<Seen> {
  const body = JSON.stringify({ TaskId: taskId });
  return exchange(port, body, signedHeadersOf(body), signal && { signal });
}

/** The code of the API's error, or `ok`. */
export function codeOf(seen: Seen): string {
  return /"Code":"([^"]+)"/.exec(seen.body)?.[1] ?? (seen.body.includes('RequestId') ? 'ok' : '');
}

/** Waits until the emulator has so many requests in its journal. */
export async function untilReceived(emulator: Emulator, count = 1): Promise<void> {
  while (emulator.requests().length < count) await sleep(5);
}

/** The official SDK, signing for the real endpoint and connecting to the emulator. */
export function sdkClient(
  emulator: Emulator,
  options: {
    token?: string;
    region?: string;
    version?: string;
    secretKey?: string;
    reqMethod?: NonNullable<HttpProfile['reqMethod']>;
  } = {},
): CommonClient {
  const { token, version = '2021-01-25', secretKey = emulator.secretKey } = options;
  const agent = new Agent();
  agent.createConnection = () => connect(emulator.port, '127.0.0.1');
  return new CommonClient('dlc.tencentcloudapi.com', version, {
    credential: { secretId: emulator.secretId, secretKey, ...(token !== undefined && { token }) },
    region: options.region ?? region,
    profile: {
      httpProfile: { protocol: 'http://', reqMethod: options.reqMethod ?? 'POST', agent },
    },
  });
}

/** The code with which the SDK's call fails, or `ok`. */
export async function sdkCode(call: Promise<unknown>): Promise<unknown> {
  return call.then(
    () => 'ok',
    (error: unknown) =>
      typeof error === 'object' && error !== null && 'code' in error ? error.code : undefined,
  );
}
