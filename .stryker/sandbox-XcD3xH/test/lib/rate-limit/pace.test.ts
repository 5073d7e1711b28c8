import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MemoryPace } from '../../../src/lib/rate-limit/memory-pace.ts';
import { MARGIN_MS, paceRule } from '../../../src/lib/rate-limit/pace.ts';

const SECOND = 1_000_000;
const HOUR = 3600 * SECOND;
const MAX_WAIT_MS = 3000;
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
    giveBack: fc.boolean(),
  }),
  { maxLength: 200 },
);

describe('the pace', () => {
  it('is never above the rate in any sliding second, whatever arrives, with any jitter up to M', () => {
    fc.assert(
      fc.property(rates, asks, (rate, all) => {
        const pace = new MemoryPace(paceRule(rate, MAX_WAIT_MS));
        const arrivals: number[] = [];
        let now = 0;
        for (const { after, who, jitter, giveBack } of all) {
          now += after;
          const decision = pace.take(who, now, Infinity);
          if (!decision.granted) continue;
          if (giveBack && decision.at > now) pace.giveBack(who, decision.at, now);
          else arrivals.push(decision.at + jitter);
        }
        expect(busiestSecond(arrivals)).toBeLessThanOrEqual(rate);
      }),
    );
  });

  it.each([1, 2, 10, 20, 100])(
    'uses at least 90 % of %i a second under steady overload',
    (rate) => {
      expect(SECOND / paceRule(rate, MAX_WAIT_MS).spacing).toBeGreaterThanOrEqual(0.9 * rate);
    },
  );

  it('lets a principal hold at most half of what is free, and always one', () => {
    const pace = new MemoryPace(paceRule(20, MAX_WAIT_MS));
    const granted = (who: string): number => {
      let count = 0;
      while (pace.take(who, 0, Infinity).granted) count += 1;
      return count;
    };
    const loud = granted('loud');
    const all = Math.floor((MAX_WAIT_MS * 1000) / paceRule(20, MAX_WAIT_MS).spacing) + 1;
    expect(loud).toBeLessThanOrEqual(Math.ceil(all / 2));
    for (const who of ['b', 'c', 'd', 'e']) expect(granted(who)).toBeGreaterThanOrEqual(1);
  });

  it('tells truly when a turn is to be had, as long as the others go on as they do', () => {
    fc.assert(
      fc.property(rates, fc.integer({ min: 1, max: 100 }), (rate, times) => {
        const pace = new MemoryPace(paceRule(rate, MAX_WAIT_MS));
        for (let i = 0; i < times; i++) {
          const decision = pace.take('a', 0, Infinity);
          if (decision.granted) continue;
          expect(decision.retryIn).toBeGreaterThan(0);
          expect(pace.take('a', decision.retryIn, Infinity)).toMatchObject({ granted: true });
          return;
        }
      }),
    );
  });

  it('gives no turn beyond what a request can use', () => {
    const pace = new MemoryPace(paceRule(20, MAX_WAIT_MS));
    expect(pace.take('a', 0, 0)).toEqual({ granted: true, at: 0 });
    expect(pace.take('b', 0, 1000)).toMatchObject({ granted: false });
  });

  it('hands the last turn out again that is given back, and no other', () => {
    const pace = new MemoryPace(paceRule(20, MAX_WAIT_MS));
    const at = (who: string): number => {
      const decision = pace.take(who, 0, Infinity);
      return decision.granted ? decision.at : -1;
    };
    const [, second, third] = [at('a'), at('b'), at('c')];
    pace.giveBack('b', second ?? 0, 0);
    pace.giveBack('nobody', third ?? 0, 0);
    expect(at('d')).toBeGreaterThan(third ?? 0);
    const last = at('e');
    pace.giveBack('e', last, 0);
    expect(at('f')).toBe(last);
  });

  it('is a second later once DLC has refused for the rate, and not for each refusal of that second', () => {
    const pace = new MemoryPace(paceRule(20, MAX_WAIT_MS));
    for (let i = 0; i < 5; i++) pace.pushBack(0);
    expect(pace.take('a', 0, Infinity)).toEqual({ granted: true, at: SECOND });
  });

  it('is neither exceeded nor stuck when the clock goes back by an hour', () => {
    const rule = paceRule(20, MAX_WAIT_MS);
    const pace = new MemoryPace(rule);
    const real: number[] = [];
    let offset = HOUR;
    for (let now = 0; now < 20 * SECOND; now += 20_000) {
      if (now === 5 * SECOND) offset -= HOUR;
      const decision = pace.take(`p${now % 7}`, now + offset, Infinity);
      if (decision.granted) real.push(decision.at - offset);
    }
    expect(busiestSecond(real)).toBeLessThanOrEqual(20);
    expect(real.some((at) => at > 15 * SECOND)).toBe(true);
  });

  it('hands out nothing while it is held', () => {
    const pace = new MemoryPace(paceRule(20, MAX_WAIT_MS));
    pace.holdUntil(SECOND);
    expect(pace.take('a', 0, SECOND / 2)).toMatchObject({ granted: false });
    expect(pace.take('a', 0, Infinity)).toEqual({ granted: true, at: SECOND });
  });

  it('scatters the turns of many that know nothing of each other, at half of their shares', () => {
    // Scattered evenly, as by chance; all of them asked all the time, and at first at the same moment.
    const instances = Array.from(
      { length: 100 },
      (_, n) => new MemoryPace(paceRule(0.2, MAX_WAIT_MS, (n * 0.618) % 1)),
    );
    const turns = instances.map(() => [] as number[]);
    for (let now = 0; now < 60 * SECOND; now += 100_000) {
      for (const [n, instance] of instances.entries()) {
        const decision = instance.take('a', now, Infinity);
        if (decision.granted) turns[n]?.push(decision.at);
      }
    }
    const all = turns.flat();
    expect(busiestSecond(all)).toBeLessThanOrEqual(20);
    expect(all.length / 60).toBeGreaterThan(4);
  });

  it('scatters nothing that nobody could wait for', () => {
    const pace = new MemoryPace(paceRule(0.2, 0, 0.5));
    expect(pace.take('a', 1, 0)).toEqual({ granted: true, at: 1 });
    expect(pace.take('a', 2, 0)).toEqual({ granted: false, retryIn: 11 * SECOND - 1 });
  });
});
