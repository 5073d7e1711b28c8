import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MARGIN_MS, slotRule, type Holder } from '../../../src/lib/rate-limit/slots.ts';
import { slotsAtTimes } from '../../support/own-slots.ts';

const SECOND = 1_000_000;
const MAX_WAIT_MS = 3000;
const single = (principal: string): Holder => ({ principal, kind: 'single' });
const rates = fc.integer({ min: 1, max: 60 });

/** The most arrivals in any sliding second. */
function busiestSecond(arrivals: readonly number[]): number {
  const sorted = arrivals.toSorted((a, b) => a - b);
  return Math.max(
    0,
    ...sorted.map((from) => sorted.filter((at) => at >= from && at < from + SECOND).length),
  );
}

const asks = fc.array(
  fc.record({
    after: fc.integer({ min: 0, max: 300_000 }),
    who: fc.constantFrom('a', 'b', 'c', 'd'),
    jitter: fc.integer({ min: 0, max: MARGIN_MS * 1000 }),
  }),
  { maxLength: 200 },
);

describe('the slots', () => {
  it('never exceed the rate in any sliding second, whatever arrives, with any jitter up to M', () => {
    fc.assert(
      fc.property(rates, asks, (rate, all) => {
        const slots = slotsAtTimes(slotRule(rate, MAX_WAIT_MS));
        const arrivals: number[] = [];
        let now = 0;
        for (const { after, who, jitter } of all) {
          now += after;
          const decision = slots.acquire(single(who), now, Infinity);
          if (!decision.granted) continue;
          arrivals.push(decision.at + jitter);
        }
        expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate);
      }),
    );
  });

  it.each([1, 2, 10, 20, 100])('use at least 90 % of %i a second under steady overload', (rate) => {
    expect(SECOND / slotRule(rate, MAX_WAIT_MS).spacing).toBeGreaterThanOrEqual(0.9 * rate);
  });

  it('say truly when there is a slot, if the others go on as they do', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 100 }), (rate, times) => {
        const slots = slotsAtTimes(slotRule(rate, MAX_WAIT_MS));
        for (let i = 0; i < times; i++) {
          const decision = slots.acquire(single('a'), 0, Infinity);
          if (decision.granted) continue;
          expect(decision.retryIn).toBeGreaterThan(0);
          expect(slots.acquire(single('a'), decision.retryIn, Infinity)).toMatchObject({
            granted: true,
          });
          return;
        }
      }),
    );
  });

  it('reach no further ahead than a request can use them', () => {
    const slots = slotsAtTimes(slotRule(20, MAX_WAIT_MS));
    expect(slots.acquire(single('a'), 0, 0)).toEqual({ granted: true, at: 0 });
    expect(slots.acquire(single('b'), 0, 1000)).toMatchObject({ granted: false });
  });

  it('begin a second later after DLC refused for the rate, once for all refusals of a second', () => {
    const slots = slotsAtTimes(slotRule(20, MAX_WAIT_MS));
    for (let i = 0; i < 5; i++) slots.backOff(0);
    expect(slots.acquire(single('a'), 0, Infinity)).toEqual({ granted: true, at: SECOND });
  });

  it('are none in a quiet period', () => {
    const slots = slotsAtTimes(slotRule(20, MAX_WAIT_MS));
    slots.startQuietPeriod(SECOND);
    expect(slots.acquire(single('a'), 0, SECOND / 2)).toMatchObject({ granted: false });
    expect(slots.acquire(single('a'), 0, Infinity)).toEqual({ granted: true, at: SECOND });
  });

  it('are scattered among many instances that know nothing of each other, at half of their shares', () => {
    // Scattered evenly, as by chance; all of them asked all the time, and at first at the same moment.
    const instances = Array.from({ length: 100 }, (_, n) =>
      slotsAtTimes(slotRule(0.2, MAX_WAIT_MS, (n * 0.618) % 1)),
    );
    const granted = instances.map(() => [] as number[]);
    for (let now = 0; now < 60 * SECOND; now += 100_000) {
      for (const [n, instance] of instances.entries()) {
        const decision = instance.acquire(single('a'), now, Infinity);
        if (decision.granted) granted[n]?.push(decision.at);
      }
    }
    const all = granted.flat();
    expect(busiestSecond(all)).toBeLessThanOrEqual(20);
    expect(all.length / 60).toBeGreaterThan(4);
  });

  it('are not scattered if nobody could wait for them', () => {
    const slots = slotsAtTimes(slotRule(0.2, 0, 0.5));
    expect(slots.acquire(single('a'), 1, 0)).toEqual({ granted: true, at: 1 });
    expect(slots.acquire(single('a'), 2, 0)).toMatchObject({ retryIn: 11 * SECOND - 1 });
  });
});

const REACH = 3 * SECOND;
const RULE = slotRule(20, 3000);

describe('the share of a principal', () => {
  it('is a quarter of the free slots by single requests and an eighth by batches, and at least one', () => {
    const step = fc.record({
      after: fc.nat(400_000),
      principal: fc.constantFrom('loud', 'loud', 'a', 'b', 'c'),
      kind: fc.constantFrom('single' as const, 'batch' as const),
      many: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const slots = slotsAtTimes(RULE);
        const granted: { principal: string; kind: string; at: number }[] = [];
        let [now, next] = [0, 0];
        for (const { after, principal, kind, many } of steps) {
          now += after;
          for (let i = 0; i < many; i += 1) {
            const from = Math.max(next, now);
            const free = Math.floor((now + REACH - from) / RULE.spacing) + 1;
            const own = granted.filter(
              (slot) => slot.principal === principal && slot.kind === kind && slot.at > now,
            );
            const share = Math.max(1, free / (kind === 'single' ? 4 : 8));
            const got = slots.acquire({ principal, kind }, now, REACH);
            expect(got.granted).toBe(from <= now + REACH && own.length + 1 <= share);
            if (!got.granted) continue;
            granted.push({ principal, kind, at: got.at });
            next = got.at + RULE.spacing;
          }
        }
      }),
    );
  });

  it('leaves a slot within a quarter of the longest wait to a quiet caller, beside one that floods', () => {
    const slots = slotsAtTimes(RULE);
    for (let now = 0; now < 30 * SECOND; now += 1000) {
      slots.acquire(single('loud'), now, REACH);
      if (now % SECOND > 0) continue;
      const got = slots.acquire(single('quiet'), now, REACH);
      expect(got.granted && got.at - now).toBeLessThanOrEqual(REACH / 4);
    }
  });

  it('gets the true time to come back: then there is a slot, under the same load', () => {
    const others = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(others, fc.integer({ min: 1000, max: 50_000 }), (count, every) => {
        const slots = slotsAtTimes(RULE);
        let now = 0;
        const loadUntil = (end: number): void => {
          for (; now < end; now += every) {
            for (let i = 0; i < count; i += 1) slots.acquire(single(`other-${i}`), now, REACH);
          }
          now = end;
        };
        loadUntil(6 * SECOND);
        let got = slots.acquire(single('me'), now, REACH);
        while (got.granted) got = slots.acquire(single('me'), now, REACH);
        // In whole seconds, as `Retry-After` says it.
        loadUntil(now + Math.ceil(got.retryIn / SECOND) * SECOND);
        expect(slots.acquire(single('me'), now, REACH).granted).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
