import type { Log } from '../log.ts';
import type { Limiter, MemoryLimiter, Turn, TurnReply } from './limiter.ts';
import type { PaceRule } from './pace.ts';
import { PATIENCE_MS, PatientStore, type Times } from './patient-store.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import { isStoreError, type LimitStore, type StoreTime } from './store.ts';

/** How often a store that failed is looked at, where there are decisions to make. */
const PROBE_EVERY_MS = 1000;

/** For so long after a failure it counts as dead without a look. Longer than two probes are apart. */
const DEAD_FOR_MS = 2000;

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
  readonly #own: MemoryLimiter;
  readonly #rule: PaceRule;
  readonly #times: Times;
  readonly #log: SharedLimiterParts['log'];
  /** Turns that the store handed out, for they go back there. */
  readonly #stored = new WeakSet<Turn>();
  #isShared = true;
  /** Counts the switches: what was asked before one is not what is to be done after it. */
  #era = 0;
  /** The store is asked for no turn before. */
  #turnsFrom = -Infinity;
  #failedAt = -Infinity;
  #probedAt = -Infinity;
  #probing: Promise<void> | undefined;

  constructor({ open, own, rule, times, log }: SharedLimiterParts) {
    this.#store = new PatientStore(open, times);
    this.#own = own;
    this.#rule = rule;
    this.#times = times;
    this.#log = log;
  }

  async takeTurn(region: string, principal: string, reachMs: number): Promise<TurnReply> {
    await this.#lookAgain();
    const reach = Math.min(Math.floor(reachMs * 1000), this.#rule.maxWait);
    const mayAsk = this.#isShared && this.#mustWaitMs() <= 0;
    const reply = mayAsk
      ? await this.#ask((store) => store.takeTurn({ region, principal, reach }, this.#rule))
      : undefined;
    if (!this.#isShared) return this.#own.takeTurn(region, principal, reachMs);
    // It may have come to this by the reply itself: then its turn is not used.
    const retryInMs = this.#mustWaitMs();
    if (!reply || retryInMs > 0) return { granted: false, retryInMs: Math.max(0, retryInMs) };
    if (!reply.granted) return { granted: false, retryInMs: reply.retryIn / 1000 };
    const turn: Turn = { region, principal, at: reply.at };
    this.#stored.add(turn);
    return { granted: true, turn, ...this.#store.window(turn.at) };
  }

  giveBack(turn: Turn): void {
    if (!this.#stored.has(turn)) this.#own.giveBack(turn);
    else if (this.#isShared) void this.#ask((store) => store.giveBack(turn, this.#rule));
  }

  pushBack(region: string): void {
    if (!this.#isShared) this.#own.pushBack(region);
    else void this.#ask((store) => store.pushBack(region, this.#rule));
  }

  async spend(key: string, rule: QuotaRule): Promise<QuotaDecision> {
    void this.#probe();
    const reply = this.#isShared && (await this.#ask((store) => store.spend(key, rule)));
    return reply || this.#own.spend(key, rule);
  }

  /** @returns nothing where the store failed, and this instance is on its own */
  async #ask<T extends StoreTime>(call: (store: LimitStore) => Promise<T>): Promise<T | undefined> {
    const era = this.#era;
    try {
      const { reply, leapt } = await this.#store.ask(call);
      if (era !== this.#era) return undefined;
      if (leapt) this.#hold('limits-clock', 'the clock of Redis leapt forward');
      return reply;
    } catch (error) {
      // Calls that fail together are one switch.
      if (era === this.#era) this.#goOwn(toReason(error));
      return undefined;
    }
  }

  #goOwn(reason: string): void {
    this.#era += 1;
    this.#isShared = false;
    this.#failedAt = this.#times.steadyMs();
    this.#probedAt = this.#failedAt;
    this.#own.hold();
    this.#log.write('warn', 'limits-own', { reason, holdMs: this.#rule.hold / 1000 });
  }

  /** Others take their own turns until they have looked again, and those turns are still to come then. */
  #goShared(): void {
    this.#era += 1;
    this.#isShared = true;
    const holdMs = DEAD_FOR_MS + PATIENCE_MS + this.#rule.hold / 1000;
    this.#turnsFrom = this.#times.steadyMs() + holdMs;
    this.#log.write('info', 'limits-shared', { holdMs });
  }

  #hold(event: string, reason: string): void {
    const holdMs = this.#rule.hold / 1000;
    this.#turnsFrom = Math.max(this.#turnsFrom, this.#times.steadyMs() + holdMs);
    this.#log.write('warn', event, { reason, holdMs });
  }

  #mustWaitMs(): number {
    return this.#turnsFrom - this.#times.steadyMs();
  }

  /**
   * Looks, beside the decision, whether the store is back. Only whoever has not looked for long waits
   * for it: the others may be sharing again since.
   */
  async #lookAgain(): Promise<void> {
    const probing = this.#probe();
    const isOld = this.#times.steadyMs() - this.#failedAt > DEAD_FOR_MS;
    if (!this.#isShared && isOld) await probing;
  }

  #probe(): Promise<void> | undefined {
    // Whoever waits for the turns of before does not ask for any, but must know if the store dies again.
    if (this.#isShared && this.#mustWaitMs() <= 0) return undefined;
    if (!this.#probing && this.#times.steadyMs() - this.#probedAt >= PROBE_EVERY_MS) {
      this.#probedAt = this.#times.steadyMs();
      this.#probing = this.#probeOnce().finally(() => (this.#probing = undefined));
    }
    return this.#probing;
  }

  async #probeOnce(): Promise<void> {
    if (this.#isShared) return void (await this.#ask((store) => store.probe()));
    try {
      await this.#store.ask((store) => store.probe());
      this.#goShared();
    } catch {
      this.#failedAt = this.#times.steadyMs();
    }
  }
}

function toReason(error: unknown): string {
  return isStoreError(error) ? error.message : 'redis.js cannot be used';
}
