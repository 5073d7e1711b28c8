import { describe, expect, it } from '@jest/globals';

import { type Clock, startDeadline } from '../../../src/lib/clock.ts';
import { cancelTask, type CancelDeps } from '../../../src/lib/cancellation/cancel.ts';
import { lookUp, waitForEnd } from '../../../src/lib/cancellation/lookup.ts';
import type { DlcClient, Reply } from '../../../src/lib/dlc/client.ts';
import { EXPIRED, type Failure } from '../../../src/lib/dlc/failure.ts';
import { newCaller } from '../../support/dlc-client.ts';

const task = { taskId: 'a', region: 'ap-guangzhou' };
const unknown: Failure = {
  outcome: 'unknown',
  code: 'upstream-timeout',
  again: true,
  reason: 'timed out',
};
const refused: Failure = { ...unknown, outcome: 'refused', again: false, code: 'task-not-found' };
const ok: Reply = { outcome: 'answered', upstreamRequestId: 'r', response: {} };

function foundIn(State: number, more: object = {}): Reply {
  const response = { TaskList: [{ Id: 'a', State, ...more }] };
  return { outcome: 'answered', upstreamRequestId: 'r-lookup', response };
}

/** A clock that moves only by sleeping. */
function sleepingClock(): Clock & { readonly slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
    steadyMs: () => now,
    async sleep(ms) {
      slept.push(ms);
      now += ms;
    },
  };
}

/** DLC as a script: what each call gets, in order; the last stays. */
function upstreamOf(
  cancels: readonly Reply[],
  lookups: readonly Reply[] = [],
  more: Partial<CancelDeps> & { lookup?: boolean } = {},
): CancelDeps & { readonly calls: string[] } {
  const calls: string[] = [];
  const script = { CancelTask: [...cancels], DescribeTasks: [...lookups] };
  const dlc: DlcClient = {
    chooseCredentials: () => true,
    async call(action) {
      calls.push(action);
      const replies = script[action];
      const reply = replies.length > 1 ? replies.shift() : replies[0];
      return reply ?? unknown;
    },
  };
  const { lookup = true, ...rest } = more;
  return {
    calls,
    dlc,
    settings: { attemptTimeoutMs: 3000, maxAttempts: 4, taskStateLookup: lookup },
    clock: sleepingClock(),
    random: () => 0.5,
    log: { write: () => undefined },
    load: { waiting: 0 },
    limiter: {
      acquire: async () => ({ granted: true, isValid: () => true }),
      backOff: () => undefined,
    },
    ...rest,
  };
}

/** A deadline by the upstream's own clock, closed in the end. */
async function withDeadline<T>(
  ms: number,
  { clock }: CancelDeps,
  work: (deadline: ReturnType<typeof startDeadline>) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(ms, clock);
  try {
    return await work(deadline);
  } finally {
    deadline.close();
  }
}

const jobOf = (deadline: ReturnType<typeof startDeadline>) => ({
  ...newCaller(),
  principal: { id: 'key:a' },
  deadline,
});

const cancel = (upstream: CancelDeps, ms = 10_000) =>
  withDeadline(ms, upstream, (deadline) => cancelTask(task, jobOf(deadline), upstream));

