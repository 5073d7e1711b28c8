import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MemoryPace } from '../../../src/lib/rate-limit/memory-pace.ts';
import { MemoryQuotas } from '../../../src/lib/rate-limit/memory-quotas.ts';
import { paceRule } from '../../../src/lib/rate-limit/pace.ts';
import type { LimitStore } from '../../../src/lib/rate-limit/store.ts';
import { openStore } from '../../../src/redis.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis.ts';

/** The scripts in a real Redis against the same rules in TypeScript, which get the times that Redis tells. */

const REGION = 'ap-guangzhou';
/** Short times, so that much of what can happen happens in few milliseconds. */
const rules = fc
  .record({ rate: fc.integer({ min: 20, max: 2000 }), maxWaitMs: fc.integer({ min: 0, max: 60 }) })
  .map(({ rate, maxWaitMs }) => paceRule(rate, maxWaitMs));

describeWithRedis('the rules in Redis', () => {
  let redis: RedisServer;
  let store: LimitStore;
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(async () => {
    await redis.client.flushall();
    store = open();
  });
  afterAll(() => redis.stop());
  const open = (): LimitStore =>
    openStore({ host: '127.0.0.1', port: redis.port, tls: false, database: 0 }, () =>
      performance.now(),
    );

  const steps = fc.array(
    fc.oneof(
      {
        weight: 8,
        arbitrary: fc.record({
          do: fc.constant('take' as const),
          who: fc.constantFrom('a', 'a', 'b', 'c'),
          reach: fc.integer({ min: 0, max: 60_000 }),
        }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ do: fc.constant('give back' as const), which: fc.nat(3) }),
      },
      fc.record({ do: fc.constant('push back' as const) }),
      fc.record({ do: fc.constant('pause' as const), ms: fc.integer({ min: 1, max: 8 }) }),
      fc.record({
        do: fc.constant('clock goes back' as const),
        by: fc.integer({ min: 0, max: 20_000_000 }),
      }),
    ),
    { minLength: 5, maxLength: 40 },
  );

  it('are those in memory, whatever is asked in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(rules, steps, async (rule, all) => {
        await redis.client.flushall();
        store = open();
        let model = new MemoryPace(rule);
        let granted: { principal: string; at: number }[] = [];
        for (const step of all) {
          if (step.do === 'pause') {
            await new Promise((resolve) => setTimeout(resolve, step.ms));
          } else if (step.do === 'take') {
            const { who: principal, reach } = step;
            const got = await store.takeTurn({ region: REGION, principal, reach }, rule);
            const { nowUs, sentMs: _, ...decision } = got;
            expect(decision).toEqual(model.take(principal, nowUs, reach));
            if (got.granted) granted.push({ principal, at: got.at });
          } else if (step.do === 'give back') {
            const turn = granted.at(-1 - step.which);
            if (!turn) continue;
            const { nowUs } = await store.giveBack({ region: REGION, ...turn }, rule);
            model.giveBack(turn.principal, turn.at, nowUs);
          } else if (step.do === 'push back') {
            const { nowUs } = await store.pushBack(REGION, rule);
            model.pushBack(nowUs);
          } else {
            // As the clock cannot be set back, what it wrote is set forward.
            const key = `dlcgw:{${REGION}}:pace`;
            await redis.client.flushall();
            const next = Date.now() * 1000 + step.by;
            await redis.client.hset(key, 'next', next, 'pushed', next + 60_000_000);
            // Another one, which does not know of turns from before the clock was set.
            store = open();
            [model, granted] = [new MemoryPace(rule), []];
            model.holdUntil(next);
          }
        }
      }),
      { numRuns: 150 },
    );
  });

  it('of quotas too', async () => {
    const quotas = fc.record({
      limit: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(999_999)),
      windowMs: fc.constantFrom(20, 1000, 3_600_000),
    });
    await fc.assert(
      fc.asyncProperty(quotas, fc.array(fc.nat(6), { maxLength: 25 }), async (rule, pauses) => {
        await redis.client.flushall();
        const model = new MemoryQuotas();
        for (const ms of pauses) {
          if (ms > 3) await new Promise((resolve) => setTimeout(resolve, ms));
          const { nowUs, sentMs: _, ...decision } = await store.spend('cancel a', rule);
          expect(decision).toEqual(model.spend('cancel a', Math.floor(nowUs / 1000), rule));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('go on where they were when Redis has forgotten all, as far as whoever asks was told', async () => {
    const rule = paceRule(20, 3000);
    const ask = async (who: LimitStore, principal: string): Promise<number> => {
      const turn = await who.takeTurn({ region: REGION, principal, reach: 3_000_000 }, rule);
      if (!turn.granted) throw new Error('no turn');
      return turn.at;
    };
    const other = open();
    let last = 0;
    for (let i = 0; i < 10; i += 1) last = await ask(store, `a${i}`);
    await redis.client.flushall();
    const fresh = await ask(other, 'b');
    expect(fresh).toBeLessThan(last);
    expect(await ask(store, 'c')).toBe(last + rule.spacing);
    expect(await ask(other, 'd')).toBe(last + 2 * rule.spacing);
  });

  it('hold where the clock goes back by an hour: a turn once those of before are past, a quota at once', async () => {
    const rule = paceRule(20, 3000);
    const quota = { limit: 2, windowMs: 3_600_000 };
    const turn = { region: REGION, principal: 'a', reach: 3_000_000 };
    await store.takeTurn(turn, rule);
    await store.spend('q', quota);
    const [quotaKey = ''] = await redis.client.keys('dlcgw:quota:*');
    await redis.client.hset(quotaKey, 'at', Date.now() + 3_600_000);
    await redis.client.hset(`dlcgw:{${REGION}}:pace`, 'next', (Date.now() + 3_600_000) * 1000);
    const refused = await store.takeTurn(turn, rule);
    if (refused.granted) throw new Error('granted');
    expect(refused.retryIn).toBe(rule.hold - rule.maxWait);
    const again = await store.takeTurn(turn, rule);
    expect(!again.granted && again.retryIn < refused.retryIn).toBe(true);
    expect(await store.spend('q', quota)).toMatchObject({ allowed: true, left: 0 });
  });

  it('leave keys with a prefix, an end and no names, each region’s with one tag', async () => {
    const rule = paceRule(20, 3000);
    for (const principal of ['alice@example.org', 'bob']) {
      await store.takeTurn({ region: REGION, principal, reach: 3_000_000 }, rule);
      await store.spend(`cancel ${principal}`, { limit: 2, windowMs: 60_000 });
    }
    await store.pushBack(REGION, rule);
    await store.probe();
    const keys = await redis.client.keys('*');
    expect(keys).toHaveLength(6);
    for (const key of keys) {
      expect(key).toMatch(
        /^dlcgw:(\{ap-guangzhou\}:(pace|held:[0-9a-f]{32})|quota:\{[0-9a-f]{32}\}|probe)$/,
      );
      const ttl = await redis.client.pttl(key);
      expect(ttl).toBeGreaterThan(0);
      expect(ttl).toBeLessThanOrEqual(60_000);
    }
  });

  it('take memory only for as long as somebody waits: 10,000 principals later there is as much', async () => {
    const rule = paceRule(1_000_000, 0);
    const used = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1]);
    const before = await used();
    for (let i = 0; i < 10_000; i += 100) {
      const ask = async (n: number): Promise<void> => {
        await store.takeTurn({ region: REGION, principal: `p${n}`, reach: 0 }, rule);
        await store.spend(`cancel p${n}`, { limit: 100, windowMs: 1000 });
      };
      await Promise.all(Array.from({ length: 100 }, (_, n) => ask(i + n)));
    }
    while ((await redis.client.dbsize()) > 1) await new Promise((r) => setTimeout(r, 50));
    expect((await used()) - before).toBeLessThan(1_000_000);
  });
});
