import type { Log } from '../observability/log.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import type { Holder } from './slots.ts';
import { OPEN_MS, REMEDIES, StoreError, TIMEOUT_MS } from './store.ts';
import type { MemoryStore, Misconfiguration, NoSlot, Slot, Store } from './store.ts';

/** A key that failed is tried again after so many milliseconds, by one call. */
export const RETRY_MS = 1000;

/** After Redis works again, a try may fail for so long: it began before, or no connection is tried yet. */
export const NOTICE_MS = 3 * OPEN_MS + TIMEOUT_MS;

/** A key returns to Redis so often at most: each return of a region costs a quiet period. */
const RETURN_EVERY_MS = 60_000;

/** Keys that are remembered at once, at the most. */
const MOST_REMEMBERED = 10_000;

/** Of a key that has failed. */
interface Circuit {
  /** Present while the circuit is open. */
  failure?: StoreError | undefined;
  call?: () => Promise<unknown>;
  trial?: Promise<unknown> | undefined;
  retryAtMs: number;
  closedAtMs: number;
}

interface CircuitDeps {
  readonly steadyMs: () => number;
  /** Called after each failure, while `failureOf` has still the one before. */
  readonly fails: (key: string, failure: StoreError) => void;
  readonly closes?: (key: string) => void;
}

/**
 * A circuit breaker for each key. One key's failure opens no other circuit. A circuit closes only after
 * the same operation on the same key has succeeded.
 */
export class CircuitBreaker {
  readonly #deps: CircuitDeps;
  /** The one that failed last is the last. */
  readonly #circuits = new Map<string, Circuit>();

  constructor(deps: CircuitDeps) {
    this.#deps = deps;
  }

