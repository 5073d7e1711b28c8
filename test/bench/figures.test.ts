import { expect, it } from '@jest/globals';

import { figuresLess, type Figure } from '../../bench/figures.ts';
import { GOALS, verdictOf } from '../../bench/goals.ts';
import { interleaved, median, quantile, spreadOf } from '../../bench/statistics.ts';
import { tables } from '../../bench/table.ts';

it('quantiles lie between the values, by proportion', () => {
  expect(median([3, 1, 2])).toBe(2);
  expect(median([4, 1, 2, 3])).toBe(2.5);
  expect(quantile([10, 20, 30, 40, 50], 0.25)).toBe(20);
  expect(quantile([1, 2], 0.75)).toBe(1.75);
  expect(quantile([7], 0.99)).toBe(7);
  expect(quantile([], 0.5)).toBeNaN();
  expect(spreadOf([1, 2, 3, 4, 5])).toEqual({ median: 3, low: 2, high: 4, count: 5 });
});

it('each row is measured once before any row is measured twice', async () => {
  const order: string[] = [];
  const row = (name: string) => (): number => order.push(name);
  const measured = await interleaved(2, { a: row('a'), b: row('b') });
  expect(order).toEqual(['a', 'b', 'a', 'b']);
  expect([...measured]).toEqual([
    ['a', [1, 3]],
    ['b', [2, 4]],
  ]);
});

it('the median of bare Node is subtracted from every row', () => {
  const measured = new Map([
    ['bare', [10, 11, 12]],
    ['gateway', [21, 22, 26]],
  ]);
  expect(figuresLess('start', 'ms', 'bare', measured)).toEqual([
    { section: 'start', row: 'gateway', unit: 'ms', median: 11, low: 10.5, high: 13, count: 3 },
  ]);
});

function figure(section: Figure['section'], row: string, is: number): Figure {
  return { section, row, unit: 'ms', median: is, low: is, high: is, count: 1 };
}
const run = (node: string, figures: readonly Figure[]) =>
  ({ node, machine: 'm', date: 'd', commit: 'c', isQuick: false, figures }) as const;

const first = GOALS.find(({ goal }) => goal.startsWith('first cancellation'));
if (!first) throw new Error('no such goal');

it('a goal is compared with the best of the peers that were measured, on its version of Node', () => {
  const figures = [
    figure('first', 'gateway', 30),
    figure('first', 'express', 90),
    figure('first', 'hono', 60),
  ];
  expect(verdictOf(first, run('24.1.0', figures))).toEqual({ is: 0.5, limit: 0.5, isMet: true });
  const faster = [...figures, figure('first', 'middy', 59)];
  expect(verdictOf(first, run('24.1.0', faster))?.isMet).toBe(false);
  expect(verdictOf(first, run('20.1.0', figures))).toBeUndefined();
  expect(verdictOf(first, run('24.1.0', figures.slice(0, 1)))).toBeUndefined();
});

it('a table has a column for each run', () => {
  const runs = [
    run('20.1.0', [figure('memory', 'gateway', 9)]),
    run('24.1.0', [figure('memory', 'gateway', 15), figure('memory', 'hono', 20)]),
  ];
  const text = tables(runs);
  expect(text).toMatch(/memory at ready.*9, at most 10: met \| 15, at most 14: \*\*not met\*\*/);
  expect(text).toMatch(/\| hono +\| +\| +20 \|/);
});
