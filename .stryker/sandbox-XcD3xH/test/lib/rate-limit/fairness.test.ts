import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { MemoryPace } from '../../../src/lib/rate-limit/memory-pace.ts';
import { paceRule } from '../../../src/lib/rate-limit/pace.ts';

const SECOND = 1_000_000;
const REACH = 3 * SECOND;
const RULE = paceRule(20, 3000);

describe('a share of the turns', () => {
  it('is at most half of what is free, but never less than one, whoever asks when', () => {
    const step = fc.record({
      after: fc.nat(400_000),
      principal: fc.constantFrom('loud', 'loud', 'a', 'b', 'c'),
      many: fc.integer({ min: 1, max: 30 }),
    });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const pace = new MemoryPace(RULE);
        const handedOut: { principal: string; at: number }[] = [];
        let [now, next] = [0, 0];
        for (const { after, principal, many } of steps) {
          now += after;
          for (let i = 0; i < many; i += 1) {
            const from = Math.max(next, now);
            const free = Math.floor((now + REACH - from) / RULE.spacing) + 1;
            const own = handedOut.filter((turn) => turn.principal === principal && turn.at > now);
            const mayHave = from <= now + REACH && own.length + 1 <= Math.max(1, free / 2);
            const got = pace.take(principal, now, REACH);
            expect(got.granted).toBe(mayHave);
            if (!got.granted) continue;
            handedOut.push({ principal, at: got.at });
            next = got.at + RULE.spacing;
          }
        }
      }),
    );
  });

  it('leaves a turn within half of the longest wait to a quiet caller, beside one that never rests', () => {
    const pace = new MemoryPace(RULE);
    for (let now = 0; now < 30 * SECOND; now += 1000) {
      pace.take('loud', now, REACH);
      if (now % SECOND > 0) continue;
      const got = pace.take('quiet', now, REACH);
      expect(got.granted && got.at - now).toBeLessThanOrEqual(REACH / 2);
    }
  });

  it('is told truly when to come back: then there is a turn, under the same load', () => {
    const others = fc.integer({ min: 1, max: 40 });
    fc.assert(
      fc.property(others, fc.integer({ min: 1000, max: 50_000 }), (count, every) => {
        const pace = new MemoryPace(RULE);
        let now = 0;
        const loadUntil = (end: number): void => {
          for (; now < end; now += every) {
            for (let i = 0; i < count; i += 1) pace.take(`other-${i}`, now, REACH);
          }
          now = end;
        };
        loadUntil(6 * SECOND);
        let got = pace.take('me', now, REACH);
        while (got.granted) got = pace.take('me', now, REACH);
        // In whole seconds, as `Retry-After` says it.
        loadUntil(now + Math.ceil(got.retryIn / SECOND) * SECOND);
        expect(pace.take('me', now, REACH).granted).toBe(true);
      }),
      { numRuns: 40 },
    );
  });
});
