import type { KeyObject } from 'node:crypto';

import { systemClock, type Clock } from '../clock.ts';
import { untilAborted } from '../deadline.ts';
import { fetchJwks, JwksUnavailable, type RemoteKeys } from './fetch-jwks.ts';
import type { KeySource } from './jwt-issuers.ts';
import { checkHeader, InvalidToken, type TokenHeader } from './token-checks.ts';
import {
  matchingKeys,
  type KeyQuery,
  type LeftOutKey,
  type VerificationKey,
} from './verification-keys.ts';

/** The keys of an issuer; those that it publishes are cached (docs/decisions/0006-jwks.md). */

/** Gives the keys that match; rejects with `JwksUnavailable`. */
export type FindKeys = (query: KeyQuery, signal: AbortSignal) => Promise<readonly KeyObject[]>;

export interface JwksOptions {
  readonly clock?: Clock;
  /** Milliseconds of a clock that never jumps: a wall clock that is put right must not freeze a set. */
  readonly steadyMs?: () => number;
  /** Called with each key that was left out, once per `kid`. */
  readonly onLeftOut?: (key: LeftOutKey) => void;
}

/**
 * Makes the function that finds the key to verify an issuer's token with, by a header whose `alg` is one of the
 * issuer's; if a signature has failed under a key (`except`), another one. It takes the issuer's own keys alone: it never
 * looks at those that a header brings along (`jwk`, `jku`, `x5c`, `x5u`; RFC 8725 section 3.10). It throws InvalidToken
 * if the header is not acceptable or not exactly one key matches, JwksUnavailable if that cannot be known now.
 */
export function createSigningKeyFinder(source: KeySource, options?: JwksOptions) {
  const findKeys = toFindKeys(source, options);
  return async (header: TokenHeader, signal: AbortSignal, except?: KeyObject) => {
    checkHeader(header);
    const { alg, kid } = header;
    const [key, ...others] = await findKeys({ alg, kid, except }, signal);
    if (!key) throw new InvalidToken('no key matches its header');
    if (others.length > 0) throw new InvalidToken('more than one key matches its header');
    return key;
  };
}

function toFindKeys(source: KeySource, options?: JwksOptions): FindKeys {
  if (source.kind === 'remote') return createJwks(source, options);
  if (source.kind === 'static') return async (query) => matchingKeys(source.keys, query);
  return async ({ except }) => (except ? [] : [source.key]);
}

const FETCH_MS = 2000;
const FRESH_MS = 10 * 60_000;
const USABLE_MS = 60 * 60_000;
/** After a failed fetch: with a set at hand, and without one, when no token can be verified meanwhile. */
const PAUSE_MS = 30_000;
const FIRST_PAUSE_MS = 1000;
const WINDOW_MS = 30_000;

/**
 * Keeps the JWK Set of an issuer: fresh for 10 minutes, usable for an hour while it cannot be fetched. The first token
 * fetches it, within 2 s. A token that no key matches fetches it again, at most 3 times in 30 s; so does, once in 30 s,
 * a token whose signature has failed (`except`). Beyond that the function rejects, and the error says when the set may
 * be fetched again.
 */
export function createJwks(from: RemoteKeys, options: JwksOptions = {}): FindKeys {
  const { clock = systemClock, steadyMs = () => performance.now(), onLeftOut } = options;
  let keys: readonly VerificationKey[] = [];
  let [dueAt, usableUntil] = [-Infinity, -Infinity];
  let failure: unknown;
  let refreshing: Promise<void> | undefined;
  const named = new Set<string | undefined>();
  const untilUnknownKey = createBudget(3, steadyMs);
  const untilBadSignature = createBudget(1, steadyMs);

  async function refresh(): Promise<void> {
    const timeout = new AbortController();
    try {
      const late = clock.sleep(FETCH_MS, timeout.signal).then(() => {
        throw new JwksUnavailable(`no answer within ${FETCH_MS} ms`);
      });
      const set = await Promise.race([fetchJwks(from, timeout.signal), late]);
      keys = set.keys;
      [dueAt, usableUntil] = [steadyMs() + FRESH_MS, steadyMs() + USABLE_MS];
      for (const key of set.leftOut) {
        if (!named.has(key.kid)) onLeftOut?.(key);
        named.add(key.kid);
      }
    } catch (error) {
      failure = error;
      const usableMs = usableUntil - steadyMs();
      const pauseMs = usableMs > 0 ? Math.min(PAUSE_MS, usableMs) : FIRST_PAUSE_MS;
      dueAt = Math.max(dueAt, steadyMs() + pauseMs);
      throw error;
    } finally {
      timeout.abort();
      refreshing = undefined;
    }
  }

  return async (query, signal) => {
    const ended = () =>
      new JwksUnavailable('the request ended before it arrived', { cause: signal.reason });
    const isUsable = steadyMs() < usableUntil;
    const known = isUsable ? matchingKeys(keys, query) : [];
    if (steadyMs() < dueAt) {
      if (known.length > 0) return known;
      if (!isUsable) throw failure;
      const retryAfterMs = refreshing ? 0 : (query.except ? untilBadSignature : untilUnknownKey)();
      if (retryAfterMs > 0) throw new JwksUnavailable('fetched too often', { retryAfterMs });
    }
    try {
      // Requests share a refresh. It belongs to none of them: one that leaves does not end it.
      await untilAborted((refreshing ??= refresh()), signal, ended);
    } catch (error) {
      if (known.length > 0) return known;
      throw error;
    }
    return matchingKeys(keys, query);
  };
}

/** Makes a function that allows `count` calls in any 30 s: it gives 0, or the milliseconds until the next. */
function createBudget(count: number, steadyMs: () => number): () => number {
  let spent: readonly number[] = [];
  return () => {
    const now = steadyMs();
    spent = spent.filter((at) => now - at < WINDOW_MS);
    if (spent.length >= count) return WINDOW_MS - (now - (spent[0] ?? now));
    spent = [...spent, now];
    return 0;
  };
}
