import { expect, it } from '@jest/globals';

import { createConcurrencyLimit } from '../../src/lib/concurrency-limit.ts';

it('lets so many in for each key, and others once they have left', () => {
  const limit = createConcurrencyLimit(2);
  const leave = limit.enter('a');
  const leaveToo = limit.enter('a');
  expect(limit.enter('a')).toBeUndefined();
  expect(limit.enter('b')).toBeDefined();
  leave?.();
  expect(limit.enter('a')).toBeDefined();
  expect(limit.enter('a')).toBeUndefined();
  leaveToo?.();
  expect(limit.enter('a')).toBeDefined();
  expect(limit.enter('a')).toBeUndefined();
});
