import type { Log } from '../observability/log.ts';
import { CircuitBreaker, RETRY_MS } from './circuit-breaker.ts';
import type { MemoryStore } from './memory-store.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import { MARGIN_MS, type Holder } from './slots.ts';
import { NOTICE_MS, isStoreError, type Misconfiguration, type Store } from './store.ts';

/**
 * How long after its slot a request may leave; the rest of M is for the way to DLC. A process that was
 * busy or frozen for longer acquires another slot.
 */
const LEAVE_WITHIN_MS = 0.8 * MARGIN_MS;

/** After Redis works again, other instances may use their own shares for so long. */
const OTHERS_NOTICE_MS = RETRY_MS + NOTICE_MS;

/** An instance returns to Redis so often at most: each return costs a quiet period. */
const RETURN_EVERY_MS = 60_000;

const REMEDIES: Readonly<Record<Misconfiguration, string>> = {
  'redis-password': 'put the user and password that Redis expects into REDIS_URL',
  'redis-certificate': 'name the CA of Redis in NODE_EXTRA_CA_CERTS, and its own host in REDIS_URL',
  'redis-cluster':
    'use a Redis without cluster mode, or a proxy in front of it that hides the cluster',
  'redis-permission': 'permit the user the keys dlcgw:* and the commands of docs/decisions/0008',
  'redis-database': 'name a database that this Redis has in REDIS_URL, such as /0',
};

export interface SlotAsk {
  readonly region: string;
  readonly holder: Holder;
  /** How far ahead a slot is of use. */
  readonly reachMs: () => number;
}

/** `rate-limit`: the slots are used up. `quiet-period`: none is granted for now, whatever the load. */
export type RefusalReason = 'rate-limit' | 'quiet-period';

export type SlotReply =
  /** The request may leave from `fromMs` to `untilMs` of the steady clock. */
  | {
      readonly granted: true;
      readonly fromMs: number;
      readonly untilMs: number;
    }
  | { readonly granted: false; readonly retryInMs: number; readonly reason: RefusalReason };

export type LimiterStatus =
  | { readonly kind: 'ok' }
  | { readonly kind: 'misconfigured'; readonly reason: Misconfiguration };

interface Failure {
  readonly reason: string;
  readonly misconfiguration?: Misconfiguration | undefined;
  /** Does the same operation on the same key again. */
  readonly again: () => Promise<unknown>;
}

interface LimitsDeps {
  /** This instance's share. */
  readonly own: MemoryStore;
  /** Loads what talks to Redis; called at the first decision. Absent: the own share is all there is. */
  readonly open?: () => Promise<Store>;
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
export class Limits {
  readonly #deps: LimitsDeps;
  readonly #regions = new CircuitBreaker<Failure>();
  readonly #callers = new CircuitBreaker<Failure>();
  readonly #attempts = new Map<string, Promise<void>>();
  readonly #returnedAt = new Map<string, number>();
  readonly #quietUntil = new Map<string, number>();
  #shared: Promise<Store> | undefined;

  constructor(deps: LimitsDeps) {
    this.#deps = deps;
  }

