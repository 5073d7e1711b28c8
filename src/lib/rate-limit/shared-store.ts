import type { Log } from '../observability/log.ts';
import { CircuitBreaker, RETRY_MS } from './circuit-breaker.ts';
import type { MemoryStore, Holder } from './slots.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import {
  isStoreError,
  NOTICE_MS,
  type Misconfiguration,
  type Store,
  type StoreReply,
} from './store.ts';

/** An instance returns to Redis so often at most: each return costs a quiet period. */
const RETURN_EVERY_MS = 60_000;

/** What to do about settings that are wrong. */
export const REMEDIES: Readonly<Record<Misconfiguration, string>> = {
  'redis-password': 'put the user and password that Redis expects into REDIS_URL',
  'redis-certificate': 'name the CA of Redis in NODE_EXTRA_CA_CERTS, and its own host in REDIS_URL',
  'redis-cluster': 'use a Redis without cluster mode, or a proxy that hides the cluster',
  'redis-permission': 'permit the user the keys dlcgw:* and the commands of docs/decisions/0008',
  'redis-database': 'name a database that this Redis has in REDIS_URL, such as /0',
};

interface Failure {
  readonly reason: string;
  readonly misconfiguration?: Misconfiguration | undefined;
  /** Does the same operation on the same key again. */
  readonly again: () => Promise<unknown>;
}

export interface SharedStoreDeps {
  /** Loads what talks to Redis; called at the first decision. */
  readonly open: () => Promise<Store>;
  /** This instance's share. */
  readonly own: MemoryStore;
  /** After this time no slot from before a switch matters: `MAX_WAIT_MS` + 1 s + M. */
  readonly quietMs: number;
  readonly steadyMs: () => number;
  readonly log: Pick<Log, 'write'>;
}

/**
 * The limits of all instances together, in Redis. A region whose slots Redis does not grant goes by this
 * instance's share, a caller whose quota Redis does not keep by this instance's quotas.
 *
 * Slots reach `MAX_WAIT_MS` ahead. So after each switch of a region a quiet period passes, until all
 * slots from before are past. Each instance has its own: one with a bad network must not stop the others.
 */
export class SharedStore implements Store {
  readonly #deps: SharedStoreDeps;
  readonly #regions = new CircuitBreaker<Failure>();
  readonly #callers = new CircuitBreaker<Failure>();
  readonly #attempts = new Map<string, Promise<void>>();
  readonly #returnedAt = new Map<string, number>();
  #redis: Promise<Store> | undefined;

  constructor(deps: SharedStoreDeps) {
    this.#deps = deps;
  }

  async acquire(region: string, holder: Holder, reachMs: number): Promise<StoreReply> {
    const { own, steadyMs } = this.#deps;
    const ask = async () => (await this.#open()).acquire(region, holder, reachMs);
    await this.#tryAgain(region, ask);
    if (this.#regions.isOpen(region)) return own.acquire(region, holder, reachMs);
    const quietMs = (this.#returnedAt.get(region) ?? -Infinity) + this.#returnMs - steadyMs();
    if (quietMs > 0) return { granted: false, retryInMs: quietMs, isQuiet: true };
    try {
      const reply = await ask();
      // If another call failed meanwhile, this slot is from before the switch, and may be too late.
      if (!this.#regions.isOpen(region)) return reply;
    } catch (error) {
      this.#leave(region, ask, error);
    }
    return own.acquire(region, holder, reachMs);
  }

  async backOff(region: string): Promise<void> {
    const { own } = this.#deps;
    await (this.#regions.isOpen(region) ? own : await this.#open()).backOff(region);
  }

  async spend(
    key: string,
    rule: QuotaRule,
    units: number,
    isAdmitted = false,
  ): Promise<QuotaDecision> {
    const { own, steadyMs } = this.#deps;
    if (this.#callers.mayCall(key, steadyMs())) {
      try {
        const decision = await (await this.#open()).spend(key, rule, units, isAdmitted);
        this.#callers.succeeded(key);
        return decision;
      } catch (error) {
        const isFirst = this.#callers.failures.length === 0;
        const failure = toFailure(error, () => this.spend(key, rule, 0));
        this.#callers.failed(key, failure, steadyMs() + RETRY_MS);
        if (isFirst) this.#report('quotas-own', failure, {});
      }
    }
    return own.spend(key, rule, units, isAdmitted);
  }

  /** Asks Redis for what failed last, or for anything, and finds what is wrong with its settings. */
  async misconfiguration(): Promise<Misconfiguration | undefined> {
    const failed = [...this.#callers.failures.slice(-1), ...this.#regions.failures];
    const probe = this.spend('status', { limit: 1, windowMs: 1000 }, 0);
    await Promise.all([probe, ...failed.map(({ again }) => again())]);
    return [...this.#callers.failures, ...this.#regions.failures].findLast(
      (failure) => failure.misconfiguration,
    )?.misconfiguration;
  }

  close(): void {
    void this.#redis?.then((store) => store.close()).catch(() => undefined);
  }

  #open(): Promise<Store> {
    return (this.#redis ??= this.#deps.open());
  }

  /** After a return: the others may use their own shares until they notice too. */
  get #returnMs(): number {
    return this.#deps.quietMs + RETRY_MS + NOTICE_MS;
  }

  /**
   * If the region has failed, one request in `RETRY_MS` tries whether Redis works again, and all wait for
   * the outcome. A slot that it gets lies in the quiet period, and is not used.
   */
  async #tryAgain(region: string, ask: () => Promise<unknown>): Promise<void> {
    const { steadyMs, log } = this.#deps;
    const attempt = async (): Promise<void> => {
      try {
        await ask();
      } catch (error) {
        return this.#leave(region, ask, error);
      }
      this.#regions.succeeded(region);
      this.#returnedAt.set(region, steadyMs());
      log.write('info', 'limits-shared', { region, quietMs: this.#returnMs });
    };
    const mayTry = this.#regions.isOpen(region) && !this.#attempts.has(region);
    if (mayTry && this.#regions.mayCall(region, steadyMs())) {
      this.#attempts.set(
        region,
        attempt().finally(() => this.#attempts.delete(region)),
      );
    }
    await this.#attempts.get(region);
  }

  /** The region goes on its own, or stays so. */
  #leave(region: string, ask: () => Promise<unknown>, error: unknown): void {
    const { own, quietMs, steadyMs } = this.#deps;
    const before = this.#regions.failureOf(region);
    const failure = toFailure(error, () => this.#tryAgain(region, ask));
    const mayReturnAt = (this.#returnedAt.get(region) ?? -Infinity) + RETURN_EVERY_MS;
    this.#regions.failed(region, failure, Math.max(steadyMs() + RETRY_MS, mayReturnAt));
    if (!before) own.startQuietPeriod(region, quietMs);
    const isNews = !before || (failure.misconfiguration && !before.misconfiguration);
    if (isNews) this.#report('limits-own', failure, { region, quietMs });
  }

  #report(event: string, failure: Failure, fields: { region?: string; quietMs?: number }): void {
    const { reason, misconfiguration } = failure;
    if (!misconfiguration) return this.#deps.log.write('warn', event, { reason, ...fields });
    const remedy = REMEDIES[misconfiguration];
    this.#deps.log.write('error', event, { reason, misconfiguration, remedy, ...fields });
  }
}

function toFailure(error: unknown, again: () => Promise<unknown>): Failure {
  if (!isStoreError(error)) return { reason: 'redis.js cannot be used', again };
  return { reason: error.message, misconfiguration: error.misconfiguration, again };
}
