import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MOST_UNITS, quotaDecision } from '../../../src/lib/rate-limit/quota.ts';
import { SCRIPTS, type ScriptName } from '../../../src/lib/rate-limit/redis-scripts.ts';
import { createRedisStore, type RedisStore } from '../../../src/lib/rate-limit/redis.ts';
import { holderId, SHARES, slotRule, type SlotRule } from '../../../src/lib/rate-limit/slots.ts';
import { quotasAtTimes, slotsAtTimes } from '../../support/own-slots.ts';
import { describeWithRedis, startRedis, type RedisServer } from '../../support/redis.ts';

/** The scripts in a real Redis against the same rules in TypeScript, and what only they have to do. */

const REGION = 'ap-guangzhou';
const RULE = slotRule(20, 3000);
const SECOND = 1_000_000;
const START = 1_800_000_000 * SECOND;

const rules = fc
  .record({ rate: fc.integer({ min: 1, max: 60 }), maxWaitMs: fc.integer({ min: 0, max: 4000 }) })
  .map(({ rate, maxWaitMs }) => slotRule(rate, maxWaitMs));
const holder = fc.record({
  principal: fc.constantFrom('a', 'a', 'b', 'c'),
  kind: fc.constantFrom('single' as const, 'batch' as const),
});
const after = fc.integer({ min: 0, max: 300_000 });
const steps = fc.array(
  fc.oneof(
    {
      weight: 8,
      arbitrary: fc.record({
        do: fc.constant('acquire' as const),
        after,
        holder,
        reach: fc.integer({ min: 0, max: 4 * SECOND }),
      }),
    },
    fc.record({ do: fc.constant('back off' as const), after }),
  ),
  { minLength: 5, maxLength: 60 },
);

