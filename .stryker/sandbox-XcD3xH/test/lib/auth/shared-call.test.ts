import { describe, expect, it } from '@jest/globals';

import { shareCall } from '../../../src/lib/auth/shared-call.ts';

interface Call {
  signal: AbortSignal;
  resolve: (value: string) => void;
  reject: (error: Error) => void;
}

function recordCalls(): { calls: Call[]; call: (signal: AbortSignal) => Promise<string> } {
  const calls: Call[] = [];
  return {
    calls,
    call: (signal) =>
      new Promise((resolve, reject) => void calls.push({ signal, resolve, reject })),
  };
}

const never = new AbortController().signal;

describe('a shared call', () => {
  it('is made once for all who join while it is under way, and again for those who come later', async () => {
    const { calls, call } = recordCalls();
    const shared = shareCall(call);
    expect(shared.active).toBe(false);
    const both = Promise.all([shared.join(never), shared.join(never)]);
    expect(shared.active).toBe(true);
    calls[0]?.resolve('one');
    expect(await both).toEqual(['one', 'one']);
    expect(shared.active).toBe(false);
    const later = shared.join(never);
    calls[1]?.resolve('two');
    expect(await later).toBe('two');
    expect(calls).toHaveLength(2);
  });

  it('fails all who have joined, and is forgotten', async () => {
    const { calls, call } = recordCalls();
    const shared = shareCall(call);
    const both = Promise.allSettled([shared.join(never), shared.join(never)]);
    const error = new Error('down');
    calls[0]?.reject(error);
    expect(await both).toEqual([
      { status: 'rejected', reason: error },
      { status: 'rejected', reason: error },
    ]);
    expect(shared.active).toBe(false);
  });

  it('goes on for the others when the caller that began it leaves', async () => {
    const { calls, call } = recordCalls();
    const shared = shareCall(call);
    const first = new AbortController();
    const began = shared.join(first.signal);
    const joined = shared.join(never);
    first.abort(new Error('gone'));
    await expect(began).rejects.toThrow('gone');
    expect(calls[0]?.signal.aborted).toBe(false);
    calls[0]?.resolve('kept');
    expect(await joined).toBe('kept');
  });

  it('is aborted when the last caller leaves; the next caller begins a new one', async () => {
    const { calls, call } = recordCalls();
    const shared = shareCall(call);
    const controllers = [new AbortController(), new AbortController()];
    const settled = Promise.allSettled(controllers.map(({ signal }) => shared.join(signal)));
    for (const controller of controllers) controller.abort();
    await settled;
    expect(calls[0]?.signal.aborted).toBe(true);
    const next = shared.join(never);
    calls[0]?.reject(new Error('the aborted call fails late'));
    calls[1]?.resolve('new');
    expect(await next).toBe('new');
  });

  it('is not begun for a caller that has left already', async () => {
    const { calls, call } = recordCalls();
    await expect(shareCall(call).join(AbortSignal.abort(new Error('gone')))).rejects.toThrow(
      'gone',
    );
    expect(calls).toHaveLength(0);
  });
});
