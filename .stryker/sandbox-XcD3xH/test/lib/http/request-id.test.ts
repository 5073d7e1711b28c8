import { describe, expect, it } from '@jest/globals';

import { toHeaderFields } from '../../../src/lib/http/message.ts';
import { requestIdFor } from '../../../src/lib/http/request-id.ts';

const UUID = /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;
const idFor = (own: string | undefined, platformRequestId?: string): string =>
  requestIdFor({
    headers: toHeaderFields(own === undefined ? [] : [['X-Request-Id', own]]),
    ...(platformRequestId !== undefined && { platformRequestId }),
  });

describe('the id of a request', () => {
  it.each(['a', 'A-b_c.9', 'x'.repeat(128)])("is the caller's own: %s", (own) => {
    expect(idFor(own, 'of-the-platform')).toBe(own);
  });

  const unusable = [
    '',
    ' ',
    'a b',
    'x'.repeat(129),
    'a\r\nSet-Cookie: x',
    'a\n',
    'ä',
    '<b>',
    'a,b',
    '\u0000',
    '{{7*7}}',
  ];

  it.each(unusable)("is the platform's where the caller's is %j", (own) => {
    expect(idFor(own, 'of-the-platform')).toBe('of-the-platform');
  });

  it.each([undefined, ...unusable])("is a new UUID where the platform's is %j", (platform) => {
    const id = idFor('a b', platform);
    expect(id).toMatch(UUID);
    expect(idFor(undefined, platform)).not.toBe(id);
  });
});
