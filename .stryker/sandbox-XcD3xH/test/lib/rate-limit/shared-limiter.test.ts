import { beforeEach, describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MemoryLimiter, type TurnReply } from '../../../src/lib/rate-limit/limiter.ts';
import { paceRule } from '../../../src/lib/rate-limit/pace.ts';
import { SharedLimiter } from '../../../src/lib/rate-limit/shared-limiter.ts';
import type { LimitStore } from '../../../src/lib/rate-limit/store.ts';
import type { LogFields } from '../../../src/lib/observability/log.ts';
import { ManualStore } from '../../support/manual-store.ts';
import { ManualTime } from '../../support/manual-time.ts';

const REGION = 'ap-guangzhou';
const QUOTA = { limit: 2, windowMs: 60_000 };
/** `MAX_WAIT_MS` + 1 s + M. */
const HOLD_MS = 4100;

let time: ManualTime;
let store: ManualStore;
let lines: { event: string; fields: LogFields }[];
beforeEach(() => {
  time = new ManualTime();
  store = new ManualStore(time);
  lines = [];
});

/** One of four instances. */
function instance(open = async (): Promise<LimitStore> => store.connect()): SharedLimiter {
  const own = new MemoryLimiter(20 / 4, 3000, time.steadyMs);
  const log = {
    write: (_: string, event: string, fields: LogFields) => void lines.push({ event, fields }),
  };
  return new SharedLimiter({ open, own, rule: paceRule(20, 3000), times: time, log });
}

/** What a decision comes to, and how many milliseconds it took. */
async function take(limiter: SharedLimiter, principal = 'a') {
  const begun = time.steadyMs();
  const got: { reply: TurnReply; tookMs: number }[] = [];
  const decide = async (): Promise<void> => {
    const reply = await limiter.takeTurn(REGION, principal, 3000);
    got.push({ reply, tookMs: time.steadyMs() - begun });
  };
  void decide();
  await time.pass(0);
  for (let ms = 0; got.length === 0 && ms < 1000; ms += 1) await time.pass(1);
  const [first] = got;
  if (!first) throw new Error('no decision');
  const { reply, tookMs } = first;
  return { reply, tookMs, inMs: reply.granted ? reply.fromMs - begun - tookMs : undefined };
}

const events = (): string[] => lines.map(({ event }) => event);

describe('while the store is well', () => {
  it('its turns are everybody’s, and its clock may be any', async () => {
    const [one, other] = [instance(), instance()];
    expect((await take(one)).reply.granted).toBe(true);
    const { inMs, reply } = await take(other, 'b');
    expect(inMs).toBeGreaterThan(50);
    expect(inMs).toBeLessThanOrEqual(55);
    if (reply.granted) other.giveBack(reply.turn);
    one.pushBack(REGION);
    await time.pass(3);
    expect((await take(one)).inMs).toBeGreaterThan(990);
    expect(store.calls).toEqual(['take', 'take', 'give back', 'push back', 'take']);
    expect(lines).toEqual([]);
  });

  it('so are quotas', async () => {
    const [one, other] = [instance(), instance()];
    const left: number[] = [];
    for (const limiter of [one, other, one]) {
      void limiter.spend('cancel a', QUOTA).then((got) => left.push(got.allowed ? got.left : -1));
      await time.pass(3);
    }
    expect(left).toEqual([1, 0, -1]);
  });

  it('a slow reply now and then costs no precision, for the fast ones tell where its clock is', async () => {
    const limiter = instance();
    await take(limiter);
    store.latencyMs = 45;
    const { reply } = await take(limiter);
    if (!reply.granted) throw new Error('refused');
    expect(reply.toMs - reply.fromMs).toBeGreaterThan(70);
    expect(lines).toEqual([]);
  });
});

