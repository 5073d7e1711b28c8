import type { Attempt } from './outcome.ts';

/**
 * What a request for a turn upstream comes to. `mayLeave`: asked just before the attempt is written,
 * false once the turn is past. `retryAfter`: seconds.
 */
export type TurnAnswer =
  | { readonly go: true; readonly mayLeave: () => boolean }
  | { readonly go: false; readonly retryAfter: number };

/**
 * What the last attempt amounts to where there is no turn for another one. A limit's refusal says when
 * to come back; any other ending is as it was.
 *
 * @param last absent: there was no attempt at all
 */
export function noTurn(last: Attempt | undefined, { retryAfter }: { retryAfter: number }): Attempt {
  if (!last) return { ...NO_TURN, retryAfter };
  const isForTheRate = last.outcome !== 'accepted' && last.code === 'upstream-rate-limited';
  return isForTheRate ? { ...last, retryAfter } : last;
}

const NO_TURN = {
  outcome: 'did-not-happen',
  code: 'upstream-rate-limited',
  again: false,
  reason: 'no turn upstream in time',
} as const;
