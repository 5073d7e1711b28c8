import type { Attempt } from './outcome.ts';

/** Full-jitter back-off: a pause of anything up to 200 ms, 400 ms, 800 ms, … but never above 2 s. */
const BASE_MS = 200;
const CAP_MS = 2000;

/** An attempt with less time than this is not begun: it could only end unknown. */
export const SHORTEST_ATTEMPT_MS = 200;

export type RetryDecision =
  | { readonly again: true; readonly afterMs: number }
  | { readonly again: false; readonly why: 'settled' | 'attempts' | 'time' };

/**
 * Decides whether CancelTask is tried again, and when.
 *
 * @param attempts what has happened so far, in order
 * @param maxAttempts how many attempts there may be in all
 * @param remainingMs milliseconds that are left for attempts
 * @param random from 0 to 1, as `Math.random` gives it
 */
export function decideRetry(
  attempts: readonly Attempt[],
  maxAttempts: number,
  remainingMs: number,
  random: () => number,
): RetryDecision {
  const last = attempts.at(-1);
  if (last && !mayTryAgain(last, attempts)) return { again: false, why: 'settled' };
  if (attempts.length >= maxAttempts) return { again: false, why: 'attempts' };
  const afterMs = last ? backOff(attempts.length, random) : 0;
  if (remainingMs - afterMs < SHORTEST_ATTEMPT_MS) return { again: false, why: 'time' };
  return { again: true, afterMs };
}

function mayTryAgain(last: Attempt, attempts: readonly Attempt[]): boolean {
  if (last.outcome === 'accepted') return false;
  if (last.again !== 'once') return last.again;
  return attempts.filter((one) => one.outcome !== 'accepted' && one.again === 'once').length < 2;
}

/** Milliseconds to pause after the `n`th attempt, from 1. */
export function backOff(n: number, random: () => number): number {
  return Math.floor(random() * Math.min(CAP_MS, BASE_MS * 2 ** (n - 1)));
}
