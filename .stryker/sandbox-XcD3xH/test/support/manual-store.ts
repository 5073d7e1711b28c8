import { MemoryPace } from '../../src/lib/rate-limit/memory-pace.ts';
import { MemoryQuotas } from '../../src/lib/rate-limit/memory-quotas.ts';
import type { Times } from '../../src/lib/rate-limit/patient-store.ts';
import { StoreError, type LimitStore, type StoreTime } from '../../src/lib/rate-limit/store.ts';

/** A shared store as a test wants it: well, failing, silent, slow, with a clock that leaps. */
export class ManualStore {
  /** Milliseconds to the decision, and as many from there to the reply. */
  latencyMs = 1;
  state: 'well' | 'silent' | { readonly reason: string } = 'well';
  /** How far its clock is ahead of the wall clock, in milliseconds. */
  aheadMs = 250;
  readonly calls: string[] = [];
  reconnects = 0;
  readonly #times: Times;
  readonly #paces = new Map<string, MemoryPace>();
  readonly #quotas = new MemoryQuotas();

  constructor(times: Times) {
    this.#times = times;
  }

  /** A connection of one instance to it. */
  connect(): LimitStore {
    return {
      takeTurn: ({ region, principal, reach }, rule) =>
        this.#answer('take', (now) => {
          const pace = this.#paces.get(region) ?? new MemoryPace(rule);
          this.#paces.set(region, pace);
          return pace.take(principal, now, reach);
        }),
      giveBack: ({ region, principal, at }) =>
        this.#answer('give back', (now) => {
          this.#paces.get(region)?.giveBack(principal, at, now);
          return {};
        }),
      pushBack: (region) =>
        this.#answer('push back', (now) => {
          this.#paces.get(region)?.pushBack(now);
          return {};
        }),
      spend: (key, rule) =>
        this.#answer('spend', (now) => this.#quotas.spend(key, Math.floor(now / 1000), rule)),
      probe: () => this.#answer('probe', () => ({})),
      reconnect: () => void (this.reconnects += 1),
    };
  }

  async #answer<T extends object>(
    call: string,
    decide: (nowUs: number) => T,
  ): Promise<T & StoreTime> {
    this.calls.push(call);
    const sentMs = this.#times.steadyMs();
    const never = new AbortController().signal;
    if (this.state === 'silent') return new Promise(() => undefined);
    if (typeof this.state === 'object') throw new StoreError(this.state.reason);
    await this.#times.sleep(this.latencyMs, never);
    const nowUs = Math.floor((this.#times.wallMs() + this.aheadMs) * 1000);
    const decision = decide(nowUs);
    await this.#times.sleep(this.latencyMs, never);
    return { ...decision, nowUs, sentMs };
  }
}