describe('when the store fails', () => {
  it.each([
    ['does not answer', 'silent', 'no answer within 100 ms', 100],
    ['refuses', { reason: 'READONLY' }, 'READONLY', 0],
  ] as const)('as it %s, one decision waits, and all know', async (_, state, reason, mostMs) => {
    const limiter = instance();
    await take(limiter);
    store.state = state;
    const all = await Promise.all([take(limiter), take(limiter, 'b'), take(limiter, 'c')]);
    for (const { tookMs } of all) expect(tookMs).toBeLessThanOrEqual(mostMs + 1);
    expect((await take(limiter)).tookMs).toBe(0);
    expect(lines).toEqual([{ event: 'limits-own', fields: { reason, holdMs: HOLD_MS } }]);
  });

  it('nothing leaves before all turns of before are past; then the own share does', async () => {
    const limiter = instance();
    store.state = { reason: 'connection refused' };
    expect((await take(limiter)).reply).toEqual({ granted: false, retryInMs: HOLD_MS - 3000 });
    await time.pass(HOLD_MS - 3000);
    expect((await take(limiter)).inMs).toBe(3000);
    await time.pass(3000);
    // A fourth of twenty a second, with M.
    expect((await take(limiter)).inMs).toBe(220);
  });

  it('is dead from the start, or its code cannot be loaded: the same', async () => {
    const limiter = instance(() => Promise.reject(new Error('Cannot find module /srv/redis.js')));
    expect((await take(limiter)).tookMs).toBe(0);
    expect(lines).toMatchObject([{ fields: { reason: 'redis.js cannot be used' } }]);
  });

  it('is looked at again once a second, by decisions that do not wait for it', async () => {
    const limiter = instance();
    store.state = 'silent';
    await take(limiter);
    for (let i = 0; i < 50; i += 1) {
      expect((await take(limiter)).tookMs).toBe(0);
      await time.pass(100);
    }
    const probes = store.calls.filter((call) => call === 'probe').length;
    // A few more in the first second, for it may have been a moment only.
    expect(probes).toBeGreaterThanOrEqual(4);
    expect(probes).toBeLessThanOrEqual(4 + 5);
    expect(store.reconnects).toBe(1 + probes);
    expect(events()).toEqual(['limits-own']);
  });

  it('quotas are this instance’s own meanwhile', async () => {
    const limiter = instance();
    store.state = { reason: 'OOM' };
    const left: number[] = [];
    for (let i = 0; i < 3; i += 1) {
      void limiter.spend('cancel a', QUOTA).then((got) => left.push(got.allowed ? got.left : -1));
      await time.pass(0);
    }
    expect(left).toEqual([1, 0, -1]);
    expect(events()).toEqual(['limits-own']);
  });
});

describe('when the store is back', () => {
  async function lost(): Promise<SharedLimiter> {
    const limiter = instance();
    store.state = 'silent';
    await take(limiter);
    await time.pass(HOLD_MS);
    await take(limiter);
    await time.pass(1000);
    store.state = 'well';
    return limiter;
  }

  it('it is asked for turns when nobody’s own can be out any more, and refusals say when', async () => {
    const limiter = await lost();
    await take(limiter);
    await time.pass(3);
    expect(events()).toEqual(['limits-own', 'limits-shared']);
    store.calls.length = 0;
    const { reply } = await take(limiter);
    if (reply.granted) throw new Error('granted');
    expect(reply.retryInMs).toBeGreaterThan(HOLD_MS);
    expect(store.calls).toEqual([]);
    await time.pass(reply.retryInMs);
    expect((await take(limiter)).inMs).toBeLessThan(1);
    expect(store.calls).toEqual(['take']);
  });

  it('after a moment only, nobody can have turns of its own yet: it goes on at once', async () => {
    const limiter = instance();
    await take(limiter);
    store.state = 'silent';
    await take(limiter);
    store.state = 'well';
    await time.pass(200);
    expect((await take(limiter)).reply.granted).toBe(false);
    await time.pass(3);
    expect((await take(limiter)).reply.granted).toBe(true);
    expect(lines).toMatchObject([{}, { event: 'limits-shared', fields: { holdMs: 0 } }]);
  });

  it('after a moment in which it was not there, it may have been started anew: turns of before are waited for', async () => {
    const limiter = instance();
    await take(limiter);
    store.state = { reason: 'connection refused' };
    await take(limiter);
    store.state = 'well';
    await time.pass(200);
    expect((await take(limiter)).reply.granted).toBe(false);
    await time.pass(3);
    expect((await take(limiter)).reply.granted).toBe(false);
    const [, back] = lines;
    expect(back).toMatchObject({ event: 'limits-shared' });
    expect(back?.fields['holdMs']).toBeGreaterThan(HOLD_MS);
  });

  it('an instance that slept meanwhile hands out none of its own before it has looked', async () => {
    const limiter = await lost();
    await time.pass(60_000);
    expect((await take(limiter)).reply.granted).toBe(false);
    expect(events()).toEqual(['limits-own', 'limits-shared']);
  });
});

