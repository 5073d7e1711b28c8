import { valueOf, type Figure, type Section } from './figures.ts';

/** What the project has set itself to reach, and whether a run reached it. */
export interface Verdict {
  readonly goal: string;
  /** What came out; undefined where this run did not measure it. */
  readonly is: number | undefined;
  readonly limit: number;
  readonly isAtMost: boolean;
  readonly isMet: boolean | undefined;
}

/** Bundled, and built on what people would really take: the one that is signed by hand is the physical limit. */
const PEERS = ['express', 'hono', 'powertools', 'middy'] as const;

export function verdicts(figures: readonly Figure[]): Verdict[] {
  const value = (section: Section, row: string): number => valueOf(figures, section, row) ?? NaN;
  const bestPeer = (section: Section): number =>
    Math.min(...PEERS.map((row) => value(section, row)).filter((one) => !Number.isNaN(one)));
  const started = value('start', 'gateway');
  const whole = value('start', 'whole-sdk');
  const first = value('first', 'gateway');
  const p50 = (concurrency: number): number =>
    value('latency', `gateway, ${concurrency} at once: p50`) /
    value('latency', `SDK directly, ${concurrency} at once: p50`);
  return [
    atMost('start, to the whole SDK', 1 / 9, started / whole),
    atMost('start, to the whole SDK: stretch', 1 / 14, started / whole),
    atMost('start, to the best bundled peer', 0.4, started / bestPeer('start')),
    atMost('first cancellation, to the whole SDK', 1 / 6, first / value('first', 'whole-sdk')),
    atMost('first cancellation, to the best bundled peer', 0.4, first / bestPeer('first')),
    atMost('function.js, bytes: stretch', 160_000, value('size', 'gateway')),
    atMost('function.js deflated, bytes: stretch', 55_000, value('size', 'gateway, deflated')),
    atMost('memory at ready over bare Node, MB', 10, value('memory', 'gateway')),
    ...(['API key', 'token', 'webhook'] as const).map((kind) =>
      atMost(
        `own CPU to the SDK call's, ${kind}`,
        { 'API key': 0.4, token: 1, webhook: 0.5 }[kind],
        value('cpu', `gateway, ${kind}: own, to one of the call`),
      ),
    ),
    atMost('p50 end to end, one at once, to the SDK directly', 1.25, p50(1)),
    atLeast(
      'refusals to answers to /healthz',
      0.6,
      value('overload', 'refusals to answers to /healthz'),
    ),
    ...keeps('one server', (row) => value('overload', row)),
    atLeast(
      'four servers: refusals to answers to /healthz',
      0.3,
      value('fleet', 'refusals to answers to /healthz'),
    ),
    ...keeps('four servers', (row) => value('fleet', row)),
    atLeast('four servers: used of 20 a second', 18, value('fleet', USED)),
    atLeast('four servers: slowest quiet caller to its fair share', 0.75, value('fleet', SLOWEST)),
  ];

  function keeps(who: string, of: (row: string) => number): Verdict[] {
    return [
      atMost(`${who}: lost`, 0, of('lost, or accepted and not cancelled')),
      atMost(
        `${who}: arrived in the busiest second`,
        20,
        of('arrived at DLC in the busiest second'),
      ),
    ];
  }
}

const USED = 'used of DLC’s 20 a second';
const SLOWEST = 'slowest quiet caller to its fair share';

const atMost = (goal: string, limit: number, is: number): Verdict => verdict(goal, is, limit, true);
const atLeast = (goal: string, limit: number, is: number): Verdict =>
  verdict(goal, is, limit, false);

function verdict(goal: string, is: number, limit: number, isAtMost: boolean): Verdict {
  if (!Number.isFinite(is)) return { goal, is: undefined, limit, isAtMost, isMet: undefined };
  return { goal, is, limit, isAtMost, isMet: isAtMost ? is <= limit : is >= limit };
}
