import type { CallerContext, Deps, SeveralTasks } from '../endpoint.ts';
import type { Rate, Scope } from '../lib/auth/principal.ts';
import { Problem } from '../lib/problems.ts';
import { wholeSeconds, type QuotaDecision, type QuotaRule } from '../lib/rate-limit/quota.ts';
import { before, type Middleware } from '../request-context.ts';

/** The caller's own quota, and the header fields that describe it (draft-ietf-httpapi-ratelimit-headers-11). */

export const POLICIES = ['cancel', 'read'] as const;
export type Policy = (typeof POLICIES)[number];

/** Reading is cheaper: its rate is so many times as high. */
const READS_PER_CANCELLATION = 5;

/** @throws Problem `quota-exceeded` */
export function quota(scope: Scope, { settings, limiter }: Deps): Middleware {
  const policy = scope === 'tasks:read' ? 'read' : 'cancel';
  return before(async (context) => {
    const { key, rule } = quotaOf(context, policy, settings);
    const decision = await limiter.spend(key, rule);
    // A refusal has the fields too.
    context.quotaFields = rateLimitFields(policy, rule, decision);
    if (decision.allowed) return;
    const retryAfter = wholeSeconds(decision.resetMs);
    throw new Problem('quota-exceeded', { retryAfter, 'violated-policies': [policy] });
  });
}

/** A request about several tasks was let in by one unit, before anybody knew how many: it owes the rest. */
export function quotaOfBatch({
  settings,
  limiter,
}: Deps): Middleware<CallerContext & SeveralTasks> {
  return before(async (context) => {
    const more = context.tasks.length - 1;
    if (more <= 0) return;
    const { key, rule } = quotaOf(context, 'cancel', settings);
    const decision = await limiter.owe(key, rule, more);
    context.quotaFields = rateLimitFields('cancel', rule, decision);
  });
}

function quotaOf(
  { principal }: CallerContext,
  policy: Policy,
  { callerRate }: Deps['settings'],
): { key: string; rule: QuotaRule } {
  const { id, rate = callerRate } = principal;
  return { key: `${policy} ${id}`, rule: quotaRule(policy, rate) };
}

export function quotaRule(policy: Policy, { limit, windowSeconds }: Rate): QuotaRule {
  const times = policy === 'read' ? READS_PER_CANCELLATION : 1;
  return { limit: limit * times, windowMs: windowSeconds * 1000 };
}

export function rateLimitFields(
  policy: Policy,
  { limit, windowMs }: QuotaRule,
  { left, resetMs }: Pick<QuotaDecision, 'left' | 'resetMs'>,
): Record<string, string> {
  return {
    'RateLimit-Policy': `"${policy}";q=${limit};w=${windowMs / 1000}`,
    RateLimit: `"${policy}";r=${left};t=${wholeSeconds(resetMs)}`,
  };
}

/** Requests of authenticated callers in flight; one that waits for DLC holds some 55 KB (docs/server.md). */
const MAX_ADMITTED = 1000;
/** Of one principal, so that a few callers whose requests hang do not take everybody's place. */
export const MAX_PER_PRINCIPAL = MAX_ADMITTED / 4;

/**
 * Sheds load. Only requests of callers who are authenticated and within their quota are counted, so
 * strangers cannot take their places. An agent's own message costs no quota; each tool that it calls does.
 *
 * @throws Problem `overloaded`
 */
export function limitLoad({ load, inFlight }: Pick<Deps, 'load' | 'inFlight'>): Middleware {
  return before(({ principal, onEnd }) => {
    const leave = load.admitted < MAX_ADMITTED ? inFlight.enter(principal.id) : undefined;
    if (!leave) throw new Problem('overloaded', { reason: 'too many requests in flight' });
    load.admitted += 1;
    onEnd.push(leave, () => (load.admitted -= 1));
  });
}
