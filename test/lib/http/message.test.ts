import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { header, refusedRequest, toHeaderFields } from '../../../src/lib/http/message.ts';
import { Problem } from '../../../src/lib/problems.ts';

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
  expect(await request.readBody(0, false)).toHaveLength(0);
  expect(refusedRequest(refusal).platformRequestId).toBeUndefined();
});
