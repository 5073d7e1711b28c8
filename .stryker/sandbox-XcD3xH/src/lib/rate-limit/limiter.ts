import { MemoryPace } from './memory-pace.ts';
import { MemoryQuotas } from './memory-quotas.ts';
import { LATEST_MS, paceRule, type PaceRule } from './pace.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';

/** A turn upstream that has been handed out: `at` is its moment, in microseconds of its maker's clock. */
export interface Turn {
  readonly region: string;
  readonly principal: string;
  readonly at: number;
}

export type TurnReply =
  | {
      readonly granted: true;
      readonly turn: Turn;
      /** From when to when the request may leave, in milliseconds of the steady clock. */
      readonly fromMs: number;
      readonly toMs: number;
    }
  | { readonly granted: false; readonly retryInMs: number };

/** Both limits, wherever they are kept. */
export interface Limiter {
  /** @param reachMs how far ahead a turn is of use */
  takeTurn(region: string, principal: string, reachMs: number): Promise<TurnReply>;
  /** For a turn that will not be used. */
  giveBack(turn: Turn): void;
  /** DLC refused a request for its rate. */
  pushBack(region: string): void;
  /** @param key principal and policy */
  spend(key: string, rule: QuotaRule): Promise<QuotaDecision>;
}

/** The limits of this process alone. Without Redis, or while it is down, they are all there is. */
export class MemoryLimiter implements Limiter {
  readonly #rule: PaceRule;
  readonly #steadyMs: () => number;
  readonly #paces = new Map<string, MemoryPace>();
  readonly #quotas = new MemoryQuotas();
  #heldUntil = 0;

  /**
   * @param rate this instance's share of what DLC takes in a second
   * @param steadyMs milliseconds of a clock that never jumps
   * @param phase random, from 0 to 1: keeps instances apart whose shares are below one turn a second
   */
  constructor(rate: number, maxWaitMs: number, steadyMs: () => number, phase = 0) {
    this.#rule = paceRule(rate, maxWaitMs, phase);
    this.#steadyMs = steadyMs;
  }

  async takeTurn(region: string, principal: string, reachMs: number): Promise<TurnReply> {
    const now = this.#now();
    const decision = this.#pace(region).take(principal, now, Math.floor(reachMs * 1000));
    if (!decision.granted) return { granted: false, retryInMs: decision.retryIn / 1000 };
    const { at } = decision;
    const fromMs = at / 1000;
    return { granted: true, turn: { region, principal, at }, fromMs, toMs: fromMs + LATEST_MS };
  }

  giveBack({ region, principal, at }: Turn): void {
    this.#pace(region).giveBack(principal, at, this.#now());
  }

  pushBack(region: string): void {
    this.#pace(region).pushBack(this.#now());
  }

  async spend(key: string, rule: QuotaRule): Promise<QuotaDecision> {
    return this.#quotas.spend(key, Math.floor(this.#steadyMs()), rule);
  }

  /** Hands out no turn of any region for as long as somebody else's may still be out. */
  hold(): void {
    this.#heldUntil = this.#now() + this.#rule.hold;
    for (const pace of this.#paces.values()) pace.holdUntil(this.#heldUntil);
  }

  #now(): number {
    return Math.floor(this.#steadyMs() * 1000);
  }

  /** Regions are the configured ones: a few. */
  #pace(region: string): MemoryPace {
    const known = this.#paces.get(region);
    if (known) return known;
    const made = new MemoryPace(this.#rule);
    made.holdUntil(this.#heldUntil);
    this.#paces.set(region, made);
    return made;
  }
}
