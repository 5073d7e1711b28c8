import { describe, expect, it } from '@jest/globals';

import { costOfMillion, readCostInputs } from '../../bench/cost.ts';
import { figuresLess } from '../../bench/figures.ts';
import { interleaved, median, quantile, spreadOf } from '../../bench/statistics.ts';
import { verdicts } from '../../bench/targets.ts';

describe('statistics', () => {
  it('give quantiles between the values, by proportion', () => {
    expect(median([3, 1, 2])).toBe(2);
    expect(median([4, 1, 2, 3])).toBe(2.5);
    expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
    expect(quantile([1, 2], 0.75)).toBe(1.75);
    expect(quantile([7], 0.99)).toBe(7);
    expect(quantile([], 0.5)).toBeNaN();
    expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, low: 2, high: 4, count: 5 });
  });

  it('measure each row once before any row twice', async () => {
    const order: string[] = [];
    const row = (name: string) => (): number => order.push(name);
    const measured = await interleaved(2, { a: row('a'), b: row('b') });
    expect(order).toEqual(['a', 'b', 'a', 'b']);
    expect([...measured]).toEqual([
      ['a', [1, 3]],
      ['b', [2, 4]],
    ]);
  });

  it('take what all rows have in common off each', () => {
    const measured = new Map([
      ['bare', [10, 11, 12]],
      ['gateway', [21, 22, 26]],
    ]);
    expect(figuresLess('start', 'ms', 'bare', measured)).toEqual([
      { section: 'start', row: 'gateway', unit: 'ms', median: 11, low: 10.5, high: 13, count: 3 },
    ]);
  });
});

describe('goals', () => {
  const one = (row: string, is: number) =>
    ({ section: 'start', row, unit: 'ms', median: is, low: is, high: is, count: 1 }) as const;
  const met = (figures: Parameters<typeof verdicts>[0], goal: string): boolean | undefined =>
    verdicts(figures).find((verdict) => verdict.goal === goal)?.isMet;

  it('compare with the whole SDK, and with the best of those that are bundled', () => {
    const figures = [
      one('gateway', 15),
      one('whole-sdk', 140),
      one('hono', 40),
      one('express', 30),
    ];
    expect(met(figures, 'start, to the whole SDK')).toBe(true);
    expect(met(figures, 'start, to the whole SDK: stretch')).toBe(false);
    expect(met(figures, 'start, to the best bundled peer')).toBe(false);
    expect(met([...figures, one('middy', 37.5)], 'start, to the best bundled peer')).toBe(false);
    expect(met(figures.slice(0, 3), 'start, to the best bundled peer')).toBe(true);
  });

  it('are neither met nor missed where nothing was measured', () => {
    expect(verdicts([]).map(({ isMet }) => isMet)).toEqual(verdicts([]).map(() => undefined));
  });
});

describe('the cost of a million', () => {
  const prices = 'per-million=2,per-gb-second=0.1';

  it('is that of the invocations and of the GB-seconds, each time rounded up', () => {
    // 10^6 × 0.06 s × 0.25 GB = 15,000 GB-seconds.
    expect(costOfMillion(readCostInputs(`memory=256,ms=60,${prices}`))).toBeCloseTo(1502);
    expect(costOfMillion(readCostInputs(`memory=256,ms=60,step=100,${prices}`))).toBeCloseTo(2502);
  });

  it('has the starts in it', () => {
    const text = `memory=1024,ms=50,cold-share=0.5,cold-ms=100,${prices}`;
    expect(costOfMillion(readCostInputs(text))).toBeCloseTo(2 + 100_000 * 0.1);
  });

  it.each([
    'memory=256',
    'memory=256,ms=x',
    'colour=blue',
    '',
    `memory=,ms=1,${prices}`,
    `memory=1,ms=Infinity,${prices}`,
    `memory=1,memory=2,ms=1,${prices}`,
    `memory=1,ms=1,step=0,${prices}`,
    `memory=1,ms=1,cold-share=2,${prices}`,
  ])('refuses %s', (text) => {
    expect(() => readCostInputs(text)).toThrow(/--cost/);
  });
});
