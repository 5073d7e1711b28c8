import { describe, expect, it } from '@jest/globals';

import { checkSecret, resolveSecret } from '../../../src/lib/config/secret-reference.ts';

const GOOD = '0123456789abcdef0123456789abcdef';

describe('a secret', () => {
  it.each([
    GOOD,
    'a$b{c}<d>%e%',
    'a b',
    '"',
    `"${GOOD}`,
    'p@ss=word',
    '$2b$10$abc',
    'wh',
    'whpk_AAAA',
  ])('may be %j', (secret) => {
    expect(checkSecret(secret)).toBe(secret);
    expect(resolveSecret('env:NAME', { NAME: secret })).toBe(secret);
  });

  it.each([
    [`${GOOD}\n`, 'line break'],
    [`${GOOD}\r\n`, 'line break'],
    [`-----BEGIN\n${GOOD}`, 'line break'],
    [` ${GOOD}`, 'blank'],
    [`${GOOD}\t`, 'blank'],
    [`"${GOOD}"`, 'quotes'],
    [`'${GOOD}'`, 'quotes'],
    ['${env:SECRET}', 'template'],
    ['${SECRET}-suffix', 'template'],
    ['$(cat secret)', 'template'],
    ['$SECRET', 'template'],
    ['%SECRET%', 'template'],
    ['{{ secret }}', 'template'],
    ['{{resolve:secretsmanager:name}}', 'template'],
    ['<your secret>', 'template'],
    ['null', 'null'],
    ['undefined', 'undefined'],
    ['x'.repeat(32), 'repeated'],
    ['é'.repeat(32), 'repeated'],
    [`whsec_${'A'.repeat(43)}=`, 'repeated'],
  ])('is not %j', (secret, word) => {
    const named = expect.objectContaining({ reasons: [expect.stringContaining(word)] });
    expect(() => checkSecret(secret)).toThrow(named);
    expect(() => resolveSecret(secret, {})).toThrow(named);
    expect(() => resolveSecret('env:NAME', { NAME: secret })).toThrow(/^the variable NAME, /);
    if (secret.includes(GOOD)) expect(() => checkSecret(secret)).not.toThrow(GOOD);
  });
});
