/**
 * A caller's own quota: GCRA, told as a debt that shrinks with time. In whole numbers, so that it is
 * exact: one request costs `windowMs`, and every millisecond pays back `limit`; the debt is never above
 * `limit * windowMs`, at most 2e13 (`rate` has six digits, a window an hour).
 */

/** At most `limit` requests in `windowMs`; `limit` is the burst too. */
export interface QuotaRule {
  readonly limit: number;
  readonly windowMs: number;
}

export interface Debt {
  readonly debt: number;
  /** When it was so much, in whole milliseconds. */
  readonly at: number;
}

export interface QuotaDecision {
  readonly allowed: boolean;
  /** Whole requests that are left. */
  readonly left: number;
  /** Milliseconds until there is one more where none is left, else until there are all. */
  readonly resetMs: number;
}

/** The debt as it is now. A clock that went back pays nothing back, and costs nothing. */
export function debtNow({ debt, at }: Debt, now: number, { limit, windowMs }: QuotaRule): number {
  const paid = limit * Math.min(windowMs, Math.max(0, now - at));
  return Math.max(0, Math.min(debt, limit * windowMs) - paid);
}

/** Spends one request where there is one to spend. */
export function spend(
  before: Debt | undefined,
  now: number,
  rule: QuotaRule,
): { decision: QuotaDecision; after: Debt } {
  const owed = before ? debtNow(before, now, rule) : 0;
  const allowed = owed + rule.windowMs <= rule.limit * rule.windowMs;
  const debt = allowed ? owed + rule.windowMs : owed;
  return { decision: quotaDecision(allowed, debt, rule), after: { debt, at: now } };
}

/** @param debt after the request was counted */
export function quotaDecision(
  allowed: boolean,
  debt: number,
  { limit, windowMs }: QuotaRule,
): QuotaDecision {
  const left = Math.floor((limit * windowMs - debt) / windowMs);
  const tooMuch = left > 0 ? debt : debt - (limit - 1) * windowMs;
  return { allowed, left, resetMs: Math.ceil(tooMuch / limit) };
}
