import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  backOff,
  pauseBeforeNext,
  SHORTEST_ATTEMPT_MS,
} from '../../../src/lib/cancellation/attempts.ts';
import type { Reply } from '../../../src/lib/dlc/client.ts';

const accepted: Reply = { outcome: 'answered', upstreamRequestId: 'r', response: {} };
function ended(again: boolean | 'once', outcome: 'unknown' | 'refused' = 'unknown'): Reply {
  return { outcome, code: 'upstream-timeout', again, reason: '' };
}
const half = (): number => 0.5;

describe('pauseBeforeNext', () => {
  it.each<[string, Reply[], number | undefined]>([
    ['begins at once', [], 0],
    ['ends with an acceptance', [accepted], undefined],
    ['ends where the table says so', [ended(false)], undefined],
    ['pauses, then tries again', [ended(true)], 100],
    ['pauses longer each time', [ended(true), ended(true)], 200],
    ['tries an invalid answer once more', [ended('once')], 100],
    ['but no more', [ended('once'), ended('once')], undefined],
    [
      'nor where other failures came between',
      [ended('once'), ended(true), ended('once')],
      undefined,
    ],
    ['one of each is no second', [ended(true), ended('once')], 200],
    ['looks at the last attempt', [ended(true), ended(false)], undefined],
    ['gives up after the last', Array(4).fill(ended(true)), undefined],
  ])('%s', (_, attempts, decision) => {
    expect(pauseBeforeNext(attempts, 4, 10_000, half)).toBe(decision);
  });

  it('does not begin what cannot finish in the time left, its pause counted', () => {
    const one = [ended(true)];
    expect(pauseBeforeNext([], 4, SHORTEST_ATTEMPT_MS, half)).toBeDefined();
    expect(pauseBeforeNext([], 4, SHORTEST_ATTEMPT_MS - 1, half)).toBeUndefined();
    expect(pauseBeforeNext(one, 4, SHORTEST_ATTEMPT_MS + 100, half)).toBeDefined();
    expect(pauseBeforeNext(one, 4, SHORTEST_ATTEMPT_MS + 99, half)).toBeUndefined();
    expect(pauseBeforeNext(one, 4, 0, half)).toBeUndefined();
  });

  it('never exceeds attempts or time, whatever happened', () => {
    const attempt = fc.oneof(
      fc.constant(accepted),
      fc.constantFrom(true, false, 'once' as const).map((again) => ended(again)),
    );
    fc.assert(
      fc.property(
        fc.array(attempt, { maxLength: 12 }),
        fc.integer({ min: 1, max: 10 }),
        fc.integer({ min: 0, max: 20_000 }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempts, most, timeLeft, random) => {
          const decision = pauseBeforeNext(attempts, most, timeLeft, () => random);
          if (decision === undefined) return;
          expect(attempts.length).toBeLessThan(most);
          expect(attempts.at(-1)?.outcome).not.toBe('answered');
          expect(timeLeft - decision).toBeGreaterThanOrEqual(SHORTEST_ATTEMPT_MS);
        },
      ),
    );
  });
});

describe('backOff', () => {
  it('is jittered over all of its range, which doubles up to 2 s', () => {
    const most = [1, 2, 3, 4, 5, 6, 60].map((n) => backOff(n, () => 0.999_999));
    expect(most).toEqual([199, 399, 799, 1599, 1999, 1999, 1999]);
    expect(backOff(9, () => 0)).toBe(0);
  });
});
