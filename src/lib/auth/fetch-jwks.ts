import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

import { isLoopback } from '../config/setting-values.ts';
import { isJsonObject } from './json-pointer.ts';
import { toKeySet, type KeySet } from './verification-keys.ts';

/**
 * One fetch of a JWKS, by Node's own client: the SDK has loaded it already, and it follows no redirect and heeds no
 * proxy variable. The first global `fetch` costs 20 ms and 12 MB more.
 */

/** Where a JWKS is: at `uri`; or where the discovery document at `uri` says, if it is this issuer's. */
export interface RemoteKeys {
  readonly uri: URL;
  readonly discoveryOf?: string | undefined;
}

/** The JWKS cannot be had now. The message names a status or an error code, nothing that was received. */
export class JwksUnavailable extends Error {
  /** Milliseconds until it may be fetched again, if it may not be fetched at once. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(reason, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

const MAX_BYTES = 256 * 1024;
const HEADERS = { accept: 'application/jwk-set+json, application/json', 'accept-encoding': 'gzip' };

/**
 * Fetches a JWK Set (RFC 7517 section 5) of at most 256 KiB, plain or gzip, with or without a byte order mark.
 *
 * @throws JwksUnavailable for every response but a 200 with such a set; the reason of an aborted signal
 */
export async function fetchJwks(
  { uri, discoveryOf }: RemoteKeys,
  signal: AbortSignal,
): Promise<KeySet> {
  const jwksUri = discoveryOf === undefined ? uri : await discover(uri, discoveryOf, signal);
  const set = await fetchJson(jwksUri, signal);
  if (!isJsonObject(set) || !Array.isArray(set['keys'])) {
    throw new JwksUnavailable('answered with something else than a JWK Set');
  }
  return toKeySet(set['keys']);
}

/** Gives an address that keys may come from: over TLS, or from this machine; nothing for any other. */
export function toFetchable(address: unknown): URL | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  return isSafe && !url.username && !url.password ? url : undefined;
}

/** OpenID Connect Discovery 1.0, section 4.3: the document must name the issuer that it was asked for. */
async function discover(uri: URL, issuer: string, signal: AbortSignal): Promise<URL> {
  const document = await fetchJson(uri, signal);
  if (!isJsonObject(document) || document['issuer'] !== issuer) {
    throw new JwksUnavailable('its discovery document is of another issuer');
  }
  const found = toFetchable(document['jwks_uri']);
  if (found) return found;
  throw new JwksUnavailable('its discovery document has no jwks_uri that may be fetched');
}

async function fetchJson(uri: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const body = await read(await get(uri, signal));
    // `TextDecoder` skips a byte order mark.
    return JSON.parse(new TextDecoder().decode(body));
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof JwksUnavailable) throw cause;
    if (cause instanceof SyntaxError) {
      throw new JwksUnavailable('answered with something else than JSON');
    }
    throw new JwksUnavailable(`connection failed: ${Object(cause).code}`, { cause });
  }
}

function get(uri: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const request = uri.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // `agent: false`: the connection is closed after the response.
    request(uri, { agent: false, signal, headers: HEADERS }, resolve).on('error', reject).end();
  });
}

async function read(response: IncomingMessage): Promise<Buffer> {
  try {
    const { statusCode, headers } = response;
    if (statusCode !== 200) throw new JwksUnavailable(`answered with status ${statusCode}`);
    const chunks: Buffer[] = [];
    let size = 0;
    for await (const chunk of response as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > MAX_BYTES) throw new JwksUnavailable(`answered with more than ${MAX_BYTES} bytes`);
      chunks.push(chunk);
    }
    return await decode(Buffer.concat(chunks), headers['content-encoding']);
  } finally {
    response.destroy();
  }
}

async function decode(body: Buffer, encoding = 'identity'): Promise<Buffer> {
  if (/^identity$/i.test(encoding)) return body;
  if (!/^(x-)?gzip$/i.test(encoding)) {
    throw new JwksUnavailable('answered in another encoding than gzip');
  }
  const { gunzipSync } = await import('node:zlib');
  try {
    return gunzipSync(body, { maxOutputLength: MAX_BYTES });
  } catch (cause) {
    const reason = `answered with broken gzip, or with more than ${MAX_BYTES} bytes in it`;
    throw new JwksUnavailable(reason, { cause });
  }
}
