import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import type { Attempt } from '../../../src/lib/cancellation/outcome.ts';
import { backOff, decideRetry, SHORTEST_ATTEMPT_MS } from '../../../src/lib/cancellation/retry.ts';

const accepted: Attempt = { outcome: 'accepted', upstreamRequestId: 'r' };
function ended(again: boolean | 'once', outcome: 'unknown' | 'refused' = 'unknown'): Attempt {
  return { outcome, code: 'upstream-timeout', again, reason: '' };
}
const half = (): number => 0.5;

describe('decideRetry', () => {
  it.each<[string, Attempt[], object]>([
    ['begins at once', [], { again: true, afterMs: 0 }],
    ['ends with an acceptance', [accepted], { again: false, why: 'settled' }],
    ['ends where the table says so', [ended(false)], { again: false, why: 'settled' }],
    ['pauses, then tries again', [ended(true)], { again: true, afterMs: 100 }],
    ['pauses longer each time', [ended(true), ended(true)], { again: true, afterMs: 200 }],
    ['tries an invalid answer once more', [ended('once')], { again: true, afterMs: 100 }],
    ['but no more', [ended('once'), ended('once')], { again: false, why: 'settled' }],
    [
      'nor where other failures came between',
      [ended('once'), ended(true), ended('once')],
      { again: false, why: 'settled' },
    ],
    ['one of each is no second', [ended(true), ended('once')], { again: true, afterMs: 200 }],
    ['looks at the last attempt', [ended(true), ended(false)], { again: false, why: 'settled' }],
    ['gives up after the last', Array(4).fill(ended(true)), { again: false, why: 'attempts' }],
  ])('%s', (_, attempts, decision) => {
    expect(decideRetry(attempts, 4, 10_000, half)).toEqual(decision);
  });

  it('does not begin what cannot finish in the time left, its pause counted', () => {
    const one = [ended(true)];
    expect(decideRetry([], 4, SHORTEST_ATTEMPT_MS, half)).toMatchObject({ again: true });
    expect(decideRetry([], 4, SHORTEST_ATTEMPT_MS - 1, half)).toEqual({
      again: false,
      why: 'time',
    });
    expect(decideRetry(one, 4, SHORTEST_ATTEMPT_MS + 100, half)).toMatchObject({ again: true });
    expect(decideRetry(one, 4, SHORTEST_ATTEMPT_MS + 99, half)).toEqual({
      again: false,
      why: 'time',
    });
    expect(decideRetry(one, 4, 0, half)).toEqual({ again: false, why: 'time' });
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
          const decision = decideRetry(attempts, most, timeLeft, () => random);
          if (!decision.again) return;
          expect(attempts.length).toBeLessThan(most);
          expect(attempts.at(-1)?.outcome).not.toBe('accepted');
          expect(timeLeft - decision.afterMs).toBeGreaterThanOrEqual(SHORTEST_ATTEMPT_MS);
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
