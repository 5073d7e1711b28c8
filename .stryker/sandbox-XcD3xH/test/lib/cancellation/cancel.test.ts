import { describe, expect, it } from '@jest/globals';

import type { Clock } from '../../../src/lib/clock.ts';
import { startDeadline } from '../../../src/lib/deadline.ts';
import { cancelTask, lookUp, type Upstream } from '../../../src/lib/cancellation/cancel.ts';
import type { DlcClient, Reply } from '../../../src/lib/dlc/client.ts';
import { askEngine } from '../../../src/lib/cancellation/engine.ts';
import type { Failure } from '../../../src/lib/dlc/failure.ts';
import type { Attempt } from '../../../src/lib/cancellation/outcome.ts';

const task = { taskId: 'a', region: 'ap-guangzhou' };
const unknown: Failure = {
  outcome: 'unknown',
  code: 'upstream-timeout',
  again: true,
  reason: 'timed out',
};
const refused: Failure = { ...unknown, outcome: 'refused', again: false, code: 'task-not-found' };
const ok: Reply = { outcome: 'answered', requestId: 'r', response: {} };

function foundIn(State: number, more: object = {}): Reply {
  const response = { TaskList: [{ Id: 'a', State, ...more }] };
  return { outcome: 'answered', requestId: 'r-lookup', response };
}

/** A clock that moves only by sleeping. */
function sleepingClock(): Clock & { readonly slept: number[] } {
  let now = 0;
  const slept: number[] = [];
  return {
    slept,
    now: () => now,
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
  more: Partial<Upstream> & { lookup?: boolean } = {},
): Upstream & { readonly calls: string[] } {
  const calls: string[] = [];
  const script = { CancelTask: [...cancels], DescribeTasks: [...lookups] };
  const dlc: Pick<DlcClient, 'call'> = {
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
    settings: { attemptTimeoutMs: 3000, maxAttempts: 4, lookup },
    clock: sleepingClock(),
    random: () => 0.5,
    ...rest,
  };
}

/** A deadline by the upstream's own clock, closed in the end. */
async function withDeadline<T>(
  ms: number,
  { clock }: Upstream,
  work: (deadline: ReturnType<typeof startDeadline>) => Promise<T>,
): Promise<T> {
  const deadline = startDeadline(ms, clock);
  try {
    return await work(deadline);
  } finally {
    deadline.close();
  }
}

const cancel = (upstream: Upstream, ms = 10_000) =>
  withDeadline(ms, upstream, (deadline) => cancelTask(task, deadline, upstream));

describe('cancelTask', () => {
  it('tells of each attempt that ends', async () => {
    const told: Attempt['outcome'][] = [];
    const onAttempt = ({ outcome }: Attempt): void => void told.push(outcome);
    const upstream = upstreamOf([unknown, ok], [], { onAttempt });
    expect(await cancel(upstream)).toMatchObject({ outcome: 'cancel_requested' });
    expect(told).toEqual(['unknown', 'accepted']);
  });

  it('pauses by the injected clock and random source, and gives up after the last attempt', async () => {
    const clock = sleepingClock();
    const upstream = upstreamOf([unknown], [foundIn(1)], { clock });
    expect(await cancel(upstream)).toMatchObject({ kind: 'failed', outcomeUnknown: true });
    expect(clock.slept).toEqual([100, 200, 400]);
    expect(upstream.calls).toEqual([...Array(4).fill('CancelTask'), 'DescribeTasks']);
  });

  it('keeps time for the lookup, a quarter of what there is', async () => {
    // 200 ms less 50: too short for an attempt.
    const upstream = upstreamOf([ok]);
    expect(await cancel(upstream, 200)).toMatchObject({
      kind: 'failed',
      failure: { code: 'upstream-timeout', outcome: 'did-not-happen' },
      outcomeUnknown: false,
    });
    expect(upstream.calls).toEqual([]);
    expect(await cancel(upstreamOf([ok]), 267)).toMatchObject({ outcome: 'cancel_requested' });
    // Without lookups nothing is kept.
    const off = upstreamOf([ok], [], { lookup: false });
    expect(await cancel(off, 200)).toMatchObject({ outcome: 'cancel_requested' });
  });

  it('does nothing once the deadline has passed, in a pause too', async () => {
    const none = upstreamOf([ok]);
    expect(await cancel(none, 0)).toMatchObject({ failure: { code: 'upstream-timeout' } });
    expect(none.calls).toEqual([]);

    const leaving = new AbortController();
    const clock: Clock = {
      now: () => 0,
      async sleep(ms, signal) {
        if (ms > 0) leaving.abort(new Error('gone'));
        signal.throwIfAborted();
      },
    };
    const upstream = upstreamOf([unknown, ok], [foundIn(-3)], { clock });
    const deadline = startDeadline(10_000, clock, leaving.signal);
    expect(await cancelTask(task, deadline, upstream)).toMatchObject({ outcomeUnknown: true });
    deadline.close();
    expect(upstream.calls).toEqual(['CancelTask']);
  });

  it('hands the trace id on', async () => {
    const seen: unknown[] = [];
    const dlc: Pick<DlcClient, 'call'> = {
      async call(_, input, { region, traceId }) {
        seen.push([input, region, traceId]);
        return ok;
      },
    };
    await cancel(upstreamOf([], [], { dlc, traceId: 't' }));
    expect(seen).toEqual([[{ TaskId: 'a' }, 'ap-guangzhou', 't']]);
  });
});

const look = (upstream: Upstream) =>
  withDeadline(10_000, upstream, (deadline) => lookUp(task, deadline, upstream));

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

  it('is never made where it is off', async () => {
    const upstream = upstreamOf([], [foundIn(2)], { lookup: false });
    expect(await look(upstream)).toBeUndefined();
    expect(upstream.calls).toEqual([]);
  });
});

const ask = (upstream: Upstream, ms = 10_000) =>
  withDeadline(ms, upstream, (deadline) => askEngine(task, deadline, upstream));

const failing = (code: Failure['code']): Upstream => upstreamOf([], [{ ...refused, code }]);

describe('askEngine', () => {
  it('gives name and id; nothing where there is no such task', async () => {
    const names = { DataEngineName: 'e', DataEngineId: 'id' };
    expect(await ask(upstreamOf([], [foundIn(1, names)]))).toEqual(['e', 'id']);
    const none: Reply = { outcome: 'answered', requestId: 'r', response: { TaskList: [] } };
    expect(await ask(upstreamOf([], [none]))).toEqual([]);
    expect(await ask(failing('task-not-found'))).toEqual([]);
  });

  it('throws where lookups are off', async () => {
    const off = upstreamOf([], [foundIn(1)], { lookup: false });
    await expect(ask(off)).rejects.toMatchObject({ code: 'task-not-permitted' });
    expect(off.calls).toEqual([]);
  });

  it('throws where DLC cannot be asked, or refuses the role', async () => {
    for (const code of ['upstream-credentials-rejected', 'gateway-misconfigured'] as const) {
      await expect(ask(failing(code))).rejects.toMatchObject({ code });
    }
    const unavailable = { code: 'permission-check-unavailable' };
    await expect(ask(failing('upstream-error'))).rejects.toMatchObject(unavailable);
    await expect(ask(upstreamOf([], [foundIn(1)]), 0)).rejects.toMatchObject(unavailable);
  });
});
