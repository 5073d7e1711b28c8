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

/** The most that one request may spend: the tasks of a batch, or of a webhook delivery. */
export const MOST_UNITS = 100;

/** Callers that are remembered at once, at the most. */
const MOST_REMEMBERED = 10_000;

export type Quotas = ReturnType<typeof createQuotas>;

/**
 * The quotas of all callers in this process. Bounded: if there are too many callers, it forgets those
 * who would have their whole quota back soonest, so that no caller gets its quota back by making others call.
 */
export function createQuotas(steadyMs: () => number, most: number = MOST_REMEMBERED) {
  /** A caller's debt at a moment, and when it will be paid, in milliseconds. */
  const callers = new Map<string, { debt: number; at: number; paidAt: number }>();
  /** Down to half, so that this is rarely done. */
  const forget = (): void => {
    const soonest = [...callers].toSorted(([, a], [, b]) => a.paidAt - b.paidAt);
    for (const [key] of soonest.slice(0, callers.size - Math.floor(most / 2))) callers.delete(key);
  };
  return {
    /**
     * Spends `units` if there is at least one; the rest is owed, and later requests wait for it.
     *
     * @param key principal and policy
     * @param isAdmitted the request was let in before: it owes these units whatever is left
     */
    spend(key: string, rule: QuotaRule, units = 1, isAdmitted = false): QuotaDecision {
      const { limit, windowMs } = rule;
      const now = Math.floor(steadyMs());
      const { debt: before, at } = callers.get(key) ?? { debt: 0, at: now };
      // The rule may have changed, so debts are bounded. Before the first request says how many tasks it
      // has, `limit` requests may be let in.
      const bound = limit * MOST_UNITS * windowMs;
      const owed = Math.max(0, Math.min(before, bound) - limit * Math.max(0, now - at));
      const allowed = isAdmitted || owed + windowMs <= limit * windowMs;
      const debt = allowed ? owed + units * windowMs : owed;
      callers.set(key, { debt, at: now, paidAt: now + debt / limit });
      if (callers.size > most) forget();
      return quotaDecision(allowed, debt, rule);
    },
  };
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