  /** The keys whose circuits are open. */
  get openKeys(): string[] {
    return [...this.#circuits.keys()].filter((key) => this.failureOf(key));
  }

  failureOf(key: string): StoreError | undefined {
    return this.#circuits.get(key)?.failure;
  }

  closedAtMs(key: string): number {
    return this.#circuits.get(key)?.closedAtMs ?? -Infinity;
  }

  /**
   * Calls if the circuit is closed. If it is open, one call in `RETRY_MS` tries, and all wait for its outcome.
   *
   * @returns nothing if the call failed, or was not made
   */
  async run<T>(key: string, call: () => Promise<T>): Promise<T | undefined> {
    const circuit = this.#circuits.get(key);
    if (circuit?.trial) await circuit.trial;
    if (!circuit?.failure) return this.#try(key, call);
    if (this.#deps.steadyMs() < circuit.retryAtMs) return undefined;
    const trial = this.#try(key, call, circuit);
    circuit.trial = trial;
    return trial;
  }

  /** Tries again what failed last. @returns its failure, if it fails still */
  async tryLast(): Promise<StoreError | undefined> {
    const key = this.openKeys.at(-1) ?? '';
    const { call } = this.#circuits.get(key) ?? {};
    if (call) await this.run(key, call);
    return this.failureOf(key);
  }

  async #try<T>(key: string, call: () => Promise<T>, open?: Circuit): Promise<T | undefined> {
    try {
      const result = await call();
      if (open) {
        open.failure = undefined;
        open.closedAtMs = this.#deps.steadyMs();
        this.#deps.closes?.(key);
      }
      return result;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      this.#open(key, call, error);
      return undefined;
    } finally {
      if (open) open.trial = undefined;
    }
  }

  #open(key: string, call: () => Promise<unknown>, failure: StoreError): void {
    this.#deps.fails(key, failure);
    const closedAtMs = this.closedAtMs(key);
    const retryAtMs = Math.max(this.#deps.steadyMs() + RETRY_MS, closedAtMs + RETURN_EVERY_MS);
    const circuit = this.#circuits.get(key) ?? { closedAtMs, retryAtMs };
    this.#circuits.delete(key);
    this.#circuits.set(key, Object.assign(circuit, { failure, call, retryAtMs }));
    const [oldest = ''] = this.#circuits.keys();
    if (this.#circuits.size > MOST_REMEMBERED) this.#circuits.delete(oldest);
  }
}

export interface SharedStoreDeps {
  readonly redis: Store;
  /** This instance's share. */
  readonly own: MemoryStore;
  /** After this time no slot from before a switch matters: `MAX_WAIT_MS` + 1 s + M. */
  readonly quietMs: number;
  readonly steadyMs: () => number;
  readonly log: Pick<Log, 'write'>;
}

/**
 * The limits of all instances together, in Redis. If Redis does not grant a region's slots, the region
 * goes by this instance's share. If it does not keep a caller's quota, the caller goes by this instance's.
 *
 * Slots reach `MAX_WAIT_MS` ahead. So after each switch of a region a quiet period passes, until all
 * slots from before are past. Each instance has its own: one with a bad network must not stop the others.
 */
export class SharedStore implements Store {
  readonly #deps: SharedStoreDeps;
  readonly #regions: CircuitBreaker;
  readonly #callers: CircuitBreaker;

  constructor(deps: SharedStoreDeps) {
    this.#deps = deps;
    const { own, quietMs, steadyMs, log } = deps;
    this.#regions = new CircuitBreaker({
      steadyMs,
      fails: (region, failure) => {
        const before = this.#regions.failureOf(region);
        if (!before) own.startQuietPeriod(region, quietMs);
        const isNews = !before || (failure.misconfiguration && !before.misconfiguration);
        if (isNews) this.#report('limits-own', failure, { region, quietMs });
      },
      closes: (region) => log.write('info', 'limits-shared', { region, quietMs: this.#returnMs }),
    });
    this.#callers = new CircuitBreaker({
      steadyMs,
      fails: (_, failure) => {
        if (this.#callers.openKeys.length === 0) this.#report('quotas-own', failure);
      },
    });
  }

  async acquire(region: string, holder: Holder, reachMs: number): Promise<Slot | NoSlot> {
    const { redis, own } = this.#deps;
    const reply = await this.#regions.run(
      region,
      async () => this.#refusal(region) ?? redis.acquire(region, holder, reachMs),
    );
    // A slot from before a switch may be too late, and one of the call that closed the circuit too early.
    if (!reply || this.#regions.failureOf(region)) return own.acquire(region, holder, reachMs);
    return this.#refusal(region) ?? reply;
  }

  async backOff(region: string): Promise<void> {
    const { redis, own } = this.#deps;
    await (this.#regions.failureOf(region) ? own : redis).backOff(region);
  }

  async spend(key: string, ...spending: [QuotaRule, number, boolean?]): Promise<QuotaDecision> {
    const { redis, own } = this.#deps;
    const decision = await this.#callers.run(key, () => redis.spend(key, ...spending));
    return decision ?? own.spend(key, ...spending);
  }

  /** Asks Redis for anything, and for what failed last, and finds what is wrong with its settings. */
  async misconfiguration(): Promise<Misconfiguration | undefined> {
    await this.spend('status', { limit: 1, windowMs: 1000 }, 0);
    const failures = await Promise.all([this.#callers.tryLast(), this.#regions.tryLast()]);
    return failures.find((failure) => failure?.misconfiguration)?.misconfiguration;
  }

  close(): void {
    this.#deps.redis.close?.();
  }

  /** After a return, the others may use their own shares until they notice too. */
  get #returnMs(): number {
    return this.#deps.quietMs + RETRY_MS + NOTICE_MS;
  }

  /** In the quiet period after a return. */
  #refusal(region: string): NoSlot | undefined {
    const retryInMs = this.#regions.closedAtMs(region) + this.#returnMs - this.#deps.steadyMs();
    const isOver = retryInMs <= 0 || this.#regions.failureOf(region);
    return isOver ? undefined : { granted: false, retryInMs, isQuiet: true };
  }

  #report(event: string, { message: reason, misconfiguration }: StoreError, fields = {}): void {
    const remedy = misconfiguration && { misconfiguration, remedy: REMEDIES[misconfiguration] };
    this.#deps.log.write(remedy ? 'error' : 'warn', event, { reason, ...remedy, ...fields });
  }
}
