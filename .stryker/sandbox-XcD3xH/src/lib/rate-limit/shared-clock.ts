import { LATEST_MS } from './pace.ts';
import type { StoreTime } from './store.ts';

/** How much the two clocks may drift apart, in milliseconds a second: NTP slews by up to 0.5. */
const DRIFT = 1 / 1000;

/** A leap that is smaller only adds to the delays that M is there for. */
const LEAP_MS = 25;

/** Least time that must be left to leave in. */
const WINDOW_MS = 20;

interface Bounds {
  readonly low: number;
  readonly high: number;
}

/**
 * Where the store's clock stands against the steady one of this process: `low` and `high` bound the
 * difference. A reply was made between its question and its arrival, so each narrows it down, and the
 * fastest few tell it better than a single one can. A reply that fits no longer is of a clock that leapt.
 */
export class SharedClock {
  #bounds: Bounds = { low: -Infinity, high: Infinity };
  #observedAt = 0;
  /** The store's time less the wall clock's. */
  #aheadOfWall = 0;

  /**
   * @param repliedMs when the reply arrived, on the steady clock
   * @param wallMs the machine's time of day then. Where it went as far as the store's clock, both are
   *   right, and this machine stood still: a function's may, between two requests, steady clock and all
   * @returns whether the store's clock has leapt forward: turns of before may be out, and it forgot them
   */
  observe({ nowUs, sentMs }: StoreTime, repliedMs: number, wallMs: number): boolean {
    const nowMs = nowUs / 1000;
    const seen = { low: nowMs - repliedMs, high: nowMs - sentMs };
    const drift = Math.max(0, repliedMs - this.#observedAt) * DRIFT;
    const known = { low: this.#bounds.low - drift, high: this.#bounds.high + drift };
    const both = { low: Math.max(seen.low, known.low), high: Math.min(seen.high, known.high) };
    const leap = seen.low - known.high;
    const hasStoodStill = Math.abs(nowMs - wallMs - this.#aheadOfWall) < leap / 2;
    this.#bounds = both.low <= both.high ? both : seen;
    this.#observedAt = repliedMs;
    this.#aheadOfWall = nowMs - wallMs;
    return leap > LEAP_MS && !hasStoodStill;
  }

  /** Whether it is not known well enough when a turn is. */
  get isBlurred(): boolean {
    return this.#bounds.high - this.#bounds.low > LATEST_MS - WINDOW_MS;
  }

  /** From when to when one may leave on a turn, on the steady clock: never before it, nor too late. */
  window(atUs: number): { readonly fromMs: number; readonly toMs: number } {
    const { low, high } = this.#bounds;
    return { fromMs: atUs / 1000 - low, toMs: atUs / 1000 - high + LATEST_MS };
  }
}
