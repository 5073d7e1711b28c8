import { describe, expect, it } from '@jest/globals';

import { decodeCompact, readTokenIssuer } from '../../../src/lib/auth/jwt.ts';
import { InvalidToken } from '../../../src/lib/auth/jwt-claims.ts';
import { createKey, token } from '../../support/jwt.ts';

const good = token(createKey('ES256', 'e1'));

describe('reading a token before it is verified', () => {
  it('gives its issuer and its parts', () => {
    expect(readTokenIssuer(good)).toBe('https://id.example');
    expect(decodeCompact(good)).toHaveLength(3);
  });

  it.each([`${good}.AAAA`, good.split('.').slice(0, 2).join('.'), `${good}=`, ''])(
    'is refused unless there are three parts of base64url: %s',
    (bad) => {
      expect(() => decodeCompact(bad)).toThrow(new InvalidToken('not a compact JWS'));
    },
  );
});