  async acquire(ask: SlotAsk): Promise<SlotReply> {
    const { region } = ask;
    const { own } = this.#deps;
    await this.#tryAgain(ask);
    if (!this.#isShared(region)) return this.#acquireFrom(own, ask);
    const quietMs = this.#quietMs(region);
    if (quietMs > 0) return { granted: false, retryInMs: quietMs, reason: 'quiet-period' };
    try {
      const reply = await this.#acquireFrom(await this.#open(), ask);
      // If another call failed meanwhile, this slot is from before the switch, and may be too late.
      if (this.#isShared(region)) return reply;
    } catch (error) {
      this.#leave(ask, error);
    }
    return this.#acquireFrom(own, ask);
  }

  backOff(region: string): void {
    const store = this.#isShared(region) ? this.#open() : Promise.resolve(this.#deps.own);
    void store.then((it) => it.backOff(region)).catch(() => undefined);
  }

  async spend(key: string, rule: QuotaRule, units: number): Promise<QuotaDecision> {
    const { own, open, steadyMs } = this.#deps;
    if (open && this.#callers.mayCall(key, steadyMs())) {
      try {
        const decision = await (await this.#open()).spend(key, rule, units);
        this.#callers.succeeded(key);
        return decision;
      } catch (error) {
        const isFirst = this.#callers.failures.length === 0;
        const failure = toFailure(error, () => this.spend(key, rule, 0));
        this.#callers.failed(key, failure, steadyMs() + RETRY_MS);
        if (isFirst) this.#report('quotas-own', failure, {});
      }
    }
    return own.spend(key, rule, units);
  }

  /** Asks Redis for what failed last, or for anything, and tells what is wrong with its settings. */
  async status(): Promise<LimiterStatus> {
    const probe = () => this.spend('status', { limit: 1, windowMs: 1000 }, 0);
    const last = this.#callers.failures.at(-1);
    const failed = [...(last ? [last] : []), ...this.#regions.failures];
    await Promise.all([probe(), ...failed.map(({ again }) => again())]);
    const left = [...this.#callers.failures, ...this.#regions.failures];
    const reason = left.findLast(({ misconfiguration }) => misconfiguration)?.misconfiguration;
    return reason ? { kind: 'misconfigured', reason } : { kind: 'ok' };
  }

  close(): void {
    void this.#shared?.then((store) => store.close()).catch(() => undefined);
  }

  #isShared(region: string): boolean {
    return !!this.#deps.open && !this.#regions.isOpen(region);
  }

  async #open(): Promise<Store> {
    const { open, own } = this.#deps;
    return (this.#shared ??= open ? open() : Promise.resolve(own));
  }

  #quietMs(region: string): number {
    return (this.#quietUntil.get(region) ?? -Infinity) - this.#deps.steadyMs();
  }

  async #acquireFrom(store: Store, { region, holder, reachMs }: SlotAsk): Promise<SlotReply> {
    const reply = await store.acquire(region, holder, Math.max(0, reachMs()));
    if (!reply.granted) {
      const { retryInMs } = reply;
      const isQuiet = retryInMs <= this.#quietMs(region);
      return { granted: false, retryInMs, reason: isQuiet ? 'quiet-period' : 'rate-limit' };
    }
    const { delayMs, sentMs, repliedMs } = reply;
    const untilMs = sentMs + delayMs + LEAVE_WITHIN_MS;
    return { granted: true, fromMs: repliedMs + delayMs, untilMs };
  }

  /** If the region has failed, tries once in `RETRY_MS` to return. All its requests wait for the outcome. */
  async #tryAgain(ask: SlotAsk): Promise<void> {
    const { region } = ask;
    if (!this.#regions.isOpen(region)) return;
    if (!this.#attempts.has(region) && this.#regions.mayCall(region, this.#deps.steadyMs())) {
      const attempt = this.#return(ask).finally(() => this.#attempts.delete(region));
      this.#attempts.set(region, attempt);
    }
    await this.#attempts.get(region);
  }

  /** The slot that shows that Redis works again lies in the quiet period, and is not used. */
  async #return(ask: SlotAsk): Promise<void> {
    const { region } = ask;
    try {
      await this.#acquireFrom(await this.#open(), ask);
    } catch (error) {
      return this.#leave(ask, error);
    }
    const quietMs = this.#deps.quietMs + OTHERS_NOTICE_MS;
    const now = this.#deps.steadyMs();
    this.#regions.succeeded(region);
    this.#returnedAt.set(region, now);
    this.#quietUntil.set(region, now + quietMs);
    this.#deps.log.write('info', 'limits-shared', { region, quietMs });
  }

  /** The region goes on its own, or stays so. */
  #leave(ask: SlotAsk, error: unknown): void {
    const { region } = ask;
    const { own, quietMs, steadyMs } = this.#deps;
    const before = this.#regions.failureOf(region);
    const failure = toFailure(error, () => this.#tryAgain(ask));
    const mayReturnAt = (this.#returnedAt.get(region) ?? -Infinity) + RETURN_EVERY_MS;
    this.#regions.failed(region, failure, Math.max(steadyMs() + RETRY_MS, mayReturnAt));
    if (!before) {
      own.startQuietPeriod(region, quietMs);
      this.#quietUntil.set(region, steadyMs() + quietMs);
    }
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