describeWithRedis('the rules in Redis', () => {
  let redis: RedisServer;
  const stores: RedisStore[] = [];
  beforeAll(async () => {
    redis = await startRedis();
  });
  beforeEach(() => redis.client.flushall());
  afterAll(async () => {
    for (const store of stores) store.close();
    await redis.stop();
  });

  /**
   * Runs a script at a time of the test's own: the first two arguments take the place of `TIME`. Nothing expires, which Redis
   * would decide by its own clock.
   */
  const run = async (
    script: ScriptName,
    now: number,
    keys: readonly string[],
    args: readonly number[],
  ): Promise<number[]> => {
    const time = [Math.floor(now / SECOND), now % SECOND];
    const timed = SCRIPTS[script].lua
      .replace("redis.call('TIME')", '{table.remove(ARGV, 1), table.remove(ARGV, 1)}')
      .replaceAll(/redis\.call\('PEXPIRE',.*/g, '');
    const reply = await redis.client.eval(timed, keys.length, ...keys, ...time, ...args);
    return Array.isArray(reply) ? reply.map(Number) : [];
  };
  const ruleArgs = ({ spacing, maxWait, quiet }: SlotRule, known = 0): number[] =>
    [spacing, maxWait, quiet].concat(known);

  it('are those in memory, whatever is asked in whatever order', async () => {
    await fc.assert(
      fc.asyncProperty(rules, steps, async (rule, all) => {
        await redis.client.flushall();
        const model = slotsAtTimes(rule);
        let [now, known] = [START, 0];
        for (const step of all) {
          now += step.after;
          if (step.do === 'acquire') {
            const keys = ['slots', holderId(step.holder)];
            const args = [...ruleArgs(rule, known), step.reach, SHARES[step.holder.kind]];
            const [next = 0, us, isGranted] = await run('acquireSlot', now, keys, args);
            known = next;
            const expected = model.acquire(step.holder, now - START, step.reach);
            expect([isGranted, us]).toEqual(
              expected.granted ? [1, START + expected.at - now] : [0, expected.retryIn],
            );
          } else {
            [known = 0] = await run('backOff', now, ['slots'], ruleArgs(rule, known));
            model.backOff(now - START);
          }
        }
      }),
      { numRuns: 100 },
    );
  });

  it('of quotas too', async () => {
    const quotas = fc.record({
      limit: fc.oneof(fc.integer({ min: 1, max: 10 }), fc.constant(999_999)),
      windowMs: fc.constantFrom(20, 1000, 3_600_000),
    });
    const spends = fc.array(
      fc.record({
        after: fc.nat(6000),
        units: fc.oneof(fc.constant(1), fc.nat(MOST_UNITS)),
        isAdmitted: fc.boolean(),
      }),
      { maxLength: 25 },
    );
    await fc.assert(
      fc.asyncProperty(quotas, spends, async (rule, all) => {
        await redis.client.flushall();
        const model = quotasAtTimes();
        let nowMs = START / 1000;
        for (const { after: ms, units, isAdmitted } of all) {
          nowMs += ms;
          const args = [rule.limit, rule.windowMs, units, MOST_UNITS, Number(isAdmitted)];
          const [debt = 0, allowed] = await run('spendQuota', nowMs * 1000, ['quota'], args);
          const decision = quotaDecision(allowed === 1, debt, rule);
          expect(decision).toEqual(model.spend('a', nowMs, rule, units, isAdmitted));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('hold if the clock goes back by an hour: a slot once those from before are past, a quota at once', async () => {
    const keys = ['slots', 'held'];
    const args = [...ruleArgs(RULE), RULE.maxWait, 4];
    await run('acquireSlot', START, keys, args);
    await run('spendQuota', START, ['quota'], [2, 3_600_000, 1, MOST_UNITS, 0]);
    const back = START - 3600 * SECOND;
    const [, retryIn, granted] = await run('acquireSlot', back, keys, args);
    expect([granted, retryIn]).toEqual([-1, RULE.quiet - RULE.maxWait]);
    expect((await run('acquireSlot', back + RULE.quiet, keys, args))[2]).toBe(1);
    const [debt, allowed] = await run(
      'spendQuota',
      back,
      ['quota'],
      [2, 3_600_000, 1, MOST_UNITS, 0],
    );
    expect([debt, allowed]).toEqual([7_200_000, 1]);
  });

  const open = (rule: SlotRule = RULE): RedisStore => {
    const target = { host: '127.0.0.1', port: redis.port, tls: false, database: 0 };
    const store = createRedisStore(target, rule, () => performance.now());
    stores.push(store);
    return store;
  };
  const acquire = async (store: RedisStore, principal: string) => {
    await store.acquire(REGION, { principal, kind: 'single' }, 3000);
  };

  it.each([
    ['lost all', () => redis.client.flushall()],
    ['came up with what it knew before', () => redis.client.hset('slots', 'next', START)],
  ])('grant nothing before all that may have been granted, if Redis %s', async (_, lose) => {
    let now = START;
    const ask = async (principal: string, known: number) => {
      const args = [...ruleArgs(RULE, known), RULE.maxWait, 4];
      const [next = 0, delay = 0, granted] = await run(
        'acquireSlot',
        now,
        ['slots', principal],
        args,
      );
      return { next, delay, granted };
    };
    let known = 0;
    for (let i = 0; i < 10; i += 1) known = (await ask(`a${i}`, known)).next;
    now += 100_000;
    await lose();
    // One that has got none of them cannot know.
    expect((await ask('b', 0)).delay).toBe(0);
    const late = await ask('c', known);
    const horizon = now + RULE.maxWait + RULE.spacing;
    // Nothing is sent until then: the caller learns it.
    expect(late).toEqual({ next: horizon, delay: RULE.spacing, granted: -1 });
    now += RULE.spacing;
    expect(await ask('c', late.next)).toMatchObject({ delay: RULE.maxWait, granted: 1 });
    // What others got before is no news any more.
    now += RULE.spacing;
    expect(await ask('d', known)).toMatchObject({ delay: RULE.maxWait, granted: 1 });
    now += RULE.maxWait;
    const all = await Promise.all(Array.from({ length: 15 }, () => ask('e', 0)));
    expect(all.at(-1)).toMatchObject({ granted: 0 });
  });

  it.each(['acquireSlot', 'backOff'] as const)(
    'grant nothing before all that may have been granted, if Redis lost a region that the instance knows: %s',
    async (first) => {
      const ask = async (script: ScriptName, known: number) => {
        const more = script === 'acquireSlot' ? [RULE.maxWait, 4] : [];
        const [next = 0] = await run(
          script,
          START,
          ['slots', 'a'],
          [...ruleArgs(RULE, known), ...more],
        );
        return next;
      };
      const horizon = START + RULE.maxWait + RULE.spacing;
      // It knows of slots that are long past.
      expect(await ask(first, 1)).toBeGreaterThanOrEqual(horizon);
      expect(await ask('acquireSlot', START - SECOND)).toBeGreaterThanOrEqual(horizon);
      // It came up with an older state: others may have been granted what it does not know.
      await redis.client.hset('slots', 'next', START - 2 * SECOND);
      expect(await ask('acquireSlot', START - SECOND)).toBeGreaterThanOrEqual(horizon);
      await redis.client.flushall();
      // The first that is ever asked for a slot.
      expect(await ask('acquireSlot', 0)).toBe(START + RULE.spacing);
      expect(await ask('acquireSlot', 1)).toBe(START + 2 * RULE.spacing);
    },
  );

  it('grant a slot of a region that is used for the first time at once', async () => {
    const store = open();
    await acquire(store, 'a');
    const other = await store.acquire('ap-singapore', { principal: 'a', kind: 'single' }, 0);
    expect(other).toMatchObject({ granted: true });
  });

  it.each([
    ['a text', ['SET', 'x']],
    ['a list', ['LPUSH', 'x']],
    [
      'numbers that are none',
      ['HSET', 'next', 'nan', 'backedOff', 'inf', 'debt', 'x', 'at', 'nan'],
    ],
  ] as const)('put up with %s under their keys', async (_, [command, ...rest]) => {
    const rule = { limit: 50, windowMs: 60_000 };
    const first = open();
    await acquire(first, 'a');
    await first.spend('a', rule, 1);
    const keys = await redis.client.keys('*');
    expect(keys).toHaveLength(3);
    await redis.client.flushall();
    for (const key of keys) await redis.client.call(command, key, ...rest);
    const store = open();
    await acquire(store, 'a');
    const before = await store.spend('a', rule, 1);
    await acquire(store, 'a');
    const later = await store.spend('a', rule, 1);
    expect([before.allowed, later.allowed, later.left < before.left]).toEqual([true, true, true]);
  });

  it('leave keys with a prefix, an end and no names, each region’s with one tag', async () => {
    const store = open();
    for (const principal of ['alice@example.org', 'bob']) {
      await acquire(store, principal);
      await store.spend(`cancel ${principal}`, { limit: 2, windowMs: 60_000 }, 1);
    }
    await store.backOff(REGION);
    const keys = await redis.client.keys('*');
    expect(keys).toHaveLength(5);
    for (const key of keys) {
      expect(key).toMatch(
        /^dlcgw:(\{ap-guangzhou\}:(slots|held:[0-9a-f]{32})|quota:\{[0-9a-f]{32}\})$/,
      );
      const ttl = await redis.client.pttl(key);
      expect(ttl).toBeGreaterThan(0);
      // For so long Redis remembers that it lost nothing.
      const longest = key.endsWith(':slots') ? 30 * 86_400_000 : 60_000;
      expect(ttl).toBeLessThanOrEqual(longest);
    }
  });

  it('take memory only for as long as somebody waits: 10,000 principals later there is as much', async () => {
    const store = open(slotRule(1_000_000, 0));
    const used = async (): Promise<number> =>
      Number(/used_memory:(\d+)/.exec(await redis.client.info('memory'))?.[1]);
    const before = await used();
    for (let i = 0; i < 10_000; i += 100) {
      const ask = (n: number): Promise<unknown> =>
        // On a busy machine, some answers come too late: Redis has their keys all the same.
        Promise.allSettled([
          store.acquire(REGION, { principal: `p${n}`, kind: 'single' }, 0),
          store.spend(`cancel p${n}`, { limit: 100, windowMs: 1000 }, 1),
        ]);
      await Promise.all(Array.from({ length: 100 }, (_, n) => ask(i + n)));
    }
    while ((await redis.client.dbsize()) > 1) await new Promise((r) => setTimeout(r, 50));
    expect((await used()) - before).toBeLessThan(1_000_000);
  });
});
