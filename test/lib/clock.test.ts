import { describe, expect, it } from '@jest/globals';

import { startDeadline, systemClock, untilAborted, within } from '../../src/lib/clock.ts';

const forever = <T>(signal: AbortSignal): Promise<T> =>
  new Promise((_, reject) => signal.addEventListener('abort', () => reject(signal.reason)));

describe('startDeadline', () => {
  it('tells what is left, and aborts when nothing is', async () => {
    let now = 1000;
    const deadline = startDeadline(20, { steadyMs: () => now });
    expect(deadline.remaining()).toBe(20);
    now += 5;
    expect(deadline.remaining()).toBe(15);
    now += 100;
    expect(deadline.remaining()).toBe(0);
    await expect(forever(deadline.signal)).rejects.toThrow('the deadline has passed');
    deadline.close();
  });

  it.each([0, -1, Number.NEGATIVE_INFINITY])('of %d ms has passed at once', (ms) => {
    const deadline = startDeadline(ms, systemClock);
    expect(deadline.signal.aborted).toBe(true);
    expect(deadline.remaining()).toBe(0);
    deadline.close();
  });

  it('ends with the caller', () => {
    const leaving = new AbortController();
    const deadline = startDeadline(60_000, systemClock, leaving.signal);
    expect(deadline.signal.aborted).toBe(false);
    leaving.abort(new Error('gone'));
    expect(deadline.remaining()).toBe(0);
    expect(deadline.signal.reason).toEqual(new Error('gone'));
    deadline.close();
  });

  it('tells of the client although nobody has read the signal, and of no client once it is closed', () => {
    const leaving = new AbortController();
    const [unread, closed] = [0, 1].map(() => startDeadline(60_000, systemClock, leaving.signal));
    expect(closed?.signal.aborted).toBe(false);
    closed?.close();
    leaving.abort(new Error('gone'));
    expect(unread?.remaining()).toBe(0);
    expect(unread?.signal.reason).toEqual(new Error('gone'));
    expect(closed?.signal.aborted).toBe(false);
    unread?.close();
  });

  it('does nothing more once it is closed', async () => {
    const deadline = startDeadline(5, systemClock);
    deadline.close();
    await new Promise((resolve) => setTimeout(resolve, 20));
    expect(deadline.signal.aborted).toBe(false);
  });
});

describe('within', () => {
  it('gives what the work gives', async () => {
    const { signal } = new AbortController();
    expect(await within(60_000, signal, async () => 7)).toBe(7);
  });

  it('aborts the work after its own time', async () => {
    const { signal } = new AbortController();
    await expect(within(5, signal, forever)).rejects.toThrow('the attempt timed out');
  });

  it('aborts the work with its parent, for the same reason', async () => {
    const parent = new AbortController();
    const work = within(60_000, parent.signal, forever);
    parent.abort(new Error('over'));
    await expect(work).rejects.toThrow('over');
    const seen = await within(60_000, parent.signal, async ({ reason }) => reason);
    expect(seen).toEqual(new Error('over'));
  });
});

const reason = (): Error => new Error('aborted');

describe('untilAborted', () => {
  it('gives what the work gives, if it ends first', async () => {
    expect(await untilAborted(Promise.resolve(7), new AbortController().signal, reason)).toBe(7);
  });

  it('throws the reason, if the signal is first', async () => {
    const work = new Promise<never>(() => undefined);
    const { signal } = new AbortController();
    await expect(untilAborted(work, AbortSignal.abort(), reason)).rejects.toThrow('aborted');
    await expect(untilAborted(work, AbortSignal.timeout(5), reason)).rejects.toThrow('aborted');
    expect(signal.aborted).toBe(false);
  });
});

describe('systemClock', () => {
  it('sleeps, unless the signal is aborted', async () => {
    const { signal } = new AbortController();
    const before = systemClock.now();
    await systemClock.sleep(10, signal);
    expect(systemClock.now() - before).toBeGreaterThanOrEqual(9);
    const over = AbortSignal.abort(new Error('over'));
    await expect(systemClock.sleep(60_000, over)).rejects.toThrow('over');
    const leaving = new AbortController();
    const sleep = systemClock.sleep(60_000, leaving.signal);
    leaving.abort(new Error('left'));
    await expect(sleep).rejects.toThrow('left');
  });
});
