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

/**
 * Longest from a turn to the departure, in milliseconds; a turn that was missed by more (a busy process,
 * one that was frozen) is let go: arrivals keep the limit only while all delays together stay below M.
 */
export const LATEST_MS = 80;

const SECOND_US = 1_000_000;
const MARGIN_US = MARGIN_MS * 1000;

export interface PaceRule {
  /** Between two turns. */
  readonly spacing: number;
  /** Turns lie so far after a multiple of the spacing; absent: anywhere. */
  readonly phase?: number;
  /** How far ahead a turn may be handed out. */
  readonly maxWait: number;
  /** After this, no turn that somebody else handed out before can still be followed within 1 s + M. */
  readonly hold: number;
}

/**
 * @param rate requests in any second. Below 1 it is the share of an instance that knows nothing of the
 *   others, more of them than turns in a second: only chance keeps them apart, so each takes half of
 *   its share, at moments of its own (`phase`). In a simulation of 100 that was 19 in the busiest
 *   second, and 92 with all of it at any time.
 * @param maxWaitMs how many milliseconds ahead a turn may be handed out
 * @param phase where its turns lie, as a part of their spacing: random, one for all regions
 */
export function paceRule(rate: number, maxWaitMs: number, phase = 0): PaceRule {
  const isScattered = rate < 1;
  const perSecond = isScattered ? rate / 2 : Math.floor(rate);
  const spacing = Math.ceil((SECOND_US + MARGIN_US) / perSecond);
  return {
    spacing,
    // Whoever is told to come back comes at a whole second, and has to find its moment within reach.
    ...(isScattered && maxWaitMs >= 1000 && { phase: Math.floor(spacing * phase) }),
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
  { spacing, maxWait, phase }: PaceRule,
): TurnDecision {
  const first = Math.max(next, now);
  const at = phase === undefined ? first : first + modulo(phase - first, spacing);
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

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}
