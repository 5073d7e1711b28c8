import { request as requestHttp, type IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';

import { isJsonObject } from './json-object.ts';
import { toVerificationKey, UnusableKey, type VerificationKey } from './verification-keys.ts';

/**
 * One fetch of a JWKS, by Node's own client: it is loaded already for the SDK, follows no redirect
 * and heeds no proxy variable, while the first global `fetch` costs 20 ms and 12 MB more.
 */

export type FetchJwks = (uri: URL, signal: AbortSignal) => Promise<readonly VerificationKey[]>;

/** The JWKS cannot be had now. The message names a status or an error code, nothing that was received. */
export class JwksUnavailable extends Error {}

const MAX_BYTES = 256 * 1024;
const HEADERS = { accept: 'application/jwk-set+json, application/json' };

/**
 * Fetches a JWK Set (RFC 7517 section 5) of at most 256 KiB. Keys that cannot be used are left out,
 * as that section has it.
 *
 * @throws JwksUnavailable for whatever is not a 200 with such a set; whatever the signal was aborted with
 */
export const fetchJwks: FetchJwks = async (uri, signal) => {
  try {
    return toKeys(await read(await get(uri, signal)));
  } catch (error) {
    signal.throwIfAborted();
    if (error instanceof JwksUnavailable) throw error;
    const code = isJsonObject(error) ? error['code'] : undefined;
    throw new JwksUnavailable(`connection failed: ${String(code)}`, { cause: error });
  }
};

function get(uri: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const request = uri.protocol === 'https:' ? requestHttps : requestHttp;
  return new Promise((resolve, reject) => {
    // `agent: false`: a connection of its own that is not kept after the answer.
    request(uri, { agent: false, signal, headers: HEADERS }, resolve).on('error', reject).end();
  });
}

async function read(response: IncomingMessage): Promise<string> {
  if (response.statusCode !== 200) {
    response.destroy();
    throw new JwksUnavailable(`answered with status ${response.statusCode}`);
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new JwksUnavailable(`answered with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function toKeys(text: string): readonly VerificationKey[] {
  const set = parse(text);
  if (!isJsonObject(set) || !Array.isArray(set['keys'])) {
    throw new JwksUnavailable('answered with something else than a JWK Set');
  }
  return set['keys'].flatMap((jwk: unknown) => {
    try {
      return [toVerificationKey(jwk)];
    } catch (error) {
      if (error instanceof UnusableKey) return [];
      throw error;
    }
  });
}

function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new JwksUnavailable('answered with something else than JSON');
  }
}
