import { Problem } from '../problem.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';

/** The caller's quota as header fields (draft-ietf-httpapi-ratelimit-headers-11; RFC 9651 syntax). */

export const POLICIES = ['cancel', 'read'] as const;
export type Policy = (typeof POLICIES)[number];

/** Reading is cheaper: so many times the rate. */
const READS_PER_CANCELLATION = 5;

export function quotaRule(
  policy: Policy,
  rate: { readonly limit: number; readonly windowSeconds: number },
): QuotaRule {
  const limit = policy === 'read' ? rate.limit * READS_PER_CANCELLATION : rate.limit;
  return { limit, windowMs: rate.windowSeconds * 1000 };
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

/** @throws Problem `quota-exceeded` */
export function refuseOverQuota(policy: Policy, { allowed, resetMs }: QuotaDecision): void {
  if (allowed) return;
  const retryAfter = wholeSeconds(resetMs);
  throw new Problem('quota-exceeded', { retryAfter, 'violated-policies': [policy] });
}

/** Rounded up: whoever waits so long does not come too early. */
export function wholeSeconds(ms: number): number {
  return Math.ceil(ms / 1000);
}
