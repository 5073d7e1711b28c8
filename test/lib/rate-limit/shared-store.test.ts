import { beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { createQuotas } from '../../../src/lib/rate-limit/quota.ts';
import { createSharedStore } from '../../../src/lib/rate-limit/redis.ts';
import { createOwnSlots, slotRule } from '../../../src/lib/rate-limit/slots.ts';
import type { LogFields } from '../../../src/lib/observability/log.ts';
import { FakeStore, type StoreState } from '../../support/fake-store.ts';
import { ManualTime } from '../../support/manual-time.ts';

const REGION = 'ap-guangzhou';
const QUOTA = { limit: 2, windowMs: 60_000 };
const RULE = slotRule(20, 3000);
/** `MAX_WAIT_MS` + 1 s + M. */
const QUIET_MS = 4100;
/** A retry each second, and the longest that a store goes unnoticed that works again. */
const NOTICE_MS = 2260;

let time: ManualTime;
let store: FakeStore;
let lines: { level: string; event: string; fields: LogFields }[];
beforeEach(() => {
  time = new ManualTime();
  store = new FakeStore(time, RULE);
  lines = [];
});

type SharedStore = ReturnType<typeof createSharedStore>;

/** One of four instances. */
function instance(redis = store.connect()): SharedStore {
  const { steadyMs } = time;
  const share = createOwnSlots(slotRule(20 / 4, 3000), steadyMs);
  const log = {
    write: (level: string, event: string, fields: LogFields) =>
      void lines.push({ level, event, fields }),
  };
  const own = { ...share, ...createQuotas(steadyMs) };
  return createSharedStore(redis, own, RULE.quiet / 1000, { steadyMs, log });
}

/** Lets time pass until the work is done, and tells how long it took. */
async function timed<T>(work: Promise<T>): Promise<{ result: T; tookMs: number }> {
  const begun = time.steadyMs();
  const done: { result: T; tookMs: number }[] = [];
  const finish = async (): Promise<void> => {
    const result = await work;
    done.push({ result, tookMs: time.steadyMs() - begun });
  };
  void finish();
  await time.pass(0);
  for (let ms = 0; done.length === 0 && ms < 1000; ms += 1) await time.pass(1);
  const [first] = done;
  if (!first) throw new Error('no end');
  return first;
}

/** `inMs`: how far ahead the slot is. */
async function acquire(limits: SharedStore, principal = 'a', region = REGION, reachMs = 3000) {
  const holder = { principal, kind: 'single' } as const;
  const { result, tookMs } = await timed(limits.acquire(region, holder, reachMs));
  const inMs = result.granted ? result.fromMs - time.steadyMs() : undefined;
  return { ...result, tookMs, inMs };
}

const spend = async (limits: SharedStore, key = 'cancel a') =>
  (await timed(limits.spend(key, QUOTA))).result;
const events = (): string[] => lines.map(({ event }) => event);

/** An instance that has lost the store and is past its quiet period. */
async function onItsOwn(state: StoreState = 'silent'): Promise<SharedStore> {
  const limits = instance();
  await acquire(limits);
  store.state = state;
  await acquire(limits);
  await time.pass(QUIET_MS);
  return limits;
}

describe('while the store is well', () => {
  it('its slots are shared by all instances', async () => {
    const [one, other] = [instance(), instance()];
    expect(await acquire(one)).toMatchObject({ granted: true });
    const reply = await acquire(other, 'b');
    expect(reply.inMs).toBeGreaterThan(50);
    expect(reply.inMs).toBeLessThanOrEqual(55);
    await timed(one.backOff(REGION));
    expect((await acquire(one)).inMs).toBeGreaterThan(990);
    expect(store.calls).toEqual(['acquire', 'acquire', 'back off', 'acquire']);
    expect(lines).toEqual([]);
  });

  it('so are quotas', async () => {
    const [one, other] = [instance(), instance()];
    const decisions = [await spend(one), await spend(other), await spend(one)];
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false]);
  });
});