describe('cancelTask', () => {
  it('backs the limiter off when DLC refuses an attempt for its rate', async () => {
    const regions: string[] = [];
    const busy: Failure = { ...unknown, outcome: 'refused', code: 'upstream-rate-limited' };
    const upstream = upstreamOf([busy, unknown, ok]);
    const limiter = { ...upstream.limiter, backOff: (region: string) => void regions.push(region) };
    expect(await cancel({ ...upstream, limiter })).toMatchObject({ outcome: 'cancel_requested' });
    expect(regions).toEqual(['ap-guangzhou']);
  });

  it('pauses by the injected clock and random source, and gives up after the last attempt', async () => {
    const clock = sleepingClock();
    const upstream = upstreamOf([unknown], [foundIn(1)], { clock });
    expect(await cancel(upstream)).toMatchObject({ members: { outcomeUnknown: true } });
    expect(clock.slept).toEqual([100, 200, 400]);
    expect(upstream.calls).toEqual([...Array(4).fill('CancelTask'), 'DescribeTasks']);
  });

  it('keeps time for the lookup, a quarter of what there is', async () => {
    // 200 ms less 50: too short for an attempt.
    const upstream = upstreamOf([ok]);
    const problem = await cancel(upstream, 200);
    expect(problem).toMatchObject({ code: 'upstream-timeout' });
    expect(problem).not.toHaveProperty('members.outcomeUnknown');
    expect(upstream.calls).toEqual([]);
    expect(await cancel(upstreamOf([ok]), 267)).toMatchObject({ outcome: 'cancel_requested' });
    // Without lookups nothing is kept.
    const off = upstreamOf([ok], [], { lookup: false });
    expect(await cancel(off, 200)).toMatchObject({ outcome: 'cancel_requested' });
  });

  it('does nothing once the deadline has passed, in a pause too', async () => {
    const none = upstreamOf([ok]);
    expect(await cancel(none, 0)).toMatchObject({ code: 'upstream-timeout' });
    expect(none.calls).toEqual([]);

    const leaving = new AbortController();
    const clock: Clock = {
      now: () => 0,
      steadyMs: () => 0,
      async sleep(ms, signal) {
        if (ms > 0) leaving.abort(new Error('gone'));
        signal.throwIfAborted();
      },
    };
    const upstream = upstreamOf([unknown, ok], [foundIn(-3)], { clock });
    const deadline = startDeadline(10_000, clock, leaving.signal);
    expect(await cancelTask(task, jobOf(deadline), upstream)).toMatchObject({
      members: { outcomeUnknown: true },
    });
    deadline.close();
    expect(upstream.calls).toEqual(['CancelTask']);
  });
});

describe('a slot that has expired', () => {
  it('is the reason for a 504 if the time is over when there is no other', async () => {
    const upstream = upstreamOf([EXPIRED]);
    const { clock } = upstream;
    let granted = false;
    const acquire: CancelDeps['limiter']['acquire'] = async ({ signal }) => {
      granted = !granted;
      if (granted) return { granted, isValid: () => true };
      await clock.sleep(9_000, signal);
      return { granted, retryInMs: 1, isQuiet: false };
    };
    const limiter = { ...upstream.limiter, acquire };
    expect(await cancel({ ...upstream, limiter })).toMatchObject({ code: 'upstream-timeout' });
  });
});

const look = (upstream: CancelDeps) =>
  withDeadline(10_000, upstream, (deadline) => lookUp(task, jobOf(deadline), upstream));

describe('lookUp', () => {
  it('tries a passing failure once more, and no other', async () => {
    const passing = upstreamOf([], [unknown, foundIn(2)]);
    expect(await look(passing)).toMatchObject({ task: { state: 'succeeded' } });
    const lasting = upstreamOf([], [unknown]);
    expect(await look(lasting)).toEqual(unknown);
    expect(lasting.calls).toHaveLength(2);
    const refusing = upstreamOf([], [refused, foundIn(2)]);
    expect(await look(refusing)).toEqual(refused);
    expect(refusing.calls).toHaveLength(1);
  });

  it('ends as the first one did if there is no time for another', async () => {
    const leaving = new AbortController();
    const upstream = upstreamOf([]);
    const call = async (): Promise<Reply> => {
      leaving.abort();
      return unknown;
    };
    const deps = { ...upstream, dlc: { ...upstream.dlc, call } };
    const deadline = startDeadline(10_000, upstream.clock, leaving.signal);
    expect(await lookUp(task, jobOf(deadline), deps)).toEqual(unknown);
    deadline.close();
  });

  it('goes on if DLC does not show a task yet', async () => {
    const none: Reply = { ...ok, response: { TaskList: [] } };
    const upstream = upstreamOf([], [none, foundIn(-3)]);
    const ended = await withDeadline(10_000, upstream, (deadline) =>
      waitForEnd(task, 5000, jobOf(deadline), upstream),
    );
    expect([ended, upstream.calls.length]).toEqual(['cancelled', 2]);
  });

  it('is never made where it is off', async () => {
    const upstream = upstreamOf([], [foundIn(2)], { lookup: false });
    expect(await look(upstream)).toMatchObject({ outcome: 'did-not-happen' });
    expect(upstream.calls).toEqual([]);
  });
});