describe('a process that stands still during a call', () => {
  it('asks again, on a new connection, instead of giving the store up', async () => {
    const limiter = instance();
    store.state = 'silent';
    const reply = limiter.takeTurn(REGION, 'a', 3000);
    await time.pass(1);
    store.state = 'well';
    await time.standStill(60_000);
    await time.pass(10);
    expect((await reply).granted).toBe(true);
    expect({ lines, reconnects: store.reconnects }).toEqual({ lines: [], reconnects: 1 });
  });

  it('uses a turn of before no more', async () => {
    const limiter = instance();
    await take(limiter);
    const reply = limiter.takeTurn(REGION, 'a', 3000);
    await time.pass(1);
    await time.standStill(90);
    await time.pass(2);
    const got = await reply;
    expect(got.granted && got.toMs < time.steadyMs() + 60).toBe(true);
    expect(lines).toEqual([]);
  });

  it('whose steady clock stood still too does not take the store’s for one that leapt', async () => {
    const limiter = instance();
    await take(limiter);
    await time.standStill(3_600_000, true);
    expect((await take(limiter)).reply.granted).toBe(true);
    expect(lines).toEqual([]);
  });
});

describe('a store’s clock that leaps by an hour', () => {
  it('forward: a turn is not used, nor any asked for, until those of before are past', async () => {
    const limiter = instance();
    await take(limiter);
    store.aheadMs += 3_600_000;
    const { reply } = await take(limiter);
    expect(reply).toMatchObject({ granted: false });
    expect(events()).toEqual(['limits-clock']);
    await time.pass(HOLD_MS - 10);
    expect((await take(limiter)).reply.granted).toBe(false);
    await time.pass(10);
    expect((await take(limiter)).reply.granted).toBe(true);
    expect(events()).toEqual(['limits-clock']);
  });

  it('backward: the rule of the pace itself holds', async () => {
    const limiter = instance();
    await take(limiter);
    store.aheadMs -= 3_600_000;
    const { reply } = await take(limiter);
    if (reply.granted) throw new Error('granted');
    await time.pass(reply.retryInMs);
    expect((await take(limiter)).reply.granted).toBe(true);
    expect(lines).toEqual([]);
  });
});

it('a store that is too slow to tell the time by counts as dead, and is not flapped to', async () => {
  const limiter = instance();
  store.latencyMs = 46;
  for (let i = 0; i < 40; i += 1) {
    await take(limiter);
    await time.pass(100);
  }
  expect(lines).toMatchObject([{ fields: { reason: 'too slow to tell the time by' } }]);
});

it('never more than the limit leaves in a sliding second, whatever becomes of the store', async () => {
  const step = fc.record({
    state: fc.constantFrom('well', 'well', 'silent', 'refusing'),
    forMs: fc.oneof(fc.integer({ min: 50, max: 1500 }), fc.integer({ min: 200, max: 9000 })),
    latencyMs: fc.integer({ min: 0, max: 20 }),
    quiet: fc.subarray([0, 1, 2, 3], { maxLength: 2 }),
  });
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 3, maxLength: 6 }), async (steps) => {
      time = new ManualTime();
      store = new ManualStore(time);
      const fleet = [instance(), instance(), instance(), instance()];
      // All have something to decide once a second: one that has slept through a failure, or starts
      // after it, cannot know of the others' turns (docs/decisions/0008-redis.md).
      const departures: number[] = [];
      const ask = async (limiter: SharedLimiter): Promise<void> => {
        const reply = await limiter.takeTurn(REGION, `p${departures.length % 7}`, 3000);
        if (reply.granted) departures.push(reply.fromMs);
      };
      const first = { state: 'well', forMs: 200, latencyMs: 1, quiet: new Array<number>() };
      for (const { state, forMs, latencyMs, quiet } of [first, ...steps]) {
        store.latencyMs = latencyMs;
        store.state =
          state === 'refusing' ? { reason: 'OOM' } : state === 'well' ? state : 'silent';
        for (let ms = 0; ms < forMs; ms += 50) {
          for (const [i, limiter] of fleet.entries())
            if (ms % 900 === 0 || !quiet.includes(i)) void ask(limiter);
          await time.pass(50);
        }
      }
      const sorted = departures.toSorted((a, b) => a - b);
      const busiest = sorted.map(
        (from, i) => sorted.slice(i).filter((at) => at < from + 1000).length,
      );
      expect(Math.max(...busiest)).toBeLessThanOrEqual(20);
    }),
    { numRuns: 40 },
  );
});
