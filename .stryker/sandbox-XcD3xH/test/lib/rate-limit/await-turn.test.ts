import { describe, expect, it } from '@jest/globals';

import { awaitTurn, type Turns } from '../../../src/lib/rate-limit/await-turn.ts';
import { MemoryLimiter } from '../../../src/lib/rate-limit/limiter.ts';

/** Time that passes only where something sleeps, and then by as much more as `lateBy` says. */
function manualTurns(lateBy: () => number = () => 0) {
  let now = 1000;
  const steadyMs = (): number => now;
  const turns: Turns = {
    limiter: new MemoryLimiter(20, 3000, steadyMs),
    steadyMs,
    async sleep(ms, signal) {
      signal.throwIfAborted();
      now += ms + lateBy();
    },
  };
  return { turns, steadyMs };
}

const request = (principal: string, reach = 3000, signal = new AbortController().signal) => ({
  region: 'ap-guangzhou',
  principal,
  reachMs: () => reach,
  signal,
  prepare: async () => undefined,
});

describe('waiting for a turn', () => {
  it('goes at once where there is one, and when its time has come else', async () => {
    const { turns, steadyMs } = manualTurns();
    expect(await awaitTurn(request('a'), turns)).toMatchObject({ go: true });
    expect(steadyMs()).toBe(1000);
    expect(await awaitTurn(request('a'), turns)).toMatchObject({ go: true });
    expect(steadyMs()).toBe(1055);
  });

  it('tells at once when to come back where no turn is near enough', async () => {
    const { turns, steadyMs } = manualTurns();
    await turns.limiter.takeTurn('ap-guangzhou', 'a', 0);
    expect(await awaitTurn(request('b', 54), turns)).toEqual({ go: false, retryAfter: 1 });
    expect(steadyMs()).toBe(1000);
    expect(await awaitTurn({ ...request('b', 54), region: 'ap-singapore' }, turns)).toMatchObject({
      go: true,
    });
  });

  it('lets a turn go that it missed, as after a freeze, and takes another', async () => {
    const late = [3_600_000, 0];
    const { turns, steadyMs } = manualTurns(() => late.shift() ?? 0);
    await turns.limiter.takeTurn('ap-guangzhou', 'a', 0);
    const ahead = await turns.limiter.takeTurn('ap-guangzhou', 'a', 3000);
    expect(await awaitTurn(request('b'), turns)).toMatchObject({ go: true });
    expect(ahead.granted).toBe(true);
    expect(steadyMs()).toBe(1000 + 110 + 3_600_000);
    // The turn that it went at is taken.
    expect(await turns.limiter.takeTurn('ap-guangzhou', 'c', 3000)).toMatchObject({
      fromMs: steadyMs() + 55,
    });
  });

  it('lets a turn go where the connection was not there in time, and opens none for the next', async () => {
    const { turns, steadyMs } = manualTurns();
    let prepared = 0;
    const prepare = async (): Promise<void> => {
      prepared += 1;
      await turns.sleep(300, new AbortController().signal);
    };
    expect(await awaitTurn({ ...request('a'), prepare }, turns)).toMatchObject({ go: true });
    expect({ prepared, at: steadyMs() }).toEqual({ prepared: 1, at: 1300 });
    // The turn that it went at is the one at 1300.
    expect(await turns.limiter.takeTurn('ap-guangzhou', 'b', 3000)).toMatchObject({
      fromMs: steadyMs() + 55,
    });
  });

  it('asks for no connection where there is no turn', async () => {
    const { turns } = manualTurns();
    await turns.limiter.takeTurn('ap-guangzhou', 'a', 0);
    const prepare = (): Promise<void> => Promise.reject(new Error('not to be called'));
    expect(await awaitTurn({ ...request('b', 0), prepare }, turns)).toMatchObject({ go: false });
  });

  it('gives its turn back where the caller has gone', async () => {
    const { turns, steadyMs } = manualTurns();
    await turns.limiter.takeTurn('ap-guangzhou', 'a', 0);
    const gone = awaitTurn(request('b', 3000, AbortSignal.abort()), turns);
    expect(await gone).toEqual({ go: false, retryAfter: 1 });
    expect(await turns.limiter.takeTurn('ap-guangzhou', 'c', 3000)).toMatchObject({
      fromMs: steadyMs() + 55,
    });
  });

  it('is longer where other instances may have turns out', async () => {
    const { turns, steadyMs } = manualTurns();
    const limiter = new MemoryLimiter(20, 3000, steadyMs);
    await limiter.takeTurn('ap-guangzhou', 'a', 0);
    limiter.hold();
    for (const region of ['ap-guangzhou', 'ap-singapore']) {
      expect(await limiter.takeTurn(region, 'a', 3000)).toEqual({
        granted: false,
        retryInMs: 1100,
      });
    }
    expect(await awaitTurn(request('a'), { ...turns, limiter })).toEqual({
      go: false,
      retryAfter: 2,
    });
  });
});
