import {
  decideTurn,
  isFromAnotherTime,
  pushedBack,
  type PaceRule,
  type TurnDecision,
} from './pace.ts';

interface Turn {
  readonly at: number;
  readonly principal: string;
}

/** One push back for all the refusals of one second. */
const PUSH_BACK_EVERY_US = 1_000_000;

/**
 * The pace of one region in this process. Keeps only turns that are still to come: at most
 * `maxWait / spacing`, whoever asks.
 */
export class MemoryPace {
  readonly #rule: PaceRule;
  readonly #turns: Turn[] = [];
  #next = 0;
  #pushedAt = -Infinity;

  constructor(rule: PaceRule) {
    this.#rule = rule;
  }

  /** @param now whole microseconds, as all times here */
  take(principal: string, now: number, reach: number): TurnDecision {
    this.#advance(now);
    const held = this.#turns.filter((turn) => turn.principal === principal).map(({ at }) => at);
    const decision = decideTurn({ next: this.#next, held }, now, reach, this.#rule);
    if (decision.granted) {
      this.#next = decision.at + this.#rule.spacing;
      this.#turns.push({ at: decision.at, principal });
    }
    return decision;
  }

  /**
   * Takes a turn back that will not be used. Only the last one handed out can be handed out again:
   * turns behind it have been promised already, and any other would come too close to its neighbours.
   */
  giveBack(principal: string, at: number, now: number): void {
    this.#advance(now);
    const index = this.#turns.findIndex((turn) => turn.at === at && turn.principal === principal);
    if (index < 0) return;
    this.#turns.splice(index, 1);
    if (this.#next === at + this.#rule.spacing) this.#next = at;
  }

  pushBack(now: number): void {
    this.#advance(now);
    if (now - this.#pushedAt < PUSH_BACK_EVERY_US) return;
    this.#pushedAt = now;
    this.#next = pushedBack(this.#next, now, this.#rule);
  }

  /** Hands out no turn before `until`. */
  holdUntil(until: number): void {
    this.#next = Math.max(this.#next, until);
  }

  #advance(now: number): void {
    if (isFromAnotherTime(this.#next, now, this.#rule)) {
      // Whoever waits for a turn of before does so by a timer, which the clock does not move.
      this.#turns.length = 0;
      this.#next = now + this.#rule.hold;
    }
    if (this.#pushedAt > now) this.#pushedAt = -Infinity;
    const firstToCome = this.#turns.findIndex(({ at }) => at > now);
    this.#turns.splice(0, firstToCome < 0 ? this.#turns.length : firstToCome);
  }
}
