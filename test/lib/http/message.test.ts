import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import {
  header,
  refusedRequest,
  toHeaderFields,
  unionOfValues,
} from '../../../src/lib/http/message.ts';
import { Problem } from '../../../src/lib/problems.ts';

type Pair = readonly [string, string];
const pairs = fc.array(
  fc.tuple(fc.constantFrom('a', 'b', '__proto__'), fc.constantFrom('1', '2', '')),
  { maxLength: 8 },
);
const count = (list: readonly Pair[], [name, value]: Pair): number =>
  list.filter((pair) => pair[0] === name && pair[1] === value).length;

describe('two maps of the same fields', () => {
  it('give each value as often as the map has it that has it most often', () => {
    fc.assert(
      fc.property(pairs, pairs, (first, second) => {
        const union = unionOfValues(first, second);
        for (const pair of [...first, ...second]) {
          expect(count(union, pair)).toBe(Math.max(count(first, pair), count(second, pair)));
        }
        expect(union.every((pair) => count([...first, ...second], pair) > 0)).toBe(true);
      }),
    );
  });

  it('are one where they are the same, and where one is empty', () => {
    fc.assert(
      fc.property(pairs, (list) => {
        expect(unionOfValues(list, list)).toEqual(list);
        expect(unionOfValues([], list)).toEqual(list);
        expect(unionOfValues(list, [])).toEqual(list);
      }),
    );
  });
});

describe('header fields', () => {
  it('lose no value, whatever the case of their names', () => {
    const cased = fc.array(fc.tuple(fc.constantFrom('A', 'a', 'B', 'b'), fc.string()));
    fc.assert(
      fc.property(cased, (list) => {
        const fields = toHeaderFields(list);
        for (const name of ['a', 'b']) {
          const values = list.filter((pair) => pair[0].toLowerCase() === name).map(([, v]) => v);
          expect(fields.get(name) ?? []).toEqual(values);
          expect(header(fields, name)).toBe(values[0]);
        }
      }),
    );
  });
});

it('what is no request has nothing but its refusal and the id of the platform', async () => {
  const refusal = new Problem('invalid-request');
  const request = refusedRequest(refusal, 'p-1');
  expect(request).toMatchObject({ method: '', path: '', query: [], platformRequestId: 'p-1' });
  expect(request.refusal).toBe(refusal);
  expect(await request.readBody(0)).toHaveLength(0);
  expect(refusedRequest(refusal).platformRequestId).toBeUndefined();
});
