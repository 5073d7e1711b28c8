import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { busiestSecond, jain, maxMinShares } from '../../simulation/measures.ts';
import { simulate, UPSTREAM_RATE, type Scenario } from '../../simulation/model.ts';
import { perSecond, plotOutage, plotRows } from '../../simulation/plot.ts';
import { GROUPS, toRow } from '../../simulation/scenarios.ts';
import { toTable } from '../../simulation/table.ts';
import { VirtualTime } from '../../simulation/virtual-time.ts';

describe('time in the simulation', () => {
  it('passes from event to event, in their order, and no further than asked', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.integer({ min: 0, max: 100 })), async (times) => {
        const time = new VirtualTime();
        const seen: [number, number][] = [];
        for (const [index, at] of times.entries()) {
          time.at(at, () => seen.push([time.now, index]));
        }
        await time.runUntil(50);
        const due = times.map((at, index): [number, number] => [at, index]);
        const expected = due.filter(([at]) => at <= 50);
        expect(seen).toEqual(expected.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
      }),
      { numRuns: 50 },
    );
  });

  it('wakes who slept long enough, and who was called off', async () => {
    const time = new VirtualTime();
    const calling = new AbortController();
    const slept = time.sleep(10).then(() => time.now);
    const called = time.sleep(10, calling.signal).catch((error: unknown) => error);
    const never = time.sleep(1, AbortSignal.abort('gone')).catch((error: unknown) => error);
    calling.abort('called off');
    await time.runUntil(20);
    expect(await Promise.all([slept, called, never])).toEqual([10, 'called off', 'gone']);
  });
});

describe('what is measured', () => {
  it('the busiest second is a sliding one, open at its end', () => {
    expect(busiestSecond([])).toBe(0);
    expect(busiestSecond([0, 999, 1000, 1500, 1998])).toBe(4);
    expect(busiestSecond([0, 1000, 2000])).toBe(1);
  });

  it("Jain's index is 1 where all have the same, and 1/n where one has all", () => {
    expect(jain([0.5, 0.5, 0.5])).toBeCloseTo(1);
    expect(jain([1, 0, 0, 0])).toBeCloseTo(0.25);
  });

  it('max-min shares give little to who asks for little, and the rest evenly', () => {
    expect(maxMinShares([100, 1, 100], 11)).toEqual([5, 1, 5]);
    expect(maxMinShares([1, 2], 10)).toEqual([1, 2]);
  });
});

const scenario: Scenario = {
  instances: 4,
  callers: 5,
  load: 5,
  seconds: 15,
  redis: { oneWayMs: 1 },
};

describe('the simulation', () => {
  it('is the same in every run', async () => {
    expect(await simulate(scenario)).toEqual(await simulate(scenario));
    expect(await simulate(scenario, 2)).not.toEqual(await simulate(scenario));
  });

  it.each<[string, Partial<Scenario>]>([
    ['over Redis', {}],
    [
      'over Redis that dies and comes back',
      {
        seconds: 30,
        redis: { oneWayMs: 1, outage: { fromMs: 8000, toMs: 14_000 } },
      },
    ],
    [
      'with 60 instances, more than turns in a second, while Redis is dead',
      {
        instances: 60,
        seconds: 30,
        redis: { oneWayMs: 1, outage: { fromMs: 5000, toMs: 99_000 } },
      },
    ],
  ])('never goes beyond the limit %s', async (_, change) => {
    const { arrivals } = await simulate({ ...scenario, ...change });
    expect(arrivals.length).toBeGreaterThan(100);
    expect(busiestSecond(arrivals)).toBeLessThanOrEqual(UPSTREAM_RATE);
  });

  it('would show a limit that is not kept: two instances that know nothing of each other', async () => {
    const alone = { instances: 1, callers: 5, load: 5, seconds: 15 };
    const runs = await Promise.all([simulate(alone), simulate(alone, 2)]);
    const arrivals = runs.flatMap((run) => run.arrivals).toSorted((a, b) => a - b);
    expect(busiestSecond(arrivals)).toBeGreaterThan(UPSTREAM_RATE);
  });

  it('becomes a table and plots', async () => {
    const run = await simulate(scenario);
    const [group] = GROUPS;
    if (!group) throw new Error('no group');
    const rows = [toRow(scenario, group, run)];
    const [head, rule, row, ...rest] = toTable(group, rows).split('\n');
    expect(head).toMatch(/^\| +instances \| offered\/s \| accepted\/s \|/);
    expect(rule).toMatch(/^\|(-+:\|)+$/);
    expect(row).toMatch(/^\| +4 \|/);
    expect(rest).toEqual([]);
    for (const svg of [
      plotRows([{ group, rows }]),
      plotOutage(perSecond(run.arrivals), { fromMs: 5000, toMs: 9000 }),
    ]) {
      expect(svg).toMatch(/^<svg [^>]*role="img"/);
      expect(svg).not.toMatch(/NaN|undefined|Infinity/);
    }
  });
});
