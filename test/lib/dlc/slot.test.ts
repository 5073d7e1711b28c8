import { afterEach, describe, expect, it } from '@jest/globals';

import { systemClock } from '../../../src/lib/clock.ts';
import { cancelTask } from '../../../src/lib/cancellation/cancel.ts';
import type { Limiter } from '../../../src/lib/rate-limit/limiter.ts';
import { EXPIRED } from '../../../src/lib/dlc/failure.ts';
import { clientOf, closeUpstreams, newCaller, upstream } from '../../support/dlc-client.ts';
import { OK, reply } from '../../support/upstream-server.ts';

afterEach(closeUpstreams);

const signal = AbortSignal.timeout(20_000);
const answering = () => upstream((response) => reply(response, OK));

describe('a request whose slot has expired', () => {
  it('is not written, and no attempt', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    const caller = newCaller();
    const call = (isValid: boolean) =>
      dlc.call(
        'CancelTask',
        {},
        { region: 'ap-guangzhou', caller, signal, isValid: () => isValid },
      );
    expect(await call(false)).toBe(EXPIRED);
    expect({ sockets: server.sockets, attempts: caller.stats.attempts }).toEqual({
      sockets: [],
      attempts: 0,
    });
    expect(await call(true)).toMatchObject({ outcome: 'answered' });
    expect(caller.stats.attempts).toBe(1);
  });

  it('is not written on a connection that came too late, which is left to the next', async () => {
    const server = await answering();
    const dlc = clientOf(server.port);
    const caller = newCaller();
    const call = (...valid: boolean[]) => {
      const isValid = () => valid.shift() ?? true;
      return dlc.call('CancelTask', {}, { region: 'ap-guangzhou', caller, signal, isValid });
    };
    expect(await call(true, false)).toBe(EXPIRED);
    expect({ sent: server.requests.length, attempts: caller.stats.attempts }).toEqual({
      sent: 0,
      attempts: 0,
    });
    expect(await call(true)).toMatchObject({ outcome: 'answered' });
    expect(await call(true)).toMatchObject({ outcome: 'answered' });
    expect({ sent: server.requests.length, sockets: server.sockets.length }).toEqual({
      sent: 2,
      sockets: 1,
    });
  });

  const cancelWith = async (acquire: Limiter['acquire'], remaining = () => 5000) => {
    const server = await answering();
    const result = await cancelTask(
      { taskId: 'a', region: 'ap-guangzhou' },
      {
        ...newCaller(),
        principal: { id: 'key:a' },
        deadline: { signal, remaining },
      },
      {
        dlc: clientOf(server.port),
        settings: { attemptTimeoutMs: 1000, maxAttempts: 1, taskStateLookup: false },
        clock: systemClock,
        random: () => 0,
        log: { write: () => undefined },
        load: { waiting: 0 },
        limiter: { acquire, backOff: () => undefined },
      },
    );
    return { result, sent: server.requests.length };
  };

  it('acquires another slot', async () => {
    const slots = [false, false, true];
    const { result, sent } = await cancelWith(async () => {
      const isValid = slots.shift() ?? false;
      return { granted: true, isValid: () => isValid };
    });
    expect(result).toMatchObject({ outcome: 'cancel_requested' });
    expect({ left: slots.length, sent }).toEqual({ left: 0, sent: 1 });
  });

  it.each([
    [5000, 'upstream-rate-limited'],
    [1, 'upstream-timeout'],
  ])('is the fault of the rate only if there is time for another: %i ms, %s', async (ms, code) => {
    const slots = [false];
    const { result, sent } = await cancelWith(
      async () =>
        slots.length > 0
          ? { granted: true, isValid: () => slots.pop() ?? false }
          : { granted: false, retryInMs: 1, isQuiet: false },
      () => (slots.length > 0 ? 5000 : ms),
    );
    expect(result).toMatchObject({ code });
    expect(sent).toBe(0);
  });
});
