import { busiestSecond, jain, maxMinShares } from './measures.ts';
import type { Run, Scenario } from './model.ts';

/** What the simulation looks into, one question a group. */
export interface Group {
  readonly title: string;
  /** What changes from row to row. */
  readonly varied: 'instances' | 'callers' | 'load' | 'Redis, ms';
  readonly scenarios: readonly Scenario[];
}

const USUAL: Scenario = {
  instances: 16,
  callers: 10,
  load: 10,
  seconds: 60,
  redis: { oneWayMs: 0.5 },
};
/** A third of the time. Enough for all pauses on the way there and back. */
const outage = { fromMs: 20_000, toMs: 40_000 };

const varying = <T>(values: readonly T[], change: (value: T) => Partial<Scenario>): Scenario[] =>
  values.map((value) => ({ ...USUAL, ...change(value) }));

export const GROUPS: readonly Group[] = [
  {
    title: 'More instances, one Redis',
    varied: 'instances',
    scenarios: varying([1, 4, 16, 64, 256, 1000], (instances) => ({ instances })),
  },
  {
    title: 'More callers, the first of which offers half of everything',
    varied: 'callers',
    // Long enough for everybody to have a few turns.
    scenarios: varying([1, 2, 10, 100, 1000], (callers) => ({
      callers,
      seconds: Math.max(60, callers / 2),
    })),
  },
  {
    title: 'More load, in multiples of the limit',
    varied: 'load',
    scenarios: varying([0.5, 1, 2, 10, 100], (load) => ({ load })),
  },
  {
    title: 'A slower Redis, one way',
    varied: 'Redis, ms',
    scenarios: varying([0.2, 1, 5, 15, 40], (oneWayMs) => ({ redis: { oneWayMs } })),
  },
  {
    title: 'Redis is killed after 20 s and started again, empty, after 40 s',
    varied: 'instances',
    scenarios: varying([1, 4, 16, 64, 256, 1000], (instances) => ({
      instances,
      seconds: 80,
      redis: { oneWayMs: 0.5, outage },
    })),
  },
  {
    title: 'No Redis: each keeps to its share',
    varied: 'instances',
    scenarios: [1, 4, 16, 64, 256, 1000].map((instances) => ({
      instances,
      callers: 10,
      load: 10,
      seconds: 60,
    })),
  },
];

/** One row of the table. */
export interface Row {
  readonly varied: number;
  readonly offeredPerSecond: number;
  readonly acceptedPerSecond: number;
  readonly busiestSecond: number;
  readonly fairness: number;
  /** The smallest part that any caller got of its fair share. */
  readonly leastShare: number;
  readonly longestWaitMs: number;
  /** Of the newcomers' calls, refused at once; and of those, refused again. In percent. */
  readonly refusedNewcomers: number;
  readonly inVain: number;
}

/** The first seconds, until the waiting is as long as it will be. */
const WARM_UP_MS = 5000;

export function toRow(scenario: Scenario, group: Group, run: Run): Row {
  const { offered, accepted, arrivals, newcomers } = run;
  const steady = arrivals.filter((time) => time >= WARM_UP_MS).length;
  const total = accepted.reduce((sum, one) => sum + one, 0);
  const fair = maxMinShares(offered, total);
  const shares = accepted.map((got, caller) => (fair[caller] ? got / fair[caller] : 1));
  return {
    varied: group.varied === 'Redis, ms' ? (scenario.redis?.oneWayMs ?? 0) : scenario[group.varied],
    offeredPerSecond: offered.reduce((sum, one) => sum + one, 0) / scenario.seconds,
    acceptedPerSecond: steady / (scenario.seconds - WARM_UP_MS / 1000),
    busiestSecond: busiestSecond(arrivals),
    fairness: jain(shares),
    leastShare: Math.min(...shares),
    longestWaitMs: run.longestWaitMs,
    refusedNewcomers: percent(newcomers.refused, newcomers.calls),
    inVain: percent(newcomers.inVain, newcomers.refused),
  };
}

function percent(part: number, whole: number): number {
  return whole === 0 ? 0 : (100 * part) / whole;
}
