import { setTimeout as delay } from 'node:timers/promises';

import { systemClock } from '../../src/lib/clock.ts';
import { createLimiter, type Limiter } from '../../src/lib/rate-limit/limiter.ts';
import { parseRedisUrl } from '../../src/lib/config/setting-values.ts';

/** Three instances' limiters and one Redis, under more load than there are slots. */

const INSTANCES = 3;
const MAX_WAIT_MS = 300;
/** Until no slot from before a switch matters: `MAX_WAIT_MS` + 1 s + M. */
export const QUIET_MS = MAX_WAIT_MS + 1100;
/** The instances get requests one after the other, so often: three times the rate. */
const EVERY_MS = 16;
const CALLERS = 5;

export interface Line {
  readonly level: string;
  readonly event: string;
  readonly instance: number;
  readonly reason: unknown;
}

interface Refusal {
  readonly atMs: number;
  readonly instance: number;
  readonly isQuiet: boolean;
}

export interface Limiters {
  readonly each: readonly Limiter[];
  readonly lines: readonly Line[];
  readonly refusals: readonly Refusal[];
  /** When requests left, in milliseconds of the steady clock: each slot is checked just before. */
  readonly departures: readonly number[];
  /** Offers load for so long, and waits until every request has its answer. */
  run(ms: number): Promise<void>;
  close(): void;
}

export function startLimiters(url: string): Limiters {
  const lines: Line[] = [];
  const refusals: Refusal[] = [];
  const departures: number[] = [];
  const settings = {
    upstreamRate: 20,
    expectedInstances: INSTANCES,
    maxWaitMs: MAX_WAIT_MS,
    redis: parseRedisUrl(url),
  };
  const start = (instance: number): Limiter =>
    createLimiter(settings, {
      steadyMs: () => performance.now(),
      sleep: (ms, signal) => systemClock.sleep(ms, signal),
      random: () => 0,
      log: {
        write: (level, event, { reason }) => void lines.push({ level, event, instance, reason }),
      },
    });
  const each = Array.from({ length: INSTANCES }, (_, i) => start(i));
  const request = async (limiter: Limiter, instance: number, caller: number): Promise<void> => {
    const acquired = await limiter.acquire({
      region: 'ap-guangzhou',
      principal: `caller-${caller}`,
      kind: 'single',
      reachMs: () => MAX_WAIT_MS,
      signal: new AbortController().signal,
    });
    const atMs = performance.now();
    if (!acquired.granted) refusals.push({ atMs, instance, isQuiet: acquired.isQuiet });
    else if (acquired.isValid()) departures.push(atMs);
  };
  return {
    each,
    lines,
    refusals,
    departures,
    async run(ms) {
      const requests: Promise<void>[] = [];
      const end = performance.now() + ms;
      for (let n = 0; performance.now() < end; n += 1) {
        const instance = n % INSTANCES;
        const limiter = each[instance];
        if (limiter) requests.push(request(limiter, instance, Math.floor(n / INSTANCES) % CALLERS));
        await delay(EVERY_MS);
      }
      await Promise.all(requests);
    },
    close() {
      for (const limiter of each) limiter.close();
    },
  };
}

/** The most departures in any sliding second. */
export function busiestSecond(departures: readonly number[]): number {
  const sorted = departures.toSorted((a, b) => a - b);
  const counts = sorted.map((from) => sorted.filter((at) => at >= from && at < from + 1000).length);
  return Math.max(0, ...counts);
}
