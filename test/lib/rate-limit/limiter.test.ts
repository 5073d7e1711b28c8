import { beforeEach, describe, expect, it } from '@jest/globals';

import {
  acquireFrom,
  createLimiter,
  type Acquired,
  type Limiter,
  type SlotRequest,
} from '../../../src/lib/rate-limit/limiter.ts';
import { slotAfter } from '../../../src/lib/rate-limit/slots.ts';
import { ManualTime } from '../../support/manual-time.ts';

const REGION = 'ap-guangzhou';

const REQUEST: SlotRequest = {
  region: REGION,
  principal: 'a',
  kind: 'single',
  reachMs: () => 3000,
  signal: new AbortController().signal,
};

let time: ManualTime;
let limiter: Limiter;
beforeEach(() => {
  time = new ManualTime();
  limiter = createLimiter(
    { upstreamRate: 20, expectedInstances: 1, maxWaitMs: 3000, redis: undefined },
    {
      steadyMs: time.steadyMs,
      sleep: time.sleep,
      random: () => 0,
      log: { write: () => undefined },
    },
  );
});

/** Acquires a slot, and tells when it was there; `undefined` so far. */
function start(request: Partial<SlotRequest> = {}) {
  const begun = time.steadyMs();
  const state: { result?: Acquired; afterMs?: number } = {};
  const wait = async (): Promise<void> => {
    state.result = await limiter.acquire({
      ...REQUEST,
      signal: new AbortController().signal,
      ...request,
    });
    state.afterMs = time.steadyMs() - begun;
  };
  void wait();
  return state;
}

describe('acquiring a slot', () => {
  it('takes one whose request was given up, if it is in reach', async () => {
    const leaving = new AbortController();
    start();
    const left = start({ signal: leaving.signal });
    const later = start();
    await time.pass(1);
    leaving.abort();
    await time.pass(1);
    const [next, afterIt] = [start({ principal: 'b' }), start({ principal: 'b' })];
    await time.pass(3000);
    expect(left.result?.granted).toBe(false);
    // 55 ms apart: the second place is the next request's, the third stays, the fourth is new.
    expect([next, later, afterIt].map(({ result }) => result?.granted)).toEqual([true, true, true]);
    expect([next.afterMs, later.afterMs, afterIt.afterMs]).toEqual([53, 110, 163]);
  });

  it('ends at once if one is free, else when its time has come', async () => {
    const [first, second] = [start(), start()];
    await time.pass(54);
    expect([first.result?.granted, second.result]).toEqual([true, undefined]);
    await time.pass(1);
    expect([second.result?.granted, second.afterMs]).toEqual([true, 55]);
  });

  it('is refused at once if no slot is near enough, and says when to come back', async () => {
    const [, late, elsewhere] = [
      start(),
      start({ reachMs: () => 54 }),
      start({ reachMs: () => 54, region: 'ap-singapore' }),
    ];
    await time.pass(0);
    expect(late.result).toEqual({ granted: false, retryInMs: 1, isQuiet: false });
    expect(elsewhere.result).toMatchObject({ granted: true });
  });

  it('leaves a slot that has expired, as after a freeze, and acquires another', async () => {
    const [, frozen] = [start(), start()];
    await time.pass(1);
    await time.freeze(3_600_000);
    await time.pass(0);
    expect(frozen.result).toMatchObject({ granted: true });
    const next = start();
    await time.pass(55);
    expect(next.afterMs).toBe(55);
  });

  it('gives a slot that is valid for 80 ms', async () => {
    const { result } = await (async () => {
      const started = start();
      await time.pass(0);
      return started;
    })();
    if (!result?.granted) throw new Error('refused');
    await time.pass(80);
    expect(result.isValid()).toBe(true);
    await time.pass(1);
    expect(result.isValid()).toBe(false);
  });

  it('takes the latest moment that the store may have meant to begin, and the earliest to end', async () => {
    const acquire = async () => {
      const sentMs = time.steadyMs();
      await time.sleep(40, new AbortController().signal);
      return slotAfter(100, sentMs, time.steadyMs());
    };
    const begun = time.steadyMs();
    const got: { acquired: Acquired; afterMs: number }[] = [];
    const work = async (): Promise<void> => {
      const acquired = await acquireFrom(acquire, REQUEST, time);
      got.push({ acquired, afterMs: time.steadyMs() - begun });
    };
    void work();
    await time.pass(180);
    expect(got).toMatchObject([{ acquired: { granted: true }, afterMs: 140 }]);
    const [{ acquired } = {}] = got;
    expect(acquired?.granted && acquired.isValid()).toBe(true);
    await time.pass(1);
    expect(acquired?.granted && acquired.isValid()).toBe(false);
  });

  it('ends at once if the caller has gone', async () => {
    const leaving = new AbortController();
    const [, gone] = [start(), start({ signal: leaving.signal })];
    await time.pass(10);
    leaving.abort();
    await time.pass(0);
    expect(gone.result).toMatchObject({ granted: false, retryInMs: 45, isQuiet: false });
  });
});

/** As a batch does: five at a time wait for the next slot, whatever becomes of the attempts. */
function startBatch(principal: string, tasks: number, deadlineMs: number) {
  const end = time.steadyMs() + deadlineMs;
  const left = { tasks, refused: 0 };
  const departures: number[] = [];
  const worker = async (): Promise<void> => {
    while (left.tasks > 0) {
      left.tasks -= 1;
      const acquired = await limiter.acquire({
        region: REGION,
        principal,
        kind: 'batch',
        reachMs: () => end - time.steadyMs(),
        signal: new AbortController().signal,
      });
      if (acquired.granted) departures.push(time.steadyMs());
      else left.refused += 1;
    }
  };
  for (let i = 0; i < 5; i += 1) void worker();
  return { departures, left };
}

describe('batches', () => {
  it('cancel 200 tasks of one caller in two requests within 12 s, never over 20 in a second', async () => {
    const begun = time.steadyMs();
    const batches = [startBatch('a', 100, 25_000), startBatch('a', 100, 25_000)];
    await time.pass(12_000);
    const all = batches.flatMap(({ departures }) => departures).toSorted((a, b) => a - b);
    expect(all).toHaveLength(200);
    expect((all.at(-1) ?? 0) - begun).toBeLessThanOrEqual(12_000);
    for (const [i, at] of all.entries())
      expect((all[i + 20] ?? Infinity) - at).toBeGreaterThan(1000);
  });

  it('end at their deadline: tasks without a slot are refused', async () => {
    const { departures, left } = startBatch('a', 100, 1000);
    await time.pass(1100);
    expect(departures).toHaveLength(19);
    expect(left).toEqual({ tasks: 0, refused: 81 });
  });

  it('and a flood beside them make one task of another caller, or of their own, wait for at most 1 s', async () => {
    const singles: ReturnType<typeof start>[] = [];
    for (const principal of ['quiet', 'batch']) {
      startBatch('batch', 100, 20_000);
      for (let ms = 0; ms < 5000; ms += 20) {
        start({ principal: 'flood' });
        if (ms % 500 === 0) {
          singles.push(start({ principal }));
        }
        await time.pass(20);
      }
      await time.pass(20_000);
    }
    expect(singles).toHaveLength(20);
    const waits = singles.map(({ result, afterMs }) => (result?.granted ? afterMs : undefined));
    expect(Math.max(...waits.map((ms) => ms ?? Infinity))).toBeLessThanOrEqual(1000);
  });
});
