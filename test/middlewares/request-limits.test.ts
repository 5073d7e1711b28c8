import { describe, expect, it } from '@jest/globals';

import { toHeaderFields, type HttpRequest } from '../../src/lib/http/message.ts';
import { refuseLargeHeaders, refuseRepeatedHeaders } from '../../src/middlewares/request.ts';

function withHeaders(...pairs: (readonly [string, string])[]): HttpRequest {
  return {
    method: 'GET',
    path: '/',
    query: [],
    headers: toHeaderFields(pairs),
    readBody: async () => Buffer.alloc(0),
  };
}

describe('a second value', () => {
  it.each([
    'Host',
    'Authorization',
    'X-API-Key',
    'Content-Type',
    'Prefer',
    'Webhook-Id',
    'Webhook-Timestamp',
    'Webhook-Signature',
    'Webhook-Anything',
  ])('of %s is refused, an equal one too', (name) => {
    const lower = name.toLowerCase();
    for (const second of ['a', 'b', '']) {
      const request = withHeaders([name, 'a'], [name.toUpperCase(), second]);
      expect(() => refuseRepeatedHeaders(request)).toThrow(
        expect.objectContaining({
          code: 'invalid-request',
          members: expect.objectContaining({
            errors: [{ in: 'header', name: lower, message: 'must not be repeated' }],
          }),
        }),
      );
    }
    expect(() => refuseRepeatedHeaders(withHeaders([name, 'a']))).not.toThrow();
  });

  it('of any other field is nobody else’s business', () => {
    const request = withHeaders(
      ['Accept', 'a'],
      ['Accept', 'b'],
      ['X-Forwarded-For', '1'],
      ['x-forwarded-for', '2'],
    );
    expect(() => refuseRepeatedHeaders(request)).not.toThrow();
  });
});

describe('header fields', () => {
  it('of 16 KB together are taken, larger ones are not', () => {
    const half = 'x'.repeat(8 * 1024 - 1);
    expect(() => refuseLargeHeaders(withHeaders(['a', half], ['b', half]))).not.toThrow();
    expect(() => refuseLargeHeaders(withHeaders(['a', half], ['a', `${half}x`]))).toThrow(
      expect.objectContaining({ code: 'request-header-fields-too-large' }),
    );
  });
});
