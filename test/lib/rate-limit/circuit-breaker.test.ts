import { beforeEach, describe, expect, it } from '@jest/globals';

import { CircuitBreaker, RETRY_MS } from '../../../src/lib/rate-limit/shared-store.ts';
import { StoreError } from '../../../src/lib/rate-limit/store.ts';

const failing = () => Promise.reject(new StoreError('why'));

let now: number;
let breaker: CircuitBreaker;
beforeEach(() => {
  now = 0;
  breaker = new CircuitBreaker({ steadyMs: () => now, fails: () => undefined });
});

describe('a circuit breaker', () => {
  it('lets one call a second try a key that failed, until one succeeds, and closes no other key off', async () => {
    expect(await breaker.run('a', failing)).toBeUndefined();
    expect(breaker.openKeys).toEqual(['a']);
    expect(breaker.failureOf('a')?.message).toBe('why');
    let calls = 0;
    const countAndFail = () => {
      calls += 1;
      return failing();
    };
    for (now of [RETRY_MS - 1, RETRY_MS, RETRY_MS + 1, 2 * RETRY_MS]) {
      await Promise.all([breaker.run('a', countAndFail), breaker.run('a', countAndFail)]);
    }
    expect(calls).toBe(2);
    now = 3 * RETRY_MS;
    const both = [breaker.run('a', async () => 'first'), breaker.run('a', async () => 'second')];
    expect(await Promise.all(both)).toEqual(['first', 'second']);
    expect(breaker.openKeys).toEqual([]);
    expect(await breaker.run('b', async () => 'well')).toBe('well');
  });

  it('is not closed by a call that began before it opened', async () => {
    const early = breaker.run('a', () => new Promise((resolve) => setTimeout(resolve, 10)));
    await breaker.run('a', failing);
    await early;
    expect(breaker.openKeys).toEqual(['a']);
  });

  it('takes bounded memory: the oldest failures are forgotten', async () => {
    for (let i = 0; i < 20_000; i += 1) await breaker.run(`key-${i}`, failing);
    expect(breaker.openKeys).toHaveLength(10_000);
    expect(breaker.openKeys.at(-1)).toBe('key-19999');
    expect(breaker.failureOf('key-0')).toBeUndefined();
  });
});
