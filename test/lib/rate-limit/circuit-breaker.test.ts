import { describe, expect, it } from '@jest/globals';

import { CircuitBreaker, RETRY_MS } from '../../../src/lib/rate-limit/circuit-breaker.ts';

describe('a circuit breaker', () => {
  it('lets one call a second try a key that failed, until one succeeds, and closes no other key off', () => {
    const breaker = new CircuitBreaker<string>();
    expect(breaker.mayCall('a', 0)).toBe(true);
    breaker.failed('a', 'why', RETRY_MS);
    expect([breaker.isOpen('a'), breaker.failureOf('a'), breaker.isOpen('b')]).toEqual([
      true,
      'why',
      false,
    ]);
    const calls = [RETRY_MS - 1, RETRY_MS, RETRY_MS + 1, 2 * RETRY_MS];
    expect(calls.map((now) => breaker.mayCall('a', now))).toEqual([false, true, false, true]);
    breaker.succeeded('a');
    expect([breaker.isOpen('a'), breaker.mayCall('a', 0)]).toEqual([false, true]);
  });

  it('takes bounded memory: the oldest failures are forgotten', () => {
    const breaker = new CircuitBreaker<number>();
    for (let i = 0; i < 20_000; i += 1) breaker.failed(`key-${i}`, i, 0);
    expect(breaker.failures).toHaveLength(10_000);
    expect(breaker.failures.at(-1)).toBe(19_999);
    expect(breaker.isOpen('key-0')).toBe(false);
  });
});
