import { MemoryQuotas, type QuotaDecision, type QuotaRule } from './quota.ts';
import type { Store, StoreReply } from './store.ts';

/**
 * The rate limit of one region: evenly spaced slots (GCRA without a burst). A slot is a moment at which
 * one CancelTask may leave for DLC. All times are whole microseconds, so that sums are exact.
 *
 * N + 1 consecutive slots span at least 1 s + M. So if every request arrives at DLC at most M after its
 * slot, no sliding second there has more than N arrivals (docs/decisions/0007).
 */

/** M, in milliseconds: the longest time allowed between a slot and the arrival at DLC. */
export const MARGIN_MS = 100;

const SECOND_US = 1_000_000;

/** Shares of the free slots that a principal may hold: a quarter by single requests, an eighth by batches. */
const SHARES = { single: 4, batch: 8 } as const;

/** `batch`: batches and webhook deliveries. */
export type Kind = keyof typeof SHARES;

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
  const isScattered = rate < 1;
  const perSecond = isScattered ? rate / 2 : Math.floor(rate);
  const spacing = Math.ceil((SECOND_US + MARGIN_MS * 1000) / perSecond);
  return {
    spacing,
    // Clients come back at whole seconds, so a fixed moment needs a reach of a second.
    ...(isScattered && maxWaitMs >= 1000 && { phase: Math.floor(spacing * phase) }),
    maxWait: maxWaitMs * 1000,
    quiet: maxWaitMs * 1000 + SECOND_US + MARGIN_MS * 1000,
  };
}

export interface Holder {
  readonly principal: string;
  readonly kind: Kind;
}

/** One text for what holds slots: a principal's single requests, or its batches. */
export const holderId = ({ principal, kind }: Holder): string => `${kind} ${principal}`;

/** A holder may have 1/`shareOf` of the free slots. */
export const shareOf = ({ kind }: Holder): number => SHARES[kind];

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
   * `maxWait`, and at least one (dynamic thresholds: Choudhury and Hahne, "Dynamic queue length
   * thresholds for shared-memory packet switches", 1998). So callers that ask for much leave room for
   * callers that ask for little, and the callers need not be counted.
   *
   * @param reach how far ahead this request can use a slot; `maxWait` bounds it
   */
  acquire(holder: Holder, now: number, reach: number): SlotDecision {
    const { spacing, maxWait, phase } = this.#rule;
    this.#granted = this.#granted.filter((slot) => slot.at > now);
    const first = Math.max(this.#next, now);
    const at = phase === undefined ? first : first + modulo(phase - first, spacing);
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

function modulo(value: number, by: number): number {
  return ((value % by) + by) % by;
}

/** The limits of this process alone: all there is without Redis, or while Redis is down. */
export class MemoryStore implements Store {
  readonly #rule: SlotRule;
  readonly #steadyMs: () => number;
  /** By region: the configured ones, a few. */
  readonly #slots = new Map<string, MemorySlots>();
  readonly #quotas = new MemoryQuotas();

  constructor(rule: SlotRule, steadyMs: () => number) {
    this.#rule = rule;
    this.#steadyMs = steadyMs;
  }

  async acquire(region: string, holder: Holder, reachMs: number): Promise<StoreReply> {
    const now = this.#now();
    const decision = this.#slotsOf(region).acquire(holder, now, Math.floor(reachMs * 1000));
    const { granted } = decision;
    if (!granted) return { granted, retryInMs: decision.retryIn / 1000, isQuiet: decision.isQuiet };
    const nowMs = now / 1000;
    return { granted, delayMs: decision.at / 1000 - nowMs, sentMs: nowMs, repliedMs: nowMs };
  }

  async backOff(region: string): Promise<void> {
    this.#slotsOf(region).backOff(this.#now());
  }

  async spend(
    key: string,
    rule: QuotaRule,
    units: number,
    isAdmitted?: boolean,
  ): Promise<QuotaDecision> {
    return this.#quotas.spend(key, Math.floor(this.#steadyMs()), rule, units, isAdmitted);
  }

  close(): void {
    // Nothing is open.
  }

  /** Grants no slot of the region that is earlier than `ms` from now. */
  startQuietPeriod(region: string, ms: number): void {
    this.#slotsOf(region).startQuietPeriod(this.#now() + ms * 1000);
  }

  #now(): number {
    return Math.floor(this.#steadyMs() * 1000);
  }

  #slotsOf(region: string): MemorySlots {
    const slots = this.#slots.get(region) ?? new MemorySlots(this.#rule);
    this.#slots.set(region, slots);
    return slots;
  }
}
