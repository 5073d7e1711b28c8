import { valueOf, type Results, type Section } from './figures.ts';

type Place = readonly [section: Section, row: string];

/** A figure that the project wants to reach. */
export interface Goal {
  readonly goal: string;
  readonly of: Place;
  /** What `of` is divided by: the best of these. */
  readonly per?: readonly Place[];
  readonly kind: 'at most' | 'at least';
  /** By major version of Node, or for every version. */
  readonly limit: number | Readonly<Record<string, number>>;
}

const FLEET = 'four servers over Redis';
/** Bundled, and built on what people would really use; `by-hand` is the physical limit. */
const PEERS = ['express', 'hono', 'powertools', 'middy'].map((row) => ['first', row] as const);

export const GOALS: readonly Goal[] = [
  {
    goal: 'start, per whole SDK',
    of: ['start', 'gateway'],
    per: [['start', 'whole-sdk']],
    kind: 'at most',
    limit: { 20: 1 / 14, 24: 1 / 11 },
  },
  {
    goal: 'first cancellation, per best bundled peer',
    of: ['first', 'gateway'],
    per: PEERS,
    kind: 'at most',
    limit: { 24: 0.5 },
  },
  { goal: 'function.js, bytes', of: ['size', 'gateway'], kind: 'at most', limit: 190_000 },
  {
    goal: 'function.js deflated, bytes',
    of: ['size', 'gateway, deflated'],
    kind: 'at most',
    limit: 64_000,
  },
  {
    goal: 'memory at ready over bare Node, MB',
    of: ['memory', 'gateway'],
    kind: 'at most',
    limit: { 20: 10, 24: 14 },
  },
  {
    goal: 'end to end p50, one at once, per SDK called directly',
    of: ['latency', 'gateway: p50'],
    per: [['latency', 'SDK directly: p50']],
    kind: 'at most',
    limit: 1.15,
  },
  ...(['overload', 'fleet'] as const).flatMap((section): Goal[] => {
    const who = section === 'fleet' ? FLEET : 'one server';
    return [
      {
        goal: `${who}: lost`,
        of: [section, 'lost, or accepted and not cancelled'],
        kind: 'at most',
        limit: 0,
      },
      {
        goal: `${who}: arrivals at DLC in the busiest second`,
        of: [section, 'arrived at DLC in the busiest second'],
        kind: 'at most',
        limit: 20,
      },
    ];
  }),
  {
    goal: 'one server: refusals a second, per best peer',
    of: ['overload', 'refusals a second'],
    per: ['fastify', 'hono'].map(
      (name) => ['overload', `${name} with its rate limiter: refusals a second`] as const,
    ),
    kind: 'at least',
    limit: 1,
  },
  {
    goal: `${FLEET}: used of 20 a second`,
    of: ['fleet', 'used of DLC’s 20 a second'],
    kind: 'at least',
    limit: 18,
  },
  {
    goal: `${FLEET}: slowest quiet caller, per fair share`,
    of: ['fleet', 'slowest quiet caller to its fair share'],
    kind: 'at least',
    limit: 0.75,
  },
  ...(
    [
      ['200 tasks in two requests, s', 'at most', 12],
      ['200 tasks: not cancelled', 'at most', 0],
      ['200 tasks: arrived at DLC in the busiest second', 'at most', 20],
      ['beside a batch and one flooder, more', 'at most', 1],
      ['beside a batch and four flooders, more', 'at most', 2],
      ['honest calls beside 1,000 silent connections: share that succeeds', 'at least', 1],
    ] as const
  ).map(([row, kind, limit]): Goal => ({ goal: row, of: ['many', row], kind, limit })),
];

/** A goal, and how a run compares with it. */
export interface Verdict {
  readonly limit: number;
  readonly is: number;
  readonly isMet: boolean;
}

/** @returns undefined if the goal is not one of this Node's, or the run did not measure it */
export function verdictOf({ of, per, kind, limit }: Goal, results: Results): Verdict | undefined {
  const [major = ''] = results.node.split('.');
  const wanted = typeof limit === 'number' ? limit : limit[major];
  const divisors = (per ?? []).flatMap((place) => valueOf(results, ...place) ?? []);
  const value = valueOf(results, ...of);
  if (wanted === undefined || value === undefined || (per && divisors.length === 0))
    return undefined;
  const best = kind === 'at most' ? Math.min(...divisors) : Math.max(...divisors);
  const is = per ? value / best : value;
  return { limit: wanted, is, isMet: kind === 'at most' ? is <= wanted : is >= wanted };
}
