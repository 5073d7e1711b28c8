/**
 * The rate limit of one region: evenly spaced slots (GCRA without a burst). A slot is a moment at which
 * one CancelTask may leave for DLC. N + 1 consecutive slots span at least 1 s + M. So if every request
 * arrives at DLC at most M after its slot, no sliding second there has more than N arrivals
 * (docs/decisions/0007). All times are whole microseconds, so that sums are exact.
 */

/** M, in milliseconds: the longest time allowed between a slot and the arrival at DLC. */
export const MARGIN_MS = 100;

const SECOND_US = 1_000_000;

/** Shares of the free slots that a principal may hold: a quarter by single requests, an eighth by batches. */
const SHARES = { single: 4, batch: 8 } as const;

/** `batch`: batches and webhook deliveries. */
export type Kind = keyof typeof SHARES;

export interface Holder {
  readonly principal: string;
  readonly kind: Kind;
}

/** One text for what holds slots: a principal's single requests, or its batches. */
export const holderId = ({ principal, kind }: Holder): string => `${kind} ${principal}`;

/** A holder may have 1/`shareOf` of the free slots. */
export const shareOf = ({ kind }: Holder): number => SHARES[kind];

export interface SlotRule {
  /** Between two slots. */
  readonly spacing: number;
  /** If present, slots lie this long after a multiple of the spacing. */
  readonly phase?: number;
  /** How far ahead a slot may be granted. */
  readonly maxWait: number;
  /** After this time, no slot that another source granted before can lie within 1 s + M. */
  readonly quiet: number;
}

/**
 * @param rate requests in any second. A rate below 1 is the share of an instance among more instances
 *   than slots in a second: only chance keeps them apart, so each takes half of its share, at moments
 *   of its own (`phase`). With 100 such instances the busiest second had 19 arrivals; with whole
 *   shares at any moment it had 92.
 * @param maxWaitMs how many milliseconds ahead a slot may be granted
 * @param phase random, from 0 to 1: where the slots of a rate below 1 lie
 */
export function slotRule(rate: number, maxWaitMs: number, phase = 0): SlotRule {
  const second = SECOND_US + MARGIN_MS * 1000;
  const isScattered = rate < 1;
  const spacing = Math.ceil(second / (isScattered ? rate / 2 : Math.floor(rate)));
  return {
    spacing,
    // Clients come back at whole seconds, so a fixed moment needs a reach of a second.
    ...(isScattered && maxWaitMs >= 1000 && { phase: Math.floor(spacing * phase) }),
    maxWait: maxWaitMs * 1000,
    quiet: maxWaitMs * 1000 + second,
  };
}

export type SlotDecision =
  | { readonly granted: true; readonly at: number }
  /** `retryIn`: when the holder gets a slot, if all others go on as they do now; or after a quiet period. */
  | { readonly granted: false; readonly retryIn: number; readonly isQuiet: boolean };

/**
 * The slots of one region in this process. It remembers only slots that are still to come, at most
 * `maxWait / spacing`. `redis-scripts.ts` has the same rules in Lua; a property test compares them.
 */
export class MemorySlots {
  readonly #rule: SlotRule;
  #granted: { readonly at: number; readonly holder: string }[] = [];
  /** The first slot that is free; in the past if all are. */
  #next = 0;
  #backedOffAt = -Infinity;
  #quietUntil = -Infinity;

  constructor(rule: SlotRule) {
    this.#rule = rule;
  }

  /**
   * Grants the first free slot. A holder has at most its share of the slots that are free within
   * `maxWait`, and at least one. So callers that ask for much leave room for callers that ask for
   * little, and the callers need not be counted (dynamic thresholds, docs/decisions/0007).
   *
   * @param reach how far ahead this request can use a slot; `maxWait` bounds it
   */
  acquire(holder: Holder, now: number, reach: number): SlotDecision {
    const { spacing, maxWait, phase } = this.#rule;
    this.#granted = this.#granted.filter((slot) => slot.at > now);
    const first = Math.max(this.#next, now);
    const at =
      phase === undefined ? first : first + ((phase - (first % spacing) + spacing) % spacing);
    const latest = now + Math.min(reach, maxWait);
    if (at > latest) {
      return { granted: false, retryIn: at - latest, isQuiet: this.#quietUntil > latest };
    }
    const id = holderId(holder);
    const held = this.#granted.filter((slot) => slot.holder === id);
    const free = Math.floor((now + maxWait - at) / spacing) + 1;
    const tooMany = held.length - Math.max(1, Math.floor(free / shareOf(holder)));
    // So many of its slots have to pass first.
    if (tooMany >= 0) {
      return { granted: false, retryIn: (held[tooMany]?.at ?? at) - now, isQuiet: false };
    }
    this.#next = at + spacing;
    this.#granted.push({ at, holder: id });
    return { granted: true, at };
  }

  /**
   * DLC replied RequestLimitExceeded (others use the account too): free slots begin a second later,
   * once for all refusals of a second, and at most a second beyond `maxWait`.
   */
  backOff(now: number): void {
    if (now - this.#backedOffAt < SECOND_US) return;
    this.#backedOffAt = now;
    const from = Math.min(Math.max(this.#next, now), now + this.#rule.maxWait);
    this.#next = Math.max(this.#next, from + SECOND_US);
  }

  /** No slot is granted before `until`. */
  startQuietPeriod(until: number): void {
    this.#quietUntil = until;
    this.#next = Math.max(this.#next, until);
  }
}
