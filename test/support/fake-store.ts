import type { SlotRule } from '../../src/lib/rate-limit/slots.ts';
import {
  MemoryStore,
  slotAfter,
  StoreError,
  TIMEOUT_MS,
  type Misconfiguration,
  type Store,
} from '../../src/lib/rate-limit/store.ts';
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
  readonly #memory: MemoryStore;

  constructor(time: ManualTime, rule: SlotRule) {
    this.#time = time;
    this.#memory = new MemoryStore(rule, time.steadyMs);
  }

  /** A connection of one instance to it. */
  connect(): Store {
    const memory = this.#memory;
    return {
      acquire: async (region, holder, reachMs) => {
        const sentMs = this.#time.steadyMs();
        const reply = await this.#answer('acquire', region, () =>
          memory.acquire(region, holder, reachMs),
        );
        if (!reply.granted) return reply;
        const delayMs = reply.fromMs - (sentMs + this.latencyMs);
        return slotAfter(delayMs, sentMs, this.#time.steadyMs());
      },
      backOff: (region) => this.#answer('back off', region, () => memory.backOff(region)),
      spend: (key, rule, ...more) =>
        this.#answer('spend', key, () => memory.spend(key, rule, ...more)),
      close: () => undefined,
    };
  }

  async #answer<T>(call: string, key: string, decide: () => Promise<T>): Promise<T> {
    this.calls.push(call);
    const state = this.states.get(key) ?? this.state;
    const never = new AbortController().signal;
    if (state === 'silent') {
      await this.#time.sleep(2 * TIMEOUT_MS, never);
      throw new StoreError(`no answer within ${TIMEOUT_MS} ms`);
    }
    if (state !== 'well') throw new StoreError(state.reason, state.misconfiguration);
    await this.#time.sleep(this.latencyMs, never);
    const decision = await decide();
    await this.#time.sleep(this.latencyMs, never);
    return decision;
  }
}
