import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';

import { keyOf, offer, startFleet, type Fleet, type Offered } from './support/fleet.ts';
import { send } from './support/http-client.ts';
import { describeWithRedis, startRedis, type RedisServer } from './support/redis.ts';
import { until } from './support/until.ts';

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

  const start = async (maxWaitMs: number, more: Record<string, string> = {}): Promise<Fleet> => {
    const env = { UPSTREAM_RATE: '20', EXPECTED_INSTANCES: '4', MAX_WAIT_MS: String(maxWaitMs) };
    return (fleet = await startFleet(4, LOAD.callers, { ...env, REDIS_URL: redis.url, ...more }));
  };
  const isShared = ({ event }: Record<string, unknown>): boolean => event === 'limits-shared';
  const unexpected = (offered: readonly Offered[]): Offered[] =>
    offered.filter(({ status }) => ![202, 429, 503].includes(Number(status)));

  /**
   * How many requests this machine may have held back and let go together: no limiter in a process can keep those
   * apart. None on a machine that is the test's own.
   */
  const late = (four: Fleet): number => Math.ceil(Math.max(0, four.slowestMs() - 50) / 50);
  /** Why servers went by their own shares. */
  const reasons = ({ servers }: Fleet): unknown[] =>
    servers.flatMap((one) =>
      one.lines().flatMap(({ event, reason }) => (event === 'limits-own' ? [reason] : [])),
    );
  /**
   * Whether servers, or Redis, had no CPU when a slot was due: then they say nothing on how slots are shared. A Redis
   * that they never used is no such excuse. After a late reply, others that wait on the connection say that it closed.
   */
  const wasBusy = async (four: Fleet): Promise<boolean> => {
    const stats = await redis.client.info('commandstats');
    const [, scripts] = /^cmdstat_evalsha:calls=(\d+)/m.exec(stats) ?? [];
    expect(Number(scripts)).toBeGreaterThan(50);
    const own = reasons(four);
    expect(['no answer within 60 ms', 'connection closed']).toEqual(expect.arrayContaining(own));
    return late(four) > 0 || own.length > 0;
  };

  it('use it, never exceed it, and serve the quiet ones', async () => {
    const four = await start(3000);
    const begun = Date.now();
    const offered = await offer(four, LOAD);
    expect(unexpected(offered)).toEqual([]);
    const { busiestSecond } = await four.stats();
    expect(busiestSecond).toBeLessThanOrEqual(20 + late(four));
    if (await wasBusy(four)) return;
    const served = Array.from(
      { length: LOAD.callers },
      (_, n) => offered.filter(({ caller, status }) => caller === n && status === 202).length,
    );
    const fair = served.reduce((sum, each) => sum + each, 0) / LOAD.callers;
    expect(Math.min(...served.slice(1))).toBeGreaterThanOrEqual(fair / 2);
    const isSteady = (at: number): boolean => at >= begun + 1000 && at < begun + 10_000;
    expect((await four.arrivals()).filter(isSteady).length / 9).toBeGreaterThanOrEqual(18);
  });

  it('lose no task of two batches, and serve a third caller and their own single requests', async () => {
    // Long enough for a machine that is busy.
    const four = await start(3000, { REQUEST_TIMEOUT_MS: '120000', ATTEMPT_TIMEOUT_MS: '60000' });
    const batches = [0, 1].map(async (caller) => {
      const taskIds = Array.from({ length: 40 }, (_, i) => `t${caller * 1000 + i}`);
      const headers = { 'x-api-key': keyOf(caller), 'content-type': 'application/json' };
      const sent = { method: 'POST', path: '/tasks:cancel', headers };
      const { port = 0 } = four.servers[caller] ?? {};
      const { text } = await send(port, { ...sent, body: JSON.stringify({ taskIds }) });
      const results: { status: number }[] = JSON.parse(text).results;
      return results.map(({ status }) => status);
    });
    await until(async () => (await four.arrivals()).length >= 10);
    const singles = [0, 1, 2].map(async (caller) => {
      const { port = 0 } = four.servers[3 - caller] ?? {};
      const headers = { 'x-api-key': keyOf(caller) };
      return (await send(port, { method: 'DELETE', path: `/tasks/t${2000 + caller}`, headers }))
        .status;
    });
    const statuses = await Promise.all(singles);
    expect(new Set((await Promise.all(batches)).flat())).toEqual(new Set([202]));
    if (!(await wasBusy(four))) expect(statuses).toEqual([202, 202, 202]);
    expect((await four.stats()).busiestSecond).toBeLessThanOrEqual(20 + late(four));
  });

  it('keep it where Redis dies in the middle, and comes back', async () => {
    const four = await start(1000);
    const offering = offer(four, { ...LOAD, seconds: 5 });
    await sleep(1500);
    await redis.kill();
    await sleep(3000);
    await redis.restart();
    expect(unexpected(await offering)).toEqual([]);
    expect(reasons(four)).not.toEqual([]);
    // However late a busy machine lets them notice, by the requests that come: all share again, and serve.
    await until(async () => {
      const statuses = (await offer(four, { ...LOAD, seconds: 1 })).map(({ status }) => status);
      const share = four.servers.map((one) => one.lines().some(isShared));
      return share.every(Boolean) && statuses.includes(202);
    });
    expect((await four.stats()).busiestSecond).toBeLessThanOrEqual(20 + late(four));
  });
});
