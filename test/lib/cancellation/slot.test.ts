import { describe, expect, it } from '@jest/globals';

import { withoutSlot } from '../../../src/lib/cancellation/cancel.ts';

const refusal = { granted: false, retryInMs: 2001, isQuiet: false } as const;

describe('a request that gets no slot upstream', () => {
  it('did not happen, and says when to come back', () => {
    expect(withoutSlot(undefined, refusal)).toMatchObject({
      outcome: 'did-not-happen',
      code: 'upstream-rate-limited',
      retryAfter: 3,
    });
  });

  it("keeps how its last attempt ended; a limit's refusal says when to come back", () => {
    const failed = { again: true, upstreamCode: 'X', reason: 'words' } as const;
    const busy = { ...failed, outcome: 'refused', code: 'another-request-processing' } as const;
    expect(withoutSlot(busy, refusal)).toBe(busy);
    const limited = { ...failed, outcome: 'refused', code: 'upstream-rate-limited' } as const;
    expect(withoutSlot(limited, refusal)).toEqual({ ...limited, retryAfter: 3 });
  });
});
