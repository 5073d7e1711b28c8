const windowMs = 1000;

/**
 * CancelTask's limit: so many requests in any sliding second, for each region on its own [doc].
 *
 * Every arrival counts, refused ones too. DLC does not say whether it counts those; the strict reading
 * is the one that finds a client which hammers on, and with it a client was within the limit exactly
 * when `busiest` is not above it, and then nothing was refused.
 */
export class SlidingSecond {
  /** The most arrivals in any one second in any one region so far. */
  busiest = 0;
  /** How many arrivals were over the limit. */
  refused = 0;
  readonly #rate: number;
  readonly #arrivals = new Map<string, number[]>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /**
   * Counts one arrival.
   *
   * @param nowMs on a clock that never goes back; two arrivals 1000 ms apart are not in one second
   * @returns whether it is within the limit
   */
  arrive(region: string, nowMs: number): boolean {
    const recent = (this.#arrivals.get(region) ?? []).filter((at) => nowMs - at < windowMs);
    recent.push(nowMs);
    this.#arrivals.set(region, recent);
    this.busiest = Math.max(this.busiest, recent.length);
    if (recent.length <= this.#rate) return true;
    this.refused += 1;
    return false;
  }

  clear(): void {
    this.#arrivals.clear();
    this.busiest = 0;
    this.refused = 0;
  }
}
