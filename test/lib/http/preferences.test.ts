import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { preferredWait, prefersChinese } from '../../../src/lib/http/preferences.ts';

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

describe('prefersChinese', () => {
  it.each<[string, boolean]>([
    ['zh', true],
    ['ZH', true],
    ['zh-CN', true],
    ['zh-Hans', true],
    ['zh-Hant-TW', true],
    ['zh-TW', true],
    ['zh-CN,zh;q=0.9,en;q=0.8', true],
    ['zh-CN, zh;q=0.8, zh-TW;q=0.7, zh-HK;q=0.5, en-US;q=0.3, en;q=0.2', true],
    ['en;q=0.5, zh;q=0.6', true],
    ['de, fr;q=0.9, zh;q=0.1', true],
    ['en;q=0, *;q=0.1', true],
    ['en;q=0.1, *;q=0.5', true],
    ['*;q=0, zh;q=0.001', true],
    ['zh, *', true],
    ['zh\t;\tq=1.000 , en ; Q=0.999', true],
    [',, zh ,', true],
    // Of equal weights, the one that is named first.
    ['zh, en', true],
    ['zh;q=0.5, en;q=0.500', true],
    ['en, zh', false],
    ['*, zh', true],
    ['*, en', false],
    ['', false],
    ['*', false],
    ['en', false],
    ['en-US,en;q=0.9,zh-CN;q=0.8', false],
    ['zh;q=0', false],
    ['zh;q=0.000, fr', false],
    ['zh;q=0, *', false],
    ['zh;q=0.2, *;q=0.3', false],
    ['de', false],
    ['zha', false],
    ['zho', false],
    ['yue-Hant', false],
    // A broken range counts for nothing, the others do.
    ['zh_CN', false],
    ['zh-', false],
    ['-zh', false],
    ['z\u{fc}h', false],
    ['zh en', false],
    ['zh;q=', false],
    ['zh;q=2', false],
    ['zh;q=-1', false],
    ['zh;q=0.1234', false],
    ['zh;q=0,5', false],
    ['zh;level=1', false],
    ['"zh"', false],
    ['en;q=x, zh;q=0.1', true],
    ['zh;q=x, zh-CN;q=0.3, en;q=0.2', true],
  ])('%s: %s', (field, expected) => {
    expect(prefersChinese(field)).toBe(expected);
  });

  it('finds the heavier of two languages, wherever they stand among others', () => {
    const weight = fc.integer({ min: 0, max: 1000 });
    const others = fc.array(fc.constantFrom('de', 'fr;q=0.3', 'x y', ';', 'pt-BR;q=0.999', ''));
    fc.assert(
      fc.property(weight, weight, others, fc.boolean(), (zh, en, rest, isFirst) => {
        fc.pre(zh !== en);
        const [chinese, english] = [`zh-CN;q=${zh / 1000}`, `en-GB;q=${en / 1000}`];
        const both = isFirst ? [chinese, ...rest, english] : [english, ...rest, chinese];
        expect(prefersChinese(both.join(', '))).toBe(zh > en);
      }),
    );
  });

  it.each(['zh-'.repeat(5000), 'a-'.repeat(8000), ' '.repeat(16_000), ',;q='.repeat(4000)])(
    'reads 16 KB of nonsense',
    (field) => {
      expect(prefersChinese(field)).toBe(false);
    },
  );
});
