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

  it('use it, never exceed it, and serve the quiet ones', async () => {
    const four = await start(3000);
    const begun = Date.now();
    const told = await offer(four, LOAD);
    expect(unexpected(told)).toEqual([]);
    const { busiestSecond, rateLimited } = await four.stats();
    expect({ isKept: busiestSecond <= 20, rateLimited }).toEqual({ isKept: true, rateLimited: 0 });
    const isSteady = (at: number): boolean => at >= begun + 1000 && at < begun + 10_000;
    expect((await four.arrivals()).filter(isSteady).length / 9).toBeGreaterThanOrEqual(18);
    const served = Array.from(
      { length: LOAD.callers },
      (_, n) => told.filter(({ caller, status }) => caller === n && status === 202).length,
    );
    const fair = served.reduce((sum, each) => sum + each, 0) / LOAD.callers;
    expect(Math.min(...served.slice(1))).toBeGreaterThanOrEqual(fair / 2);
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
    expect((await four.stats()).busiestSecond).toBeLessThanOrEqual(20);
    for (const server of four.servers) {
      const switches = server.lines().filter(({ event }) => String(event).startsWith('limits-'));
      const reasons = switches.map(({ event, reason }) => reason ?? event);
      expect(reasons.slice(0, 2)).toEqual(['connection refused', 'limits-shared']);
    }
    // All of them share again.
    const arrivals = await four.arrivals();
    const last = Math.max(...arrivals);
    expect(arrivals.filter((at) => at > last - 1000).length).toBeGreaterThan(10);
  });
});
