import { beforeEach, describe, expect, it } from '@jest/globals';
import { setMaxListeners } from 'node:events';

import { SlotList } from '../../../src/lib/cancellation/batch.ts';
import {
  createLimiter,
  type Acquired,
  type Limiter,
  type SlotRequest,
} from '../../../src/lib/rate-limit/limiter.ts';
import { ManualTime } from '../../support/manual-time.ts';

/** Milliseconds between two slots of 20 a second, with the margin of 100 ms. */
const SPACING_MS = 55;

let time: ManualTime;
let limiter: Limiter;
beforeEach(() => {
  time = new ManualTime();
  const settings = { upstreamRate: 20, expectedInstances: 1, maxWaitMs: 3000, redis: undefined };
  const log = { write: () => undefined };
  limiter = createLimiter(settings, {
    steadyMs: time.steadyMs,
    sleep: time.sleep,
    random: () => 0,
    log,
  });
});

interface Waited {
  readonly name: number;
  readonly afterMs: number;
  readonly granted: boolean;
}

/** Starts a wait, whose end is noted. */
function noteEnd(name: number, wait: Promise<Acquired>, ended: Waited[]): void {
  const begun = time.steadyMs();
  const note = async (): Promise<void> => {
    const { granted } = await wait;
    ended.push({ name, afterMs: time.steadyMs() - begun, granted });
  };
  void note();
}

const request = (principal: string, members: Partial<SlotRequest> = {}): SlotRequest => ({
  region: 'ap-guangzhou',
  principal,
  kind: 'single',
  reachMs: () => 60_000,
  signal: new AbortController().signal,
  ...members,
});

function startBatch(n: number, principal = 'batch', members: Partial<SlotRequest> = {}): Waited[] {
  const list = new SlotList(limiter);
  const ended: Waited[] = [];
  for (let i = 0; i < n; i += 1) noteEnd(i, list.acquire(request(principal, members), i), ended);
  return ended;
}

describe('the slots of a batch', () => {
  it('are all that there are, if nobody else wants any, and go to its tasks in order', async () => {
    const ended = startBatch(100);
    await time.pass(99 * SPACING_MS);
    expect(ended).toEqual(
      Array.from({ length: 100 }, (_, i) => ({ name: i, afterMs: i * SPACING_MS, granted: true })),
    );
  });

  it('go to first attempts before those that try again', async () => {
    const list = new SlotList(limiter);
    const ended: Waited[] = [];
    for (const order of [0, 1, 1000, 2, 3]) {
      noteEnd(order, list.acquire(request('batch'), order), ended);
    }
    await time.pass(4 * SPACING_MS);
    expect(ended.map(({ name }) => name)).toEqual([0, 1, 2, 3, 1000]);
  });

  it('that are out of reach are refused to the last, and the first get theirs', async () => {
    const end = time.steadyMs() + 10 * SPACING_MS;
    const ended = startBatch(30, 'batch', { reachMs: () => end - time.steadyMs() });
    await time.pass(60_000);
    const granted = ended.filter((one) => one.granted).map(({ name }) => name);
    expect(granted).toEqual(granted.map((_, i) => i));
    expect(granted.length).toBe(11);
    expect(ended.length).toBe(30);
  });

  it('are wanted no more once the client has disconnected', async () => {
    const leaving = new AbortController();
    setMaxListeners(0, leaving.signal);
    const ended = startBatch(50, 'batch', { signal: leaving.signal });
    await time.pass(3 * SPACING_MS);
    leaving.abort();
    await time.pass(0);
    expect(ended.map(({ granted }) => granted)).toEqual([
      ...Array.from({ length: 4 }, () => true),
      ...Array.from({ length: 46 }, () => false),
    ]);
  });

  it('leave room for a single request, of another caller and of its own', async () => {
    startBatch(100);
    await time.pass(20 * SPACING_MS);
    const ended: Waited[] = [];
    noteEnd(0, limiter.acquire(request('another')), ended);
    noteEnd(1, limiter.acquire(request('batch')), ended);
    await time.pass(1000);
    expect(ended.map(({ granted }) => granted)).toEqual([true, true]);
  });

  it('beside a flood leave a third caller its slot within 1.5 s', async () => {
    const batch = startBatch(100);
    const flood: Waited[] = [];
    const late: Waited[] = [];
    for (let round = 0; round < 100; round += 1) {
      for (let i = 0; i < 5; i += 1) noteEnd(i, limiter.acquire(request('flood')), flood);
      if (round % 20 === 19) noteEnd(round, limiter.acquire(request('third')), late);
      await time.pass(SPACING_MS);
    }
    await time.pass(2000);
    expect(late.filter(({ granted, afterMs }) => !granted || afterMs > 1500)).toEqual([]);
    expect(late.length).toBe(5);
    // Neither of the two is locked out.
    const got = (all: Waited[]) => all.filter(({ granted }) => granted).length;
    expect(Math.min(got(batch), got(flood))).toBeGreaterThan(25);
  });
});
