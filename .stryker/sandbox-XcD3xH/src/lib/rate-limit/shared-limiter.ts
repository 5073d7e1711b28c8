import type { Log } from '../observability/log.ts';
import type { Limiter, MemoryLimiter, Turn, TurnReply } from './limiter.ts';
import type { PaceRule } from './pace.ts';
import { PatientStore, type Times } from './patient-store.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import { StoreWatch } from './store-watch.ts';
import { isStoreError, type LimitStore, type StoreTime } from './store.ts';

export interface SharedLimiterParts {
  /** Loads what talks to the store; called at the first decision. */
  readonly open: () => Promise<LimitStore>;
  /** What this instance goes by while the store is dead: its share of the limit. */
  readonly own: MemoryLimiter;
  /** The pace of all instances together. */
  readonly rule: PaceRule;
  readonly times: Times;
  readonly log: Pick<Log, 'write'>;
}

/**
 * The limits of all instances together, kept in a store; while that is dead, this instance's own.
 *
 * Turns reach `maxWait` ahead, so whoever goes from one to the other hands out nothing until all turns
 * of before are past. Each instance does so for itself, and none tells the others: one that alone
 * cannot reach the store must not stop all of them.
 */
export class SharedLimiter implements Limiter {
  readonly #store: PatientStore;
  readonly #watch: StoreWatch;
  readonly #own: MemoryLimiter;
  readonly #rule: PaceRule;
  readonly #now: () => number;
  readonly #log: SharedLimiterParts['log'];
  /** Turns that the store handed out, for they go back there. */
  readonly #stored = new WeakSet<Turn>();
  #probing: Promise<void> | undefined;

  constructor({ open, own, rule, times, log }: SharedLimiterParts) {
    this.#store = new PatientStore(open, times);
    this.#watch = new StoreWatch(rule.hold / 1000, rule.maxWait / 1000);
    this.#own = own;
    this.#rule = rule;
    this.#now = times.steadyMs;
    this.#log = log;
  }

  async takeTurn(region: string, principal: string, reachMs: number): Promise<TurnReply> {
    const probing = this.#probe();
    if (this.#watch.needsProof(this.#now())) await (probing ?? this.#probe(true));
    const reach = Math.min(Math.floor(reachMs * 1000), this.#rule.maxWait);
    const mayAsk = this.#watch.isShared && this.#watch.waitMs(this.#now()) <= 0;
    const reply = mayAsk
      ? await this.#ask((store) => store.takeTurn({ region, principal, reach }, this.#rule))
      : undefined;
    if (!this.#watch.isShared) return this.#own.takeTurn(region, principal, reachMs);
    // It may have come to this by the reply itself: then its turn is not used.
    const retryInMs = this.#watch.waitMs(this.#now());
    if (!reply || retryInMs > 0) return { granted: false, retryInMs: Math.max(0, retryInMs) };
    if (!reply.granted) return { granted: false, retryInMs: reply.retryIn / 1000 };
    const turn: Turn = { region, principal, at: reply.at };
    this.#stored.add(turn);
    return { granted: true, turn, ...this.#store.window(turn.at) };
  }

  giveBack(turn: Turn): void {
    if (!this.#stored.has(turn)) this.#own.giveBack(turn);
    else if (this.#watch.isShared) void this.#ask((store) => store.giveBack(turn, this.#rule));
  }

  pushBack(region: string): void {
    if (!this.#watch.isShared) this.#own.pushBack(region);
    else void this.#ask((store) => store.pushBack(region, this.#rule));
  }

  async spend(key: string, rule: QuotaRule): Promise<QuotaDecision> {
    void this.#probe();
    const reply = this.#watch.isShared && (await this.#ask((store) => store.spend(key, rule)));
    return reply || this.#own.spend(key, rule);
  }

  /** @returns nothing where the store failed, and this instance is on its own */
  async #ask<T extends StoreTime>(call: (store: LimitStore) => Promise<T>): Promise<T | undefined> {
    const { era } = this.#watch;
    try {
      const { reply, leapt } = await this.#store.ask(call);
      if (era !== this.#watch.era) return undefined;
      this.#watch.saw(reply.sentMs);
      if (leapt) this.#holdForClock();
      return reply;
    } catch (error) {
      // Calls that fail together are one switch.
      if (era === this.#watch.era) this.#goOwn(error);
      return undefined;
    }
  }

  #goOwn(error: unknown): void {
    this.#watch.failed(this.#now(), isSilence(error));
    this.#own.hold();
    const reason = toReason(error);
    this.#log.write('warn', 'limits-own', { reason, holdMs: this.#rule.hold / 1000 });
  }

  #holdForClock(): void {
    this.#watch.hold(this.#now());
    const reason = 'the clock of Redis leapt forward';
    this.#log.write('warn', 'limits-clock', { reason, holdMs: this.#rule.hold / 1000 });
  }

  /** Looks, beside a decision, whether the store is back. Never rejects. */
  #probe(isNeeded = false): Promise<void> | undefined {
    if (!this.#probing && (this.#watch.mayProbe(this.#now()) || isNeeded)) {
      this.#probing = this.#probeOnce().finally(() => (this.#probing = undefined));
    }
    return this.#probing;
  }

  async #probeOnce(): Promise<void> {
    if (this.#watch.isShared) return void (await this.#ask((store) => store.probe()));
    try {
      await this.#store.ask((store) => store.probe());
    } catch (error) {
      return this.#watch.failed(this.#now(), isSilence(error));
    }
    const holdMs = this.#watch.recovered(this.#now());
    this.#log.write('info', 'limits-shared', { holdMs });
  }
}

function isSilence(error: unknown): boolean {
  return isStoreError(error) && error.isSilence;
}

function toReason(error: unknown): string {
  return isStoreError(error) ? error.message : 'redis.js cannot be used';
}
