import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { offer, startFleet, type Fleet, type Told } from './support/fleet.ts';
import { describeWithRedis, startRedis, type RedisServer } from './support/redis.ts';

/** Ten times what DLC takes, offered to four processes for ten seconds, half of it by one caller. */

const LOAD = { perSecond: 200, seconds: 10, callers: 10 };

describeWithRedis('four servers that share the limit through Redis', () => {
  let redis: RedisServer;
  let fleet: Fleet | undefined;
  beforeEach(async () => {
    redis = await startRedis();
  });
  afterEach(async () => {
    await fleet?.stop();
    await redis.stop();
  });

  const start = async (maxWaitMs: number): Promise<Fleet> => {
    const env = { UPSTREAM_RATE: '20', EXPECTED_INSTANCES: '4', MAX_WAIT_MS: String(maxWaitMs) };
    return (fleet = await startFleet(4, LOAD.callers, { ...env, REDIS_URL: redis.url }));
  };
  const unexpected = (told: readonly Told[]): Told[] =>
    told.filter(({ status }) => ![202, 429, 503].includes(Number(status)));

  /**
   * How many requests this machine may have held back, busy with other things: M is for shorter delays, and
   * no limiter keeps apart what is held back together. None where the machine is the test's own.
   */
  const late = (four: Fleet): number => Math.ceil(Math.max(0, four.stoodStillMs() - 50) / 55);
  const switches = ({ servers }: Fleet): unknown[][] =>
    servers.map((server) =>
      server
        .lines()
        .filter(({ event }) => String(event).startsWith('limits-'))
        .map(({ event, reason }) => reason ?? event),
    );

  it('use it, never exceed it, and serve the quiet ones', async () => {
    const four = await start(3000);
    const begun = Date.now();
    const told = await offer(four, LOAD);
    expect(unexpected(told)).toEqual([]);
    const { busiestSecond } = await four.stats();
    expect(busiestSecond).toBeLessThanOrEqual(20 + late(four));
    const served = Array.from(
      { length: LOAD.callers },
      (_, n) => told.filter(({ caller, status }) => caller === n && status === 202).length,
    );
    const fair = served.reduce((sum, each) => sum + each, 0) / LOAD.callers;
    expect(Math.min(...served.slice(1))).toBeGreaterThanOrEqual(fair / 2);
    // A machine that is not the test's own says nothing on how much of the limit is used.
    if (late(four) > 0 || switches(four).flat().length > 0) return;
    const isSteady = (at: number): boolean => at >= begun + 1000 && at < begun + 10_000;
    expect((await four.arrivals()).filter(isSteady).length / 9).toBeGreaterThanOrEqual(18);
  });

  it('keep it where Redis dies in the middle, and comes back', async () => {
    const four = await start(1000);
    const offered = offer(four, { ...LOAD, seconds: 12 });
    await sleep(2500);
    await redis.kill();
    await sleep(3000);
    await redis.restart();
    const told = await offered;
    expect(unexpected(told)).toEqual([]);
    expect((await four.stats()).busiestSecond).toBeLessThanOrEqual(20 + late(four));
    for (const each of switches(four)) expect(each).toContain('limits-shared');
    // All of them share again.
    const arrivals = await four.arrivals();
    const last = Math.max(...arrivals);
    expect(arrivals.filter((at) => at > last - 1000).length).toBeGreaterThan(10);
  });
});
