import type { KeyObject } from 'node:crypto';
import http, { type IncomingMessage } from 'node:http';
import https from 'node:https';

import { type Clock, systemClock, untilAborted } from '../clock.ts';
import { isLoopback } from '../config/setting-values.ts';
import type { Log } from '../observability/log.ts';
import { valueAt } from './json-pointer.ts';
import {
  matchingKeys,
  toKeySet,
  type KeyQuery,
  type VerificationKey,
} from './verification-keys.ts';

/** The keys that an issuer publishes: how they are kept, and how they are fetched (docs/decisions/0006-jwks.md). */

/** Where a JWK Set is: at `uri`; or where the discovery document at `uri` says, if it is this issuer's. */
export interface RemoteKeys {
  readonly uri: URL;
  readonly discoveryOf?: string | undefined;
}

/** The set cannot be had now. The message names a status or an error code, nothing that was received. */
export class JwksUnavailable extends Error {
  /** Milliseconds until it may be fetched again, if it may not be fetched at once. */
  readonly retryAfterMs: number | undefined;

  constructor(reason: string, options: { cause?: unknown; retryAfterMs?: number } = {}) {
    super(reason, options);
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** Gives the keys that match; rejects with `JwksUnavailable`. */
export type FindKeys = (query: KeyQuery, signal: AbortSignal) => Promise<readonly KeyObject[]>;

export interface JwksDeps {
  readonly clock?: Clock;
  readonly log?: Pick<Log, 'write'>;
}

export const FETCH_MS = 2000;
const FRESH_MS = 10 * 60_000;
const USABLE_MS = 60 * 60_000;

/** Why a set is fetched, and how often at most in how many milliseconds. */
const LIMITS = {
  /** No set is at hand, so no token can be verified. */
  missing: [1, 1000],
  /** It is older than 10 minutes. */
  stale: [1, 30_000],
  /** No key matches the token's header. */
  unknownKey: [3, 30_000],
  /** The signature failed under the key that matches: the issuer may have a new one under the same `kid`. */
  badSignature: [1, 30_000],
} as const;
type Reason = keyof typeof LIMITS;

/**
 * Keeps the JWK Set of an issuer: fresh for 10 minutes, usable for an hour while it cannot be fetched, by a steady clock.
 * Each fetch takes at most 2 s. If `LIMITS` do not allow one that is needed, the error says when they will.
 *
 * @param issuer its id, for the log, which names each key that was left out once for each `kid`
 */
export function createJwks(
  from: RemoteKeys,
  issuer: string,
  { clock = systemClock, log }: JwksDeps = {},
): FindKeys {
  let set: readonly VerificationKey[] = [];
  let fetchedAt = -Infinity;
  let isFetching = false;
  /** The fetch that runs now, or has ended last. */
  let latest: Promise<void> | undefined;
  /** When the last fetches ended, the latest first. */
  const ends = new Map<Reason, readonly number[]>();

  async function refresh(): Promise<void> {
    const timeout = new AbortController();
    const late = clock.sleep(FETCH_MS, timeout.signal).then(() => {
      throw new JwksUnavailable(`no answer within ${FETCH_MS} ms`);
    });
    const fetched = Promise.race([fetchJwks(from, timeout.signal), late]);
    const next = await fetched.finally(() => timeout.abort());
    const named = new Set(set.flatMap(({ kid, fault }) => (fault === undefined ? [] : [kid])));
    [set, fetchedAt] = [next, clock.steadyMs()];
    for (const { kid, fault: reason } of next) {
      const isNews = reason !== undefined && !named.has(kid);
      if (isNews) log?.write('warn', 'key-left-out', { issuer, kid, reason });
    }
  }

  /** Requests share a fetch. It belongs to none of them: one that leaves does not end it. */
  async function refreshed(reason: Reason): Promise<void> {
    const [most, withinMs] = LIMITS[reason];
    const before = ends.get(reason) ?? [];
    const retryAfterMs = (before[most - 1] ?? -Infinity) + withinMs - clock.steadyMs();
    // Without a set, the fetch that has just failed says why.
    if (isFetching || (reason === 'missing' && retryAfterMs > 0)) return latest;
    if (retryAfterMs > 0) throw new JwksUnavailable('fetched too often', { retryAfterMs });
    isFetching = true;
    latest = refresh().finally(() => {
      isFetching = false;
      ends.set(reason, [clock.steadyMs(), ...before].slice(0, most));
    });
    return latest;
  }

  return async (query, signal) => {
    const ageMs = clock.steadyMs() - fetchedAt;
    const known = ageMs < USABLE_MS ? matchingKeys(set, query) : [];
    if (known.length > 0 && ageMs < FRESH_MS) return known;
    const unknown = query.except ? 'badSignature' : 'unknownKey';
    const reason = ageMs < USABLE_MS ? unknown : 'missing';
    try {
      await untilAborted(refreshed(known.length > 0 ? 'stale' : reason), signal, () => {
        return new JwksUnavailable('the request ended before it arrived', { cause: signal.reason });
      });
    } catch (error) {
      if (known.length > 0) return known;
      throw error;
    }
    return matchingKeys(set, query);
  };
}

const MAX_BYTES = 256 * 1024;
const HEADERS = { accept: 'application/jwk-set+json, application/json', 'accept-encoding': 'gzip' };

/**
 * Fetches a JWK Set (RFC 7517 section 5) of at most 256 KiB, plain or gzip, with or without a byte order mark.
 *
 * @throws JwksUnavailable for every response but a 200 with such a set; the reason of an aborted signal
 */
export async function fetchJwks(from: RemoteKeys, signal: AbortSignal) {
  const uri = from.discoveryOf === undefined ? from.uri : await discover(from, signal);
  const keys = valueAt(await fetchJson(uri, signal), ['keys']);
  if (Array.isArray(keys)) return toKeySet(keys);
  throw new JwksUnavailable('answered with something else than a JWK Set');
}

/** OpenID Connect Discovery 1.0, section 4.3: the document must name the issuer that it was asked for. */
async function discover({ uri, discoveryOf }: RemoteKeys, signal: AbortSignal): Promise<URL> {
  const document = await fetchJson(uri, signal);
  if (valueAt(document, ['issuer']) !== discoveryOf) {
    throw new JwksUnavailable('its discovery document is of another issuer');
  }
  const found = toFetchable(valueAt(document, ['jwks_uri']));
  if (found) return found;
  throw new JwksUnavailable('its discovery document has no jwks_uri that may be fetched');
}

/** Gives an address that keys may come from: over TLS, or from this machine; nothing for any other. */
export function toFetchable(address: unknown): URL | undefined {
  if (typeof address !== 'string' || !URL.canParse(address)) return undefined;
  const url = new URL(address);
  const isSafe =
    url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  return isSafe && !url.username && !url.password ? url : undefined;
}

async function fetchJson(uri: URL, signal: AbortSignal): Promise<unknown> {
  try {
    const response = await get(uri, signal);
    const body = await bodyOf(response).finally(() => response.destroy());
    // `TextDecoder` skips a byte order mark.
    return JSON.parse(new TextDecoder().decode(body));
  } catch (error) {
    signal.throwIfAborted();
    throw error instanceof JwksUnavailable ? error : new JwksUnavailable(reasonOf(error));
  }
}

/**
 * By Node's own client, which follows no redirect and heeds no proxy variable, and which the SDK has loaded already. The
 * first global `fetch` costs 20 ms and 12 MB more.
 */
function get(uri: URL, signal: AbortSignal): Promise<IncomingMessage> {
  const { request } = uri.protocol === 'https:' ? https : http;
  return new Promise((resolve, reject) => {
    // `agent: false`: the connection is closed after the response.
    request(uri, { agent: false, signal, headers: HEADERS }, resolve).on('error', reject).end();
  });
}

async function bodyOf(response: IncomingMessage): Promise<Buffer> {
  const { statusCode, headers } = response;
  if (statusCode !== 200) throw new JwksUnavailable(`answered with status ${statusCode}`);
  const encoding = headers['content-encoding'] ?? 'identity';
  if (!/^(identity|(x-)?gzip)$/i.test(encoding)) {
    throw new JwksUnavailable('answered in another encoding than gzip');
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of response as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_BYTES) throw new JwksUnavailable(`answered with more than ${MAX_BYTES} bytes`);
    chunks.push(chunk);
  }
  const body = Buffer.concat(chunks);
  if (/identity/i.test(encoding)) return body;
  const { gunzipSync } = await import('node:zlib');
  return gunzipSync(body, { maxOutputLength: MAX_BYTES });
}

function reasonOf(error: unknown): string {
  if (error instanceof SyntaxError) return 'answered with something else than JSON';
  const code = String(Object(error).code);
  return /^(Z_|ERR_BUFFER_TOO_LARGE$)/.test(code)
    ? `answered with broken gzip, or with more than ${MAX_BYTES} bytes in it`
    : `connection failed: ${code}`;
}
