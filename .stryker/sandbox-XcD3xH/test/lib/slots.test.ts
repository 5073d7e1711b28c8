import { expect, it } from '@jest/globals';

import { createSlots } from '../../src/lib/slots.ts';

it('slots are so many for each key, and are given back', () => {
  const slots = createSlots(2);
  const first = slots.take('a');
  const second = slots.take('a');
  expect(slots.take('a')).toBeUndefined();
  expect(slots.take('b')).toBeDefined();
  first?.();
  const third = slots.take('a');
  expect(third).toBeDefined();
  expect(slots.take('a')).toBeUndefined();
  second?.();
  third?.();
  expect([slots.take('a'), slots.take('a'), slots.take('a')].filter(Boolean)).toHaveLength(2);
});
