import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { quotaRule, rateLimitFields } from '../../../src/middlewares/quota.ts';
import { MOST_UNITS } from '../../../src/lib/rate-limit/quota.ts';
import { quotasAtTimes } from '../../support/own-slots.ts';

const rules = fc.record({
  limit: fc.integer({ min: 1, max: 50 }),
  windowMs: fc.constantFrom(1000, 60_000, 3_600_000),
});

describe("a caller's quota", () => {
  it('allows the burst and then the rate, never more, however requests come', () => {
    fc.assert(
      fc.property(rules, fc.array(fc.double({ min: 0, max: 0.3, noNaN: true })), (rule, gaps) => {
        const quotas = quotasAtTimes();
        const allowed: number[] = [];
        let now = 0;
        for (const gap of gaps) {
          now += Math.floor(gap * rule.windowMs);
          const { allowed: isAllowed, left } = quotas.spend('a', now, rule);
          if (isAllowed) allowed.push(now);
          expect(left).toBeGreaterThanOrEqual(0);
          expect(left).toBeLessThan(rule.limit);
        }
        for (const [i, from] of allowed.entries()) {
          for (const [j, to] of allowed.slice(i).entries()) {
            const most = rule.limit + (rule.limit * (to - from)) / rule.windowMs;
            expect(j + 1).toBeLessThanOrEqual(most);
          }
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is back when it says so, and not before', () => {
    fc.assert(
      fc.property(rules, (rule) => {
        const quotas = quotasAtTimes();
        for (let i = 0; i < rule.limit; i++) {
          expect(quotas.spend('a', 0, rule)).toMatchObject({
            allowed: true,
            left: rule.limit - i - 1,
          });
        }
        const refused = quotas.spend('a', 0, rule);
        expect(refused).toMatchObject({ allowed: false, left: 0 });
        expect(quotas.spend('a', refused.resetMs - 1, rule).allowed).toBe(false);
        expect(quotas.spend('a', refused.resetMs, rule).allowed).toBe(true);
      }),
    );
  });

  it('lets a batch in if one unit is left; what is beyond is owed, and later requests wait for it', () => {
    fc.assert(
      fc.property(rules, fc.integer({ min: 1, max: MOST_UNITS }), (rule, units) => {
        const quotas = quotasAtTimes();
        for (let i = 1; i < rule.limit; i++) quotas.spend('a', 0, rule);
        expect(quotas.spend('a', 0, rule, units)).toMatchObject({ allowed: true, left: 0 });
        const { allowed, left, resetMs } = quotas.spend('a', 0, rule);
        expect({ allowed, left }).toEqual({ allowed: false, left: 0 });
        expect(resetMs).toBe(Math.ceil((units * rule.windowMs) / rule.limit));
        expect(quotas.spend('a', resetMs - 1, rule).allowed).toBe(false);
        expect(quotas.spend('a', resetMs, rule, units).allowed).toBe(true);
      }),
    );
  });

  it('bounds what is owed, should the rule have changed meanwhile', () => {
    const quotas = quotasAtTimes();
    quotas.spend('a', 0, { limit: 1, windowMs: 3_600_000 }, MOST_UNITS);
    const rule = { limit: 10, windowMs: 1000 };
    expect(quotas.spend('a', 0, rule).resetMs).toBe(
      ((rule.limit * (MOST_UNITS - 1) + 1) * rule.windowMs) / rule.limit,
    );
  });

  it("is nobody else's", () => {
    const [quotas, rule] = [quotasAtTimes(), { limit: 1, windowMs: 1000 }];
    expect(['a', 'b', 'a'].map((who) => quotas.spend(who, 0, rule).allowed)).toEqual([
      true,
      true,
      false,
    ]);
  });

  it('takes bounded memory, and forgets nobody who has spent it for those who have not', () => {
    const [quotas, rule] = [quotasAtTimes(100), { limit: 2, windowMs: 3_600_000 }];
    for (let i = 0; i < 3; i++) quotas.spend('loud', 0, rule);
    const few = { limit: 1, windowMs: 10_000 };
    for (let i = 0; i < 5000; i++) quotas.spend(`other-${i}`, i, few);
    // Half of those who are remembered are forgotten if there is one more.
    const isKnown = (i: number): boolean => !quotas.spend(`other-${i}`, 5000, few).allowed;
    expect(Array.from({ length: 4900 }, (_, i) => isKnown(i))).not.toContain(true);
    expect(quotas.spend('loud', 5000, rule).allowed).toBe(false);
  });
});

describe('the fields', () => {
  it('tell policy, what is left and when, in whole seconds rounded up', () => {
    const rule = quotaRule('cancel', { limit: 10, windowSeconds: 1 });
    expect(rateLimitFields('cancel', rule, { left: 9, resetMs: 100 })).toEqual({
      'RateLimit-Policy': '"cancel";q=10;w=1',
      RateLimit: '"cancel";r=9;t=1',
    });
  });

  it('give five times the rate for reading', () => {
    expect(quotaRule('read', { limit: 10, windowSeconds: 60 })).toEqual({
      limit: 50,
      windowMs: 60_000,
    });
  });
});
