import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import https from 'node:https';

import type { Cancel, Env } from './job.ts';
import { readCredential, readUpstream, TIMEOUT_S, type Upstream } from './upstream.ts';
import { toRefusal, type UpstreamFailure } from './upstream-errors.ts';

/** CancelTask over Node's own client, signed as Tencent's "Signature v3" has it (TC3-HMAC-SHA256). */

const SERVICE = 'dlc';
const CONTENT_TYPE = 'application/json';
const SIGNED = 'content-type;host';

interface Call {
  readonly host: string;
  readonly region: string;
  readonly body: string;
  /** Seconds since 1970. */
  readonly timestamp: number;
}

export function cancelByHand(env: Env): Cancel {
  const upstream = readUpstream(env);
  return async ({ taskId, region }) => {
    const body = JSON.stringify({ TaskId: taskId });
    const timestamp = Math.floor(Date.now() / 1000);
    const call = { host: upstream.endpoint, region, body, timestamp };
    const { status, text } = await post(upstream, toHeaders(env, call), body).catch(
      (error: unknown) => {
        throw toRefusal(Object(error).code ? { message: String(error) } : Object(error));
      },
    );
    const { RequestId, failure } = readAnswer(status, text);
    if (failure) throw toRefusal(failure);
    return RequestId;
  };
}

function toHeaders(env: Env, call: Call): Record<string, string> {
  const { token } = readCredential(env);
  return {
    host: call.host,
    'content-type': CONTENT_TYPE,
    authorization: authorizationOf(env, call),
    'x-tc-action': 'CancelTask',
    'x-tc-version': '2021-01-25',
    'x-tc-region': call.region,
    'x-tc-timestamp': String(call.timestamp),
    ...(token && { 'x-tc-token': token }),
  };
}

function authorizationOf(env: Env, { host, body, timestamp }: Call): string {
  const date = new Date(timestamp * 1000).toISOString().slice(0, 10);
  const headers = `content-type:${CONTENT_TYPE}\nhost:${host}\n`;
  const request = ['POST', '/', '', headers, SIGNED, sha256(body)].join('\n');
  const scope = `${date}/${SERVICE}/tc3_request`;
  const toSign = ['TC3-HMAC-SHA256', String(timestamp), scope, sha256(request)].join('\n');
  const { secretId, secretKey } = readCredential(env);
  const start = Buffer.from(`TC3${secretKey}`);
  const key = [date, SERVICE, 'tc3_request'].reduce<Buffer>(hmac, start);
  const signature = hmac(key, toSign).toString('hex');
  const credential = `${secretId}/${scope}`;
  return `TC3-HMAC-SHA256 Credential=${credential}, SignedHeaders=${SIGNED}, Signature=${signature}`;
}

function sha256(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function post(
  { endpoint, protocol, agent }: Upstream,
  headers: Record<string, string>,
  body: string,
): Promise<{ status: number; text: string }> {
  const { request } = protocol === 'https://' ? https : http;
  const signal = AbortSignal.timeout(TIMEOUT_S * 1000);
  return new Promise((resolve, reject) => {
    const length = String(Buffer.byteLength(body));
    const options = { host: endpoint, method: 'POST', signal, ...(agent && { agent }) };
    request({ ...options, headers: { ...headers, 'content-length': length } }, (response) => {
      let text = '';
      response
        .setEncoding('utf8')
        .on('data', (chunk: string) => (text += chunk))
        .on('end', () => resolve({ status: response.statusCode ?? 0, text }))
        .on('error', reject);
    })
      .on('error', (error) => reject(signal.aborted ? new Error('timed out') : error))
      .end(body);
  });
}

function readAnswer(
  status: number,
  text: string,
): { RequestId: string; failure?: UpstreamFailure } {
  if (status !== 200) return { RequestId: '', failure: { httpCode: status, message: '' } };
  const response = parse(text);
  const { Error: failed, RequestId } = Object(response);
  if (typeof RequestId !== 'string') {
    return { RequestId: '', failure: { httpCode: status, message: '' } };
  }
  if (failed === undefined) return { RequestId };
  return { RequestId, failure: { code: String(Object(failed).Code), message: '' } };
}

function parse(text: string): unknown {
  try {
    return Object(JSON.parse(text)).Response;
  } catch {
    return undefined;
  }
}
