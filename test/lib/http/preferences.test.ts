import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { preferredWait } from '../../../src/lib/http/preferences.ts';

describe('preferredWait', () => {
  it.each<[string, number | undefined]>([
    ['wait=5', 5],
    ['wait=0', 0],
    ['wait=007', 7],
    ['wait="5"', 5],
    ['WAIT=5', 5],
    ['wait = 5', 5],
    ['  wait=5  ', 5],
    ['wait=5; strict', 5],
    ['wait=5;a=b;c="d,e"', 5],
    ['respond-async, wait=10', 10],
    ['respond-async,wait=10', 10],
    [', ,wait=10,', 10],
    ['foo; wait=3, wait=10', 10],
    ['return=minimal; x="a, wait=9", wait=2', 2],
    ['x="a\\", wait=9"', undefined],
    // Only the first instance counts (RFC 7240, section 2).
    ['wait=5, wait=6', 5],
    ['wait, wait=6', undefined],
    ['wait=99999999999999999999', 1e20],
    ['', undefined],
    ['wait', undefined],
    ['wait=', undefined],
    ['wait=""', undefined],
    ['wait=five', undefined],
    ['wait=-1', undefined],
    ['wait=1.5', undefined],
    ['wait=5s', undefined],
    ['wait="5', undefined],
    ['x="a, wait=5', undefined],
    ["wait='5'", undefined],
    ['waiting=5', undefined],
    ['nowait=5', undefined],
  ])('%j is %s', (value, seconds) => {
    expect(preferredWait(value)).toBe(seconds);
  });

  it('takes any text whatever, in no time', () => {
    fc.assert(
      fc.property(
        fc.string({ unit: fc.constantFrom('w', 'wait=', '=', '"', '5', ',', ' ', ';', '\\', 'x') }),
        (value) => {
          const seconds = preferredWait(value);
          expect(seconds === undefined || seconds >= 0).toBe(true);
        },
      ),
    );
    for (const piece of ['"', '\\"', ' ', ';', ',', '="', 'wait=', '"a\\']) {
      expect(preferredWait(piece.repeat(16_384 / piece.length))).toBeUndefined();
    }
  });
});