describe('when the store fails', () => {
  it.each([
    ['does not answer', 'silent', 'no answer within 60 ms', 120],
    ['refuses', { reason: 'OOM' }, 'OOM', 0],
  ] as const)(
    'as it %s, the calls at that time wait, and no later ones',
    async (_, state, reason, tookMs) => {
      const limits = instance();
      await acquire(limits);
      store.state = state;
      const holder = { principal: 'a', kind: 'single' } as const;
      const all = [
        limits.acquire(REGION, holder, 3000),
        limits.acquire(REGION, holder, 3000),
        limits.acquire(REGION, holder, 3000),
      ];
      expect(await timed(Promise.all(all))).toMatchObject({ tookMs });
      expect((await acquire(limits)).tookMs).toBe(0);
      const fields = { reason, region: REGION, quietMs: QUIET_MS };
      expect(lines).toEqual([{ level: 'warn', event: 'limits-own', fields }]);
    },
  );

  it('no slot is used until all slots from before are past; then the own share is', async () => {
    const limits = instance();
    store.state = { reason: 'connection refused' };
    expect(await acquire(limits)).toMatchObject({
      granted: false,
      retryInMs: QUIET_MS - 3000,
      isQuiet: true,
    });
    await time.pass(QUIET_MS - 3000);
    expect((await acquire(limits)).inMs).toBe(3000);
    await time.pass(3000);
    // A fourth of twenty a second, with M.
    expect((await acquire(limits)).inMs).toBe(220);
    expect(await acquire(limits, 'b', REGION, 100)).toMatchObject({ isQuiet: false });
  });

  it('a slot that was asked for before the switch and comes after it is not used', async () => {
    const limits = instance();
    store.latencyMs = 25;
    const holder = { principal: 'a', kind: 'single' } as const;
    const late = limits.acquire(REGION, holder, 3000);
    await time.pass(10);
    store.state = { reason: 'OOM' };
    const failed = limits.acquire(REGION, holder, 3000);
    const { result } = await timed(Promise.all([late, failed]));
    expect(result).toMatchObject([{ isQuiet: true }, { isQuiet: true }]);
    expect(events()).toEqual(['limits-own']);
  });

  it('is asked again once a second, by the requests that come then, which wait for the outcome', async () => {
    const limits = await onItsOwn();
    let trials = 0;
    for (let ms = 0; ms < 5000; ms += 100) {
      const holder = { principal: 'a', kind: 'single' } as const;
      const { tookMs } = await timed(
        Promise.all([limits.acquire(REGION, holder, 3000), limits.acquire(REGION, holder, 3000)]),
      );
      expect([0, 120]).toContain(tookMs);
      if (tookMs > 0) trials += 1;
      await time.pass(100);
    }
    expect(trials).toBeGreaterThanOrEqual(4);
    expect(trials).toBeLessThanOrEqual(6);
    expect(events()).toEqual(['limits-own']);
  });

  it('quotas are this instance’s own meanwhile, and one line says so, as when they are shared again', async () => {
    const limits = instance();
    store.state = { reason: 'OOM' };
    const decisions = [await spend(limits), await spend(limits), await spend(limits)];
    expect(decisions.map(({ allowed }) => allowed)).toEqual([true, true, false]);
    await spend(limits, 'cancel b');
    const own = { level: 'warn', event: 'quotas-own', fields: { reason: 'OOM' } };
    expect(lines).toEqual([own]);
    store.state = 'well';
    expect(await spend(limits)).toMatchObject({ allowed: true, left: 1 });
    await spend(limits, 'cancel b');
    // A Redis that comes and goes does not fill the log.
    store.state = { reason: 'OOM' };
    await spend(limits);
    store.state = 'well';
    await spend(limits);
    expect(lines).toEqual([own]);
    await time.pass(60_000);
    await spend(limits);
    expect(lines).toEqual([own, { level: 'info', event: 'quotas-shared', fields: {} }]);
  });

  it('to reply, quotas are not asked for a second: no request waits again', async () => {
    const limits = instance();
    store.state = 'silent';
    await timed(spend(limits));
    store.calls.length = 0;
    expect((await timed(spend(limits, 'cancel b'))).tookMs).toBe(0);
    expect(store.calls).toEqual([]);
    await time.pass(1000);
    store.state = 'well';
    await spend(limits, 'cancel b');
    expect(store.calls).toEqual(['spend']);
  });

  it('for a quota whose caller does not come back: they count as shared if none failed for a minute', async () => {
    const limits = instance();
    store.states.set('cancel b', { reason: 'ERR' });
    await spend(limits, 'cancel b');
    await time.pass(59_000);
    await spend(limits);
    expect(events()).toEqual(['quotas-own']);
    await time.pass(1000);
    await spend(limits);
    expect(events()).toEqual(['quotas-own', 'quotas-shared']);
    await spend(limits, 'cancel b');
    expect(events()).toEqual(['quotas-own', 'quotas-shared', 'quotas-own']);
  });

  it('for one region, or for one caller’s quota: nobody else notices', async () => {
    const limits = instance();
    store.states.set('ap-singapore', { reason: 'ERR' });
    store.states.set('cancel b', { reason: 'ERR' });
    expect(await acquire(limits, 'a', 'ap-singapore')).toMatchObject({ isQuiet: true });
    await spend(limits, 'cancel b');
    store.calls.length = 0;
    expect(await acquire(limits)).toMatchObject({ granted: true });
    expect(await spend(limits)).toMatchObject({ allowed: true });
    expect(store.calls).toEqual(['acquire', 'spend']);
    expect(lines).toMatchObject([
      { event: 'limits-own', fields: { region: 'ap-singapore' } },
      { event: 'quotas-own' },
    ]);
  });

  it('by its settings: that is an error with a remedy, and a status, until it is mended', async () => {
    const limits = instance();
    expect((await timed(limits.misconfiguration())).result).toBeUndefined();
    store.states.set(REGION, { reason: 'MOVED', misconfiguration: 'redis-cluster' });
    store.states.set('cancel b', { reason: 'NOPERM', misconfiguration: 'redis-permission' });
    await acquire(limits);
    expect(lines).toMatchObject([
      {
        level: 'error',
        event: 'limits-own',
        fields: { reason: 'MOVED', remedy: expect.stringContaining('cluster') },
      },
    ]);
    const status = async () => (await timed(limits.misconfiguration())).result;
    expect(await status()).toBe('redis-cluster');
    store.states.delete(REGION);
    await time.pass(1000);
    expect(await status()).toBeUndefined();
    await spend(limits, 'cancel b');
    expect(await status()).toBe('redis-permission');
    store.states.clear();
    await time.pass(1000);
    expect(await status()).toBeUndefined();
  });

  it('for a while, and then by its settings: the second is logged too', async () => {
    const limits = await onItsOwn({ reason: 'connection refused' });
    store.state = { reason: 'WRONGPASS', misconfiguration: 'redis-password' };
    await acquire(limits);
    expect(lines).toMatchObject([{ level: 'warn' }, { level: 'error', event: 'limits-own' }]);
  });
});

