/**
 * The pace upstream, for one region: evenly spaced turns (GCRA without a burst), each a moment at which
 * one request may leave for DLC. Times here are whole microseconds, so that sums are exact. A clock that
 * leaps forward is not dealt with: turns that are out would be forgotten, so it has to be a steady one.
 *
 * N + 1 turns in a row span at least 1 s + M. So if every request arrives at DLC at most M after its
 * turn, no sliding second there has more than N arrivals.
 */

/** M, in milliseconds: what may lie between a turn and the arrival at DLC. docs/decisions/0007. */
export const MARGIN_MS = 100;

const SECOND_US = 1_000_000;
const MARGIN_US = MARGIN_MS * 1000;

export interface PaceRule {
  /** Between two turns. */
  readonly spacing: number;
  /** How far ahead a turn may be handed out. */
  readonly maxWait: number;
  /** After this, no turn that somebody else handed out before can still be followed within 1 s + M. */
  readonly hold: number;
}

/**
 * @param rate requests in any second; below 1, only the long-term average can be kept
 * @param maxWaitMs how many milliseconds ahead a turn may be handed out
 */
export function paceRule(rate: number, maxWaitMs: number): PaceRule {
  const perSecond = rate < 1 ? rate : Math.floor(rate);
  return {
    spacing: Math.ceil((SECOND_US + MARGIN_US) / perSecond),
    maxWait: maxWaitMs * 1000,
    hold: maxWaitMs * 1000 + SECOND_US + MARGIN_US,
  };
}

/** What a decision depends on. */
export interface Standing {
  /** The first turn that nobody has; in the past where all are free. */
  readonly next: number;
  /** The turns that this principal has and that are still to come, in order. */
  readonly held: readonly number[];
}

export type TurnDecision =
  | { readonly granted: true; readonly at: number }
  /** `retryIn`: after how long the principal gets a turn, if all others go on as they do now. */
  | { readonly granted: false; readonly retryIn: number };

/**
 * Decides on a turn. A principal holds at most half of what is free within `maxWait`, but always one:
 * dynamic thresholds (Choudhury and Hahne, "Dynamic queue length thresholds for shared-memory packet
 * switches", 1998). Whoever asks for much leaves room for those who ask for little, without a list of
 * who is there.
 *
 * @param reach how far ahead this request can use a turn; `maxWait` bounds it
 */
export function decideTurn(
  { next, held }: Standing,
  now: number,
  reach: number,
  { spacing, maxWait }: PaceRule,
): TurnDecision {
  const at = Math.max(next, now);
  const latest = now + Math.min(reach, maxWait);
  if (at > latest) return { granted: false, retryIn: at - latest };
  const free = Math.floor((now + maxWait - at) / spacing) + 1;
  const share = Math.max(1, Math.floor(free / 2));
  const tooMany = held.length - share;
  if (tooMany < 0) return { granted: true, at };
  // As long as the others keep what is free as it is, this many of its turns have to pass first.
  return { granted: false, retryIn: (held[tooMany] ?? at) - now };
}

/**
 * `next` after DLC has answered RequestLimitExceeded all the same (others use the account too): a
 * second later, and never further ahead than a second beyond what is handed out.
 */
export function pushedBack(next: number, now: number, { maxWait }: PaceRule): number {
  return Math.max(next, Math.min(Math.max(next, now), now + maxWait) + SECOND_US);
}

/** Whether `next` lies further ahead than any rule puts it: the clock has gone back. */
export function isFromAnotherTime(next: number, now: number, rule: PaceRule): boolean {
  return next > now + 2 * rule.hold + rule.spacing;
}
