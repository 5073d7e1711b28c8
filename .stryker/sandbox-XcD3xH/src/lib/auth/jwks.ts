import type { KeyObject } from 'node:crypto';

import { systemClock, type Clock } from '../clock.ts';
import { fetchJwks, JwksUnavailable, type FetchJwks } from './fetch-jwks.ts';
import { shareCall } from './shared-call.ts';
import { matchingKeys, type KeyQuery, type VerificationKey } from './verification-keys.ts';

/**
 * The keys of an issuer that publishes them, cached. Not jose's `createRemoteJWKSet`: it has no limit
 * of size, no use of an old set while the provider is down, no pause after a failed fetch, a clock of
 * its own, and a fetch that goes on when nobody waits for it any more.
 */

/** Gives the keys that match; rejects with `JwksUnavailable`, or the signal's reason. */
export type FindKeys = (query: KeyQuery, signal: AbortSignal) => Promise<readonly KeyObject[]>;

export interface JwksOptions {
  clock?: Clock;
  fetchJwks?: FetchJwks;
}

const FETCH_MS = 2000;
const FRESH_MS = 10 * 60_000;
const USABLE_MS = 60 * 60_000;
/** At least this between two refreshes for an unknown `kid`, and after a failure with a set at hand. */
const REFRESH_PAUSE_MS = 30_000;
/** After a failure with no set at hand: short, since nobody can be served until one has arrived. */
const FIRST_PAUSE_MS = 1000;

/**
 * Keeps the JWK Set at `uri`: fresh for 10 minutes, usable for an hour while it cannot be fetched,
 * fetched within 2 s and only while a request waits for it. A `kid` that is not in it makes it fetch
 * again, at most every 30 s, so that forged ones cannot make it fetch more often.
 */
export function createJwks(uri: URL, options: JwksOptions = {}): FindKeys {
  const { clock = systemClock, fetchJwks: fetchKeys = fetchJwks } = options;
  let keys: readonly VerificationKey[] = [];
  let fetchedAt = -Infinity;
  let refreshedAt = -Infinity;
  let failure: { readonly error: unknown; readonly at: number } | undefined;

  const isYoungerThan = (ms: number): boolean => clock.now() - fetchedAt < ms;

  const fetching = shareCall(async (signal) => {
    try {
      // Whichever loses ends with the signal, which is aborted as soon as this call is over.
      keys = await Promise.race([fetchKeys(uri, signal), failAfter(FETCH_MS, clock, signal)]);
      fetchedAt = clock.now();
      failure = undefined;
    } catch (error) {
      // Where there is no set, callers who leave early must not make the others wait for a pause.
      if (!signal.aborted || isYoungerThan(USABLE_MS)) failure = { error, at: clock.now() };
      throw error;
    }
  });

  async function load(signal: AbortSignal): Promise<void> {
    const pause = isYoungerThan(USABLE_MS) ? REFRESH_PAUSE_MS : FIRST_PAUSE_MS;
    if (failure && clock.now() - failure.at < pause) throw failure.error;
    await fetching.join(signal);
  }

  /** Sees to a set that can be used; tells whether this request has seen it arrive. */
  async function prepare(signal: AbortSignal): Promise<boolean> {
    if (isYoungerThan(FRESH_MS)) return false;
    try {
      await load(signal);
      return true;
    } catch (error) {
      if (isYoungerThan(USABLE_MS)) return false;
      throw error;
    }
  }

  return async (query, signal) => {
    const hasJustArrived = await prepare(signal);
    const found = matchingKeys(keys, query);
    if (found.length > 0 || hasJustArrived) return found;
    if (fetching.active || clock.now() - refreshedAt >= REFRESH_PAUSE_MS) {
      refreshedAt = clock.now();
      await load(signal);
    } else if (failure) {
      // The last attempt failed, so nobody knows whether the key exists by now.
      throw failure.error;
    }
    return matchingKeys(keys, query);
  };
}

async function failAfter(ms: number, clock: Clock, signal: AbortSignal): Promise<never> {
  await clock.sleep(ms, signal);
  throw new JwksUnavailable(`no answer within ${ms} ms`);
}
