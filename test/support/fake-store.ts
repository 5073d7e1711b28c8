import { createQuotas } from '../../src/lib/rate-limit/quota.ts';
import {
  StoreError,
  TIMEOUT_MS,
  type Misconfiguration,
} from '../../src/lib/rate-limit/redis-connection.ts';
import type { RedisStore } from '../../src/lib/rate-limit/redis.ts';
import { createOwnSlots, slotAfter, type SlotRule } from '../../src/lib/rate-limit/slots.ts';
import type { ManualTime } from './manual-time.ts';

export type StoreState =
  | 'well'
  | 'silent'
  | { readonly reason: string; readonly misconfiguration?: Misconfiguration };

/** A shared store as a test wants it: well, failing or silent, and slow. */
export class FakeStore {
  /** Milliseconds to the decision, and as many from there to the reply. */
  latencyMs = 1;
  /** The state of what no other rule names. */
  state: StoreState = 'well';
  /** By region, and by the key of a quota. */
  readonly states = new Map<string, StoreState>();
  readonly calls: string[] = [];
  readonly #time: ManualTime;
  readonly #slots: ReturnType<typeof createOwnSlots>;
  readonly #quotas: ReturnType<typeof createQuotas>;

  constructor(time: ManualTime, rule: SlotRule) {
    this.#time = time;
    this.#slots = createOwnSlots(rule, time.steadyMs);
    this.#quotas = createQuotas(time.steadyMs);
  }

  /** A connection of one instance to it. */
  connect(): RedisStore {
    const [slots, quotas] = [this.#slots, this.#quotas];
    return {
      acquire: async (region, holder, reachMs) => {
        const sentMs = this.#time.steadyMs();
        const reply = await this.#answer('acquire', region, () =>
          slots.acquire(region, holder, reachMs),
        );
        if (!reply.granted) return reply;
        const delayMs = reply.fromMs - (sentMs + this.latencyMs);
        return slotAfter(delayMs, sentMs, this.#time.steadyMs());
      },
      backOff: (region) => this.#answer('back off', region, () => slots.backOff(region)),
      spend: (key, ...spending) => this.#answer('spend', key, () => quotas.spend(key, ...spending)),
      close: () => undefined,
    };
  }

  async #answer<T>(call: string, key: string, decide: () => T): Promise<T> {
    this.calls.push(call);
    const state = this.states.get(key) ?? this.state;
    const never = new AbortController().signal;
    if (state === 'silent') {
      await this.#time.sleep(2 * TIMEOUT_MS, never);
      throw new StoreError(`no answer within ${TIMEOUT_MS} ms`, undefined, true);
    }
    if (state !== 'well') throw new StoreError(state.reason, state.misconfiguration);
    await this.#time.sleep(this.latencyMs, never);
    const decision = decide();
    await this.#time.sleep(this.latencyMs, never);
    return decision;
  }
}