describe('when the store is back', () => {
  it('a quiet period passes until nobody has slots of its own, and refusals say when it ends', async () => {
    const limits = await onItsOwn();
    store.state = 'well';
    expect(await acquire(limits)).toMatchObject({
      granted: false,
      retryInMs: QUIET_MS + NOTICE_MS,
      isQuiet: true,
    });
    expect(lines[1]).toEqual({
      level: 'info',
      event: 'limits-shared',
      fields: { region: REGION, quietMs: QUIET_MS + NOTICE_MS },
    });
    store.calls.length = 0;
    await time.pass(QUIET_MS + NOTICE_MS - 1);
    expect(await acquire(limits)).toMatchObject({ granted: false, retryInMs: 1 });
    await time.pass(1);
    expect((await acquire(limits)).inMs).toBeLessThan(1);
    expect(store.calls).toEqual(['acquire']);
  });

  it('a call that began before the return, and fails after it, changes nothing', async () => {
    const limits = await onItsOwn();
    const holder = { principal: 'a', kind: 'single' } as const;
    const late = limits.acquire(REGION, holder, 3000);
    await time.pass(10);
    store.state = 'well';
    const first = limits.acquire(REGION, holder, 3000);
    const { result } = await timed(Promise.all([late, first]));
    expect(result).toMatchObject([
      { granted: false, isQuiet: true },
      { granted: false, isQuiet: true },
    ]);
    expect(events()).toEqual(['limits-own', 'limits-shared']);
  });

  it('only the same operation on the same key brings the region back', async () => {
    const limits = await onItsOwn({ reason: 'ERR' });
    store.state = 'well';
    store.states.set(REGION, { reason: 'ERR' });
    for (let i = 0; i < 5; i += 1) {
      await spend(limits);
      await acquire(limits, 'a', 'ap-singapore');
      await acquire(limits);
      await time.pass(1000);
    }
    expect(events()).toEqual(['limits-own']);
  });

  it('an instance that slept meanwhile grants none of its own before it has asked', async () => {
    const limits = await onItsOwn();
    store.state = 'well';
    await time.pass(60_000);
    const holder = { principal: 'a', kind: 'single' } as const;
    const { result } = await timed(
      Promise.all([limits.acquire(REGION, holder, 3000), limits.acquire(REGION, holder, 3000)]),
    );
    expect(result.map(({ granted }) => granted)).toEqual([false, false]);
    expect(events()).toEqual(['limits-own', 'limits-shared']);
  });

  it('and fails again and again: it refuses for at most two quiet periods in any minute', async () => {
    const limits = instance();
    const refusedAt: number[] = [];
    for (let ms = 0; ms < 200_000; ms += 100) {
      store.state = ms % 7000 < 4000 ? 'well' : { reason: 'connection closed' };
      const reply = await acquire(limits, `p${ms % 700}`);
      if (!reply.granted && reply.isQuiet) refusedAt.push(ms);
      await time.pass(100 - reply.tookMs);
      const inMinute = refusedAt.filter((at) => at > ms - 60_000).length * 100;
      expect(inMinute).toBeLessThanOrEqual(2 * (QUIET_MS + NOTICE_MS));
    }
    // It did not stay on its own for ever.
    expect(events().filter((event) => event === 'limits-shared').length).toBeGreaterThan(2);
  });
});

