import { describe, expect, it } from '@jest/globals';

import { noTurn } from '../../../src/lib/cancellation/turn.ts';

const refusal = { retryAfter: 3 };

describe('a request that gets no turn upstream', () => {
  it('did not happen, and says when to come back', () => {
    expect(noTurn(undefined, refusal)).toMatchObject({
      outcome: 'did-not-happen',
      code: 'upstream-rate-limited',
      retryAfter: 3,
    });
  });

  it("keeps how its last attempt ended; a limit's refusal says when to come back", () => {
    const failed = { again: true, upstreamCode: 'X', reason: 'words' } as const;
    const busy = { ...failed, outcome: 'refused', code: 'another-request-processing' } as const;
    expect(noTurn(busy, refusal)).toBe(busy);
    const limited = { ...failed, outcome: 'refused', code: 'upstream-rate-limited' } as const;
    expect(noTurn(limited, refusal)).toEqual({ ...limited, retryAfter: 3 });
  });
});
