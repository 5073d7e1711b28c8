/**
 * A caller's own quota: GCRA, kept as a debt that shrinks with time. One request costs `windowMs`, and
 * every millisecond pays back `limit`: whole numbers, so it is exact.
 */

/** At most `limit` requests in `windowMs`; `limit` is the burst too. */
export interface QuotaRule {
  readonly limit: number;
  readonly windowMs: number;
}

export interface QuotaDecision {
  readonly allowed: boolean;
  /** Whole requests that are left. */
  readonly left: number;
  /** Milliseconds until there is one more if none is left, else until there are all. */
  readonly resetMs: number;
}

interface Debt {
  readonly rule: QuotaRule;
  readonly debt: number;
  /** When it was so much, in whole milliseconds. */
  readonly at: number;
}

/** The most that one request may spend: the tasks of a batch, or of a webhook delivery. */
export const MOST_UNITS = 100;

/** Callers that are remembered at once, at the most. */
const MOST_REMEMBERED = 10_000;

/**
 * The quotas of all callers in this process. Bounded: if there are too many callers, it forgets those
 * who would have their whole quota back soonest, so that no caller gets its quota back by making others call.
 */
export class MemoryQuotas {
  readonly #callers = new Map<string, Debt>();
  readonly #most: number;

  constructor(most: number = MOST_REMEMBERED) {
    this.#most = most;
  }

  get size(): number {
    return this.#callers.size;
  }

  /**
   * Spends `units` if there is at least one; the rest is owed, and later requests wait for it.
   *
   * @param now whole milliseconds of a clock that does not jump
   * @param isAdmitted the request was let in before: it owes these units whatever is left
   */
  spend(key: string, now: number, rule: QuotaRule, units = 1, isAdmitted = false): QuotaDecision {
    const owed = debtNow(this.#callers.get(key), now, rule);
    const allowed = isAdmitted || owed + rule.windowMs <= rule.limit * rule.windowMs;
    const debt = allowed ? owed + units * rule.windowMs : owed;
    this.#callers.set(key, { rule, debt, at: now });
    if (this.#callers.size > this.#most) this.#forget(now);
    return quotaDecision(allowed, debt, rule);
  }

  /** Down to half, so that this is rarely done. */
  #forget(now: number): void {
    const waits = [...this.#callers].map(
      ([key, debt]) => [key, debtNow(debt, now, debt.rule) / debt.rule.limit] as const,
    );
    const soonest = waits.toSorted(([, a], [, b]) => a - b);
    const surplus = this.#callers.size - Math.floor(this.#most / 2);
    for (const [key] of soonest.slice(0, surplus)) this.#callers.delete(key);
  }
}

/** A clock that went back pays nothing back, and costs nothing. A rule may have changed: debts are bounded. */
function debtNow(before: Debt | undefined, now: number, { limit, windowMs }: QuotaRule): number {
  if (!before) return 0;
  // So many requests may be let in before the first of them says how many tasks it has.
  const most = limit * MOST_UNITS * windowMs;
  return Math.max(0, Math.min(before.debt, most) - limit * Math.max(0, now - before.at));
}

/** @param debt after the request was counted */
export function quotaDecision(
  allowed: boolean,
  debt: number,
  { limit, windowMs }: QuotaRule,
): QuotaDecision {
  const left = Math.max(0, Math.floor((limit * windowMs - debt) / windowMs));
  const tooMuch = left > 0 ? debt : debt - (limit - 1) * windowMs;
  return { allowed, left, resetMs: Math.ceil(tooMuch / limit) };
}

/** Rounded up: a caller that waits so long does not come too early. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}

/** Bounds how much happens at the same time for the same key. */
export interface ConcurrencyLimit {
  /** @returns what ends it again; nothing if the bound is reached */
  enter(key: string): (() => void) | undefined;
}

export function createConcurrencyLimit(perKey: number): ConcurrencyLimit {
  const counts = new Map<string, number>();
  const add = (key: string, change: 1 | -1): void => {
    const count = (counts.get(key) ?? 0) + change;
    if (count > 0) counts.set(key, count);
    else counts.delete(key);
  };
  return {
    enter(key) {
      if ((counts.get(key) ?? 0) >= perKey) return undefined;
      add(key, 1);
      return () => add(key, -1);
    },
  };
}
