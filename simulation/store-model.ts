import { MemoryPace } from '../src/lib/rate-limit/memory-pace.ts';
import { MemoryQuotas } from '../src/lib/rate-limit/memory-quotas.ts';
import { StoreError, type LimitStore, type StoreTime } from '../src/lib/rate-limit/store.ts';
import { exponential, type Random } from './random.ts';
import type { VirtualTime } from './virtual-time.ts';

/** When Redis is dead, in milliseconds; it forgets everything then. */
export interface Outage {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Redis's clock, in milliseconds, at the simulation's beginning. */
const EPOCH_MS = 1_800_000_000_000;

/**
 * Redis in the simulation: the decisions of `pace.ts`, which the script makes too (a test holds the two
 * against each other), behind a network that takes time. A dead one refuses connections.
 */
export class StoreModel {
  readonly #time: VirtualTime;
  readonly #random: Random;
  readonly #oneWayMs: number;
  readonly #outage: Outage | undefined;
  readonly #quotas = new MemoryQuotas();
  #pace: MemoryPace | undefined;

  /** @param oneWayMs mean delay of each direction, two thirds of it fixed */
  constructor(time: VirtualTime, random: Random, oneWayMs: number, outage: Outage | undefined) {
    this.#time = time;
    this.#random = random;
    this.#oneWayMs = oneWayMs;
    this.#outage = outage;
    if (outage) time.at(outage.fromMs, () => (this.#pace = undefined));
  }

  /** @param steadyMs the clock of the instance that connects */
  connect(steadyMs: () => number): LimitStore {
    const answer = <T extends object>(decide: (nowUs: number) => T): Promise<T & StoreTime> =>
      this.#answer(steadyMs(), decide);
    return {
      takeTurn: ({ principal, reach }, rule) =>
        answer((now) => (this.#pace ??= new MemoryPace(rule)).take(principal, now, reach)),
      giveBack: ({ principal, at }) =>
        answer((now) => {
          this.#pace?.giveBack(principal, at, now);
          return {};
        }),
      pushBack: () =>
        answer((now) => {
          this.#pace?.pushBack(now);
          return {};
        }),
      spend: (key, rule) => answer((now) => this.#quotas.spend(key, Math.floor(now / 1000), rule)),
      probe: () => answer(() => ({})),
      reconnect: () => undefined,
    };
  }

  async #answer<T extends object>(sentMs: number, decide: (nowUs: number) => T) {
    await this.#travel();
    const nowUs = Math.floor((EPOCH_MS + this.#time.now) * 1000);
    const decision = decide(nowUs);
    await this.#travel();
    return { ...decision, nowUs, sentMs };
  }

  async #travel(): Promise<void> {
    const mean = this.#oneWayMs;
    await this.#time.sleep((mean * 2) / 3 + exponential(this.#random, mean / 3));
    const { fromMs = Infinity, toMs = Infinity } = this.#outage ?? {};
    if (this.#time.now >= fromMs && this.#time.now < toMs) throw new StoreError('ECONNREFUSED');
  }
}