/** The most departures in any sliding second. */
function busiestSecond(departures: readonly number[]): number {
  const sorted = departures.toSorted((a, b) => a - b);
  const counts = sorted.map((from, i) => {
    const end = sorted.findIndex((at, j) => j > i && at >= from + 1000);
    return (end < 0 ? sorted.length : end) - i;
  });
  return Math.max(0, ...counts);
}

it('an instance that alone cannot reach the store adds its share, and no more', async () => {
  const unreachable = new FakeStore(time, RULE);
  unreachable.state = { reason: 'connection refused' };
  const fleet = [instance(), instance(), instance(), instance(unreachable.connect())];
  const departures: number[] = [];
  for (let ms = 0; ms < 10_000; ms += 50) {
    const [limits] = fleet.slice((ms / 50) % 4);
    if (!limits) continue;
    for (const principal of ['a', 'b', 'c']) {
      const reply = await acquire(limits, principal);
      if (reply.granted) departures.push(reply.fromMs);
    }
    await time.pass(50);
  }
  expect(busiestSecond(departures)).toBeGreaterThan(20);
  expect(busiestSecond(departures)).toBeLessThanOrEqual(20 + 20 / 4);
});

/** What the store does for a while, and which instances have hardly anything to decide meanwhile. */
const phase = (state: fc.Arbitrary<StoreState>, max: number) =>
  fc.record({
    state,
    forMs: fc.integer({ min: 50, max }),
    latencyMs: fc.integer({ min: 0, max: 20 }),
    idle: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
  });
const well = (max: number) => phase(fc.constant('well'), max);
const failing = phase(fc.constantFrom<StoreState>('silent', { reason: 'OOM' }), 6000);

it('never more than the limit leaves in a sliding second, before, during and after an outage', async () => {
  const phases = fc
    .tuple(well(2000), fc.array(failing, { minLength: 1, maxLength: 3 }), well(9000))
    .map(([before, outage, after]) => [before, ...outage, after]);
  await fc.assert(
    fc.asyncProperty(phases, async (all) => {
      time = new ManualTime();
      store = new FakeStore(time, RULE);
      const fleet = [instance(), instance(), instance(), instance()];
      const departures: number[] = [];
      const ask = async (limits: SharedStore): Promise<void> => {
        const holder = { principal: `p${departures.length % 7}`, kind: 'single' } as const;
        const reply = await limits.acquire(REGION, holder, 3000);
        if (reply.granted) departures.push(reply.fromMs);
      };
      for (const limits of fleet) void ask(limits);
      await time.pass(50);
      for (const { state, forMs, latencyMs, idle } of all) {
        store.latencyMs = latencyMs;
        store.state = state;
        // All have something to decide once a second: one that slept through an outage cannot know of
        // the others' slots (docs/decisions/0008).
        for (let ms = 0; ms < forMs; ms += 50) {
          for (const [i, limits] of fleet.entries())
            if (ms % 900 === 0 || !idle.includes(i)) void ask(limits);
          await time.pass(50);
        }
      }
      expect(busiestSecond(departures)).toBeLessThanOrEqual(20);
    }),
    { numRuns: 30 },
  );
});
