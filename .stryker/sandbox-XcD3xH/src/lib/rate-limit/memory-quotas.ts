import { debtNow, spend, type Debt, type QuotaDecision, type QuotaRule } from './quota.ts';

/** Callers that are remembered at once, at the most. */
const MOST_REMEMBERED = 10_000;

interface Remembered {
  readonly rule: QuotaRule;
  readonly debt: Debt;
}

/**
 * The quotas of all callers in this process. Bounded: when there are too many, those are forgotten
 * who would have their whole quota back soonest, the ones without a debt first, so that nobody who
 * has spent much gets it back by making others call.
 */
export class MemoryQuotas {
  readonly #callers = new Map<string, Remembered>();
  readonly #most: number;

  constructor(most: number = MOST_REMEMBERED) {
    this.#most = most;
  }

  get size(): number {
    return this.#callers.size;
  }

  /** @param now whole milliseconds of a clock that does not jump */
  spend(key: string, now: number, rule: QuotaRule): QuotaDecision {
    const { decision, after } = spend(this.#callers.get(key)?.debt, now, rule);
    this.#callers.set(key, { rule, debt: after });
    if (this.#callers.size > this.#most) this.#forget(now);
    return decision;
  }

  /** Down to half, so that this is rarely done. */
  #forget(now: number): void {
    const waits = [...this.#callers].map(
      ([key, { rule, debt }]) => [key, debtNow(debt, now, rule) / rule.limit] as const,
    );
    const soonest = waits.toSorted(([, a], [, b]) => a - b);
    const surplus = this.#callers.size - Math.floor(this.#most / 2);
    for (const [key] of soonest.slice(0, surplus)) this.#callers.delete(key);
  }
}
