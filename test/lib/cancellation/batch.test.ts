import { expect, it } from '@jest/globals';
import { setImmediate } from 'node:timers/promises';

import { cancelBatch } from '../../../src/lib/cancellation/batch.ts';
import type { CancelDeps } from '../../../src/lib/cancellation/cancel.ts';
import type { CallOptions, Reply } from '../../../src/lib/dlc/client.ts';
import type { Failure } from '../../../src/lib/dlc/failure.ts';
import { newCaller } from '../../support/dlc-client.ts';
import { until } from '../../support/until.ts';

const OK: Reply = { outcome: 'answered', upstreamRequestId: 'r', response: {} };
const BUSY: Failure = {
  outcome: 'refused',
  code: 'another-request-processing',
  again: true,
  reason: '',
};
const CANCELLED = { outcome: 'cancelled' };
const LOST: Failure = { outcome: 'unknown', code: 'upstream-timeout', again: false, reason: '' };

/** Cancels tasks `a`, `b`, … of one region by a DLC that replies as `replyTo` says. */
function cancelAll(
  ids: string,
  replyTo: (
    id: string,
    action: string,
    input: object,
    options: CallOptions,
  ) => Reply | Promise<Reply>,
  { leaving = new AbortController(), halfTime = new Promise<void>(() => undefined) } = {},
) {
  let slots = Promise.resolve();
  const deps: CancelDeps = {
    dlc: {
      chooseCredentials: () => true,
      call: async (action, input, options) => {
        const { TaskId = '' } = Object(input);
        return replyTo(TaskId, action, input, options);
      },
    },
    settings: { attemptTimeoutMs: 3000, maxAttempts: 2, taskStateLookup: true },
    // The only wait, since pauses last no time.
    clock: { now: () => 0, steadyMs: () => 0, sleep: () => halfTime },
    random: () => 0,
    log: { write: () => undefined },
    load: { waiting: 0 },
    limiter: {
      // One slot after another, each later than DLC's reply.
      async acquire() {
        slots = slots.then(() => setImmediate());
        await slots;
        return { granted: true, isValid: () => true };
      },
      backOff: () => undefined,
    },
  };
  const { signal } = leaving;
  const job = {
    ...newCaller(),
    principal: { id: 'key:a' },
    deadline: { signal, remaining: () => 10_000 },
    attemptsUntil: new AbortController().signal,
  };
  const tasks = ids.split('').map((taskId) => ({
    task: { taskId, region: 'ap-guangzhou' },
    stats: newCaller().stats,
  }));
  return cancelBatch(tasks, job, deps);
}

it('gives slots to first attempts before those that try again', async () => {
  const calls: string[] = [];
  const results = cancelAll('abcdefghijkl', (id) => {
    calls.push(id);
    return id === 'a' && calls.length === 1 ? BUSY : OK;
  });
  await Promise.all(results);
  expect(calls.join('')).toBe('abcdefghijkla');
});

it('looks up what is open at half the time, although another task hangs, and the rest later', async () => {
  const asked: unknown[] = [];
  let endB: ((reply: Reply) => void) | undefined;
  let passHalf = (): void => undefined;
  const halfTime = new Promise<void>((resolve) => (passHalf = resolve));
  const replyTo = (id: string, action: string, input: object): Reply | Promise<Reply> => {
    if (action === 'CancelTask' && id !== 'b') return LOST;
    if (action === 'CancelTask') return new Promise((resolve) => (endB = resolve));
    const { Values } = Object(input).Filters[0];
    asked.push(Values);
    const isRunning = asked.length === 1;
    const TaskList = Values.map((Id: string) => ({ Id, State: isRunning && Id === 'c' ? 1 : -3 }));
    return { ...OK, response: { TaskList } };
  };
  const [a, c, b] = cancelAll('acb', replyTo, { halfTime });
  await until(() => endB !== undefined);
  passHalf();
  expect(await a).toMatchObject(CANCELLED);
  endB?.(LOST);
  expect(await Promise.all([b, c])).toMatchObject([CANCELLED, CANCELLED]);
  expect(asked).toEqual([
    ['a', 'c'],
    ['c', 'b'],
  ]);
});

it('writes nothing any more once the client has disconnected', async () => {
  const leaving = new AbortController();
  const valid: (boolean | undefined)[] = [];
  const results = cancelAll(
    'a',
    (_id, _action, _input, { isValid }) => {
      valid.push(isValid?.());
      leaving.abort();
      valid.push(isValid?.());
      return OK;
    },
    { leaving },
  );
  await Promise.all(results);
  expect(valid).toEqual([true, false]);
});
