import type { KeyObject } from 'node:crypto';

import { systemClock, type Clock } from '../clock.ts';
import { untilAborted } from '../deadline.ts';
import { fetchJwks, JwksUnavailable, type LeftOutKey, type RemoteKeys } from './fetch-jwks.ts';
import type { KeySource } from './jwt-issuers.ts';
import { acceptedKid, InvalidToken, type TokenHeader } from './token-checks.ts';
import { matchingKeys, type KeyQuery, type VerificationKey } from './verification-keys.ts';

/** The keys of an issuer; those that it publishes are cached (docs/decisions/0006-jwks.md). */

/** Gives the keys that match; rejects with `JwksUnavailable`, or the signal's reason. */
export type FindKeys = (query: KeyQuery, signal: AbortSignal) => Promise<readonly KeyObject[]>;

export interface JwksOptions {
  readonly clock?: Pick<Clock, 'sleep'>;
  /** Milliseconds of a clock that never jumps: a wall clock that is put right must not freeze a set. */
  readonly steadyMs?: (() => number) | undefined;
  /** Called with each key that was left out, once per `kid`. */
  readonly onLeftOut?: (key: LeftOutKey) => void;
}

/**
 * Finds the key to verify a token with, by a header whose `alg` is one of the issuer's.
 *
 * @param failed the key under which the signature has failed: another one is looked for then
 * @throws InvalidToken where the header is not acceptable, or not exactly one key matches
 * @throws JwksUnavailable if that cannot be known now
 */
export type FindSigningKey = (
  header: TokenHeader,
  signal: AbortSignal,
  failed?: KeyObject,
) => Promise<KeyObject>;

/**
 * Makes the function for an issuer. It takes the issuer's own keys alone: it never looks at the keys that
 * a header brings along (`jwk`, `jku`, `x5c`, `x5u`; RFC 8725 section 3.10).
 */
export function createSigningKeyFinder(source: KeySource, options?: JwksOptions): FindSigningKey {
  const findKeys = toFindKeys(source, options);
  return async (header, signal, except) => {
    const query = { alg: header.alg, kid: acceptedKid(header), except };
    const [key, ...others] = await findKeys(query, signal).catch((error: unknown) => {
      if (!signal.aborted || error instanceof JwksUnavailable) throw error;
      throw new JwksUnavailable('the request ended before it arrived', { cause: error });
    });
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
 * Keeps the JWK Set of an issuer: fresh for 10 minutes, usable for an hour while it cannot be fetched. The
 * first token fetches it, within 2 s. A token that no key matches fetches it again, at most 3 times in
 * 30 s; so does, once in 30 s, a token whose signature has failed (`except`). Beyond that the function
 * rejects, and the error says when the set may be fetched again.
 */
export function createJwks(from: RemoteKeys, options: JwksOptions = {}): FindKeys {
  const { clock = systemClock, steadyMs = () => performance.now(), onLeftOut } = options;
  let keys: readonly VerificationKey[] = [];
  let fetchedAt = -Infinity;
  let failure: { readonly error: unknown; readonly at: number } | undefined;
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
      [keys, fetchedAt, failure] = [set.keys, steadyMs(), undefined];
      for (const key of set.leftOut) {
        if (!named.has(key.kid)) onLeftOut?.(key);
        named.add(key.kid);
      }
    } catch (error) {
      failure = { error, at: steadyMs() };
      throw error;
    } finally {
      timeout.abort();
      refreshing = undefined;
    }
  }

  return async (query, signal) => {
    signal.throwIfAborted();
    const age = steadyMs() - fetchedAt;
    const pause = age < USABLE_MS ? PAUSE_MS : FIRST_PAUSE_MS;
    const isDue = age >= FRESH_MS && !(failure && steadyMs() - failure.at < pause);
    const known = age < USABLE_MS ? matchingKeys(keys, query) : [];
    if (!isDue) {
      if (known.length > 0) return known;
      if (age >= USABLE_MS) throw failure?.error;
      const retryAfterMs = refreshing ? 0 : (query.except ? untilBadSignature : untilUnknownKey)();
      if (retryAfterMs > 0) throw new JwksUnavailable('fetched too often', { retryAfterMs });
    }
    try {
      // Requests share a refresh. It belongs to none of them: one that leaves does not end it.
      await untilAborted((refreshing ??= refresh()), signal, () => signal.reason);
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
