import { MemoryQuotas, type QuotaDecision, type QuotaRule } from './quota.ts';
import { MemorySlots, type Holder, type SlotRule } from './slots.ts';
import type { Store, StoreReply } from './store.ts';

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

  async spend(key: string, rule: QuotaRule, units: number): Promise<QuotaDecision> {
    return this.#quotas.spend(key, Math.floor(this.#steadyMs()), rule, units);
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
