import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { SlidingSecond } from '../../emulator/journal.ts';

describe('SlidingSecond', () => {
  it('refuses the 21st within a second and takes one again when the first is a second old', () => {
    const limit = new SlidingSecond(20);
    const first = Array.from({ length: 20 }, (_, index) => limit.arrive('a', index));
    expect(first).not.toContain(false);
    expect(limit.arrive('a', 999)).toBe(false);
    expect(limit.arrive('b', 999)).toBe(true);
    expect(limit).toMatchObject({ busiest: 21, refused: 1 });
  });

  it('has two arrivals a second apart in two seconds', () => {
    const limit = new SlidingSecond(1);
    expect([0, 1000, 1999.9, 2999.9].map((at) => limit.arrive('a', at))).toEqual([
      true,
      true,
      false,
      true,
    ]);
  });

  it('agrees with counting by hand, and refused nothing exactly when it was never too busy', () => {
    const gaps = fc.array(fc.integer({ min: 0, max: 400 }), { minLength: 1, maxLength: 60 });
    fc.assert(
      fc.property(gaps, fc.integer({ min: 1, max: 8 }), (steps, rate) => {
        const limit = new SlidingSecond(rate);
        let now = 0;
        const times = steps.map((step) => (now += step));
        const granted = times.map((at) => limit.arrive('a', at));
        const before = times.map(
          (at, index) => times.slice(0, index + 1).filter((earlier) => at - earlier < 1000).length,
        );
        expect(granted).toEqual(before.map((count) => count <= rate));
        expect(limit.busiest).toBe(Math.max(...before));
        expect(limit.refused === 0).toBe(limit.busiest <= rate);
      }),
    );
  });

  it('forgets', () => {
    const limit = new SlidingSecond(1);
    limit.arrive('a', 0);
    limit.arrive('a', 0);
    limit.clear();
    expect(limit).toMatchObject({ busiest: 0, refused: 0 });
    expect(limit.arrive('a', 0)).toBe(true);
  });
});
