import { awaitTurn, type Turns } from '../src/lib/rate-limit/await-turn.ts';
import { MemoryLimiter, type Limiter } from '../src/lib/rate-limit/limiter.ts';
import { paceRule } from '../src/lib/rate-limit/pace.ts';
import { SharedLimiter } from '../src/lib/rate-limit/shared-limiter.ts';
import type { Log } from '../src/lib/observability/log.ts';
import { createRandom, exponential, type Random } from './random.ts';
import { StoreModel, type Outage } from './store-model.ts';
import { VirtualTime } from './virtual-time.ts';

/** What is simulated: instances, callers, DLC's rate, Redis. Times in milliseconds. */
export interface Scenario {
  readonly instances: number;
  readonly callers: number;
  /** Offered load, as a multiple of the limit. One caller offers half of it, the others the rest. */
  readonly load: number;
  readonly seconds: number;
  /** Absent: each instance keeps its own share. */
  readonly redis?: { readonly oneWayMs: number; readonly outage?: Outage };
}

/** What happened, in the order of time. */
export interface Run {
  /** When requests arrived at DLC. */
  readonly arrivals: number[];
  /** Of each caller. */
  readonly offered: number[];
  readonly accepted: number[];
  readonly refused: number;
  /** Of those who had a turn. */
  readonly longestWaitMs: number;
  /** What the newcomers did: calls, those refused, and of these the ones refused again, just when told. */
  readonly newcomers: { calls: number; refused: number; inVain: number };
}

export const UPSTREAM_RATE = 20;
const MAX_WAIT_MS = 3000;

/** Callers who ask for little, and come back when they are told to. */
const NEWCOMERS = 5;
const NEWCOMER_RATE = 0.1;

/** From the gateway to DLC: mostly steady, one in a hundred is held up. */
const travelMs = (random: Random): number =>
  5 + exponential(random, 3) + (random() < 0.01 ? 40 * random() : 0);

export async function simulate(scenario: Scenario, seed = 1): Promise<Run> {
  const time = new VirtualTime();
  const random = createRandom(seed);
  const instances = startInstances(scenario, time, random);
  const run = {
    arrivals: [] as number[],
    offered: Array.from({ length: scenario.callers }, () => 0),
    accepted: Array.from({ length: scenario.callers }, () => 0),
    refused: 0,
    longestWaitMs: 0,
    newcomers: { calls: 0, refused: 0, inVain: 0 },
  };

  /** @returns after how many seconds to come back, where there was no turn */
  async function request(caller: number): Promise<number | undefined> {
    if (caller < scenario.callers) run.offered[caller] = (run.offered[caller] ?? 0) + 1;
    const instance = instances[Math.floor(random() * instances.length)];
    if (!instance) return undefined;
    const begun = time.now;
    const answer = await awaitTurn(
      {
        region: 'ap-guangzhou',
        principal: `key:${caller}`,
        reachMs: () => MAX_WAIT_MS,
        signal: new AbortController().signal,
        prepare: async () => undefined,
      },
      instance,
    );
    if (!answer.go) {
      run.refused += 1;
      return answer.retryAfter;
    }
    run.longestWaitMs = Math.max(run.longestWaitMs, time.now - begun);
    await time.sleep(travelMs(random));
    run.arrivals.push(time.now);
    if (caller < scenario.callers) run.accepted[caller] = (run.accepted[caller] ?? 0) + 1;
    return undefined;
  }

  async function newcomer(caller: number): Promise<void> {
    run.newcomers.calls += 1;
    const retryAfter = await request(caller);
    if (retryAfter === undefined) return;
    run.newcomers.refused += 1;
    await time.sleep(retryAfter * 1000);
    if ((await request(caller)) !== undefined) run.newcomers.inVain += 1;
  }

  const arrive = (perSecond: number, call: () => Promise<unknown>): void => {
    const pause = (): number => exponential(random, 1000 / perSecond);
    const next = (): void => {
      void call();
      time.at(time.now + pause(), next);
    };
    time.at(pause(), next);
  };
  for (const [caller, perSecond] of ratesOf(scenario).entries()) {
    arrive(perSecond, () => request(caller));
  }
  for (let n = 0; n < NEWCOMERS; n += 1) {
    arrive(NEWCOMER_RATE, () => newcomer(scenario.callers + n));
  }
  await time.runUntil(scenario.seconds * 1000);
  return run;
}

/** What each caller offers a second. */
function ratesOf({ callers, load }: Scenario): number[] {
  const offered = load * UPSTREAM_RATE;
  if (callers === 1) return [offered];
  const quiet = offered / 2 / (callers - 1);
  return Array.from({ length: callers }, (_, caller) => (caller === 0 ? offered / 2 : quiet));
}

const SILENT: Pick<Log, 'write'> = { write: () => undefined };

/** Each with a steady clock of its own, which began when it did and runs a little wrong. */
function startInstances(
  { instances, redis }: Scenario,
  time: VirtualTime,
  random: Random,
): Turns[] {
  const rule = paceRule(UPSTREAM_RATE, MAX_WAIT_MS);
  const store = redis && new StoreModel(time, random, redis.oneWayMs, redis.outage);
  return Array.from({ length: instances }, () => {
    const begunAt = random() * 3_600_000;
    const speed = 1 + (random() - 0.5) / 5000;
    const steadyMs = (): number => begunAt + time.now * speed;
    const own = new MemoryLimiter(UPSTREAM_RATE / instances, MAX_WAIT_MS, steadyMs, random());
    const sleep: Turns['sleep'] = (ms, signal) => time.sleep(ms + exponential(random, 0.5), signal);
    const times = { steadyMs, wallMs: () => 1_800_000_000_000 + time.now, sleep };
    const limiter: Limiter = store
      ? new SharedLimiter({
          open: async () => store.connect(steadyMs),
          own,
          rule,
          times,
          log: SILENT,
        })
      : own;
    return { limiter, steadyMs, sleep };
  });
}
