import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { authenticate, type Credentials } from '../../emulator/authenticate.ts';
import { ApiError } from '../../emulator/envelope.ts';
import { signedHeadersOf, type Signing } from './support.ts';

const known: Credentials = { secretId: 'AKIDEMULATOR', secretKey: 'emulator-secret-key' };
const now = Date.parse('2026-03-01T00:01:00Z');
const body = '{"TaskId":"e386471f-139a-4e59-877f-50ece8135b99"}';

/** A request as text, header by header. */
type Wire = Record<string, string>;

function wireOf(signing: Signing = {}): Wire {
  return { body, method: 'POST', ...signedHeadersOf(body, { timestamp: now / 1000, ...signing }) };
}

function codeOf(wire: Wire, credentials: Credentials = known, nowMs = now): string {
  const { body: content = '', method = '', ...headers } = wire;
  const rawHeaders = Object.entries(headers).flat();
  try {
    const request = { method, query: '', rawHeaders, body: Buffer.from(content) };
    authenticate(request, credentials, nowMs);
    return 'ok';
  } catch (error) {
    return error instanceof ApiError ? error.code : String(error);
  }
}

describe('who is let in', () => {
  it('takes a good signature', () => expect(codeOf(wireOf())).toBe('ok'));

  it.each<[string, Signing, string]>([
    ['an unknown key', { secretId: 'AKIDOTHER' }, 'AuthFailure.SecretIdNotFound'],
    ['a wrong secret', { secretKey: 'other' }, 'AuthFailure.SignatureFailure'],
    ['another service', { service: 'cvm' }, 'AuthFailure.SignatureFailure'],
    ['the date of another day', { date: '2026-02-28' }, 'AuthFailure.SignatureFailure'],
    [
      'an unsigned body',
      { payload: 'UNSIGNED-PAYLOAD', headers: { 'x-tc-content-sha256': 'UNSIGNED-PAYLOAD' } },
      'AuthFailure.SignatureFailure',
    ],
    ['an unsigned host', { signedHeaders: ['content-type'] }, 'AuthFailure.InvalidAuthorization'],
  ])('refuses %s', (_, signing, code) => expect(codeOf(wireOf(signing))).toBe(code));

  it('says which service the signature names', () => {
    const { body: content = '', method = '', ...headers } = wireOf({ service: '127' });
    const request = {
      method,
      query: '',
      rawHeaders: Object.entries(headers).flat(),
      body: Buffer.from(content),
    };
    expect(() => authenticate(request, known, now)).toThrow(
      'The signature is for the service `127`; it must be for `dlc`',
    );
  });

  it('takes the UTC date of the timestamp, whatever day it is here', () => {
    const beforeMidnight = now / 1000 - 120;
    expect(codeOf(wireOf({ timestamp: beforeMidnight, date: '2026-02-28' }))).toBe('ok');
    expect(codeOf(wireOf({ timestamp: beforeMidnight, date: '2026-03-01' }))).toBe(
      'AuthFailure.SignatureFailure',
    );
  });

  it.each([-1, 1])('takes five minutes of skew and no second more (%i)', (sign) => {
    expect(codeOf(wireOf(), known, now + sign * 300_000)).toBe('ok');
    expect(codeOf(wireOf(), known, now + sign * 301_000)).toBe('AuthFailure.SignatureExpire');
  });

  it('wants the token where there is one', () => {
    const temporary = { ...known, token: 'session' };
    expect(codeOf(wireOf(), temporary)).toBe('AuthFailure.TokenFailure');
    expect(codeOf({ ...wireOf(), 'x-tc-token': 'other' }, temporary)).toBe(
      'AuthFailure.TokenFailure',
    );
    expect(codeOf({ ...wireOf(), 'x-tc-token': 'session' }, temporary)).toBe('ok');
    expect(codeOf({ ...wireOf(), 'x-tc-token': 'any' })).toBe('ok');
  });

  it('names what is missing or malformed', () => {
    const { authorization, ...unsigned } = wireOf();
    expect(codeOf(unsigned)).toBe('AuthFailure.InvalidAuthorization');
    const { 'x-tc-timestamp': timestamp, ...undated } = wireOf();
    expect(codeOf(undated)).toBe('MissingParameter');
    expect(codeOf({ ...wireOf(), 'x-tc-timestamp': `${timestamp}.5` })).toBe('InvalidParameter');
    expect(codeOf({ ...wireOf(), authorization: 'SKIP' })).toBe('AuthFailure.InvalidAuthorization');
    expect(authorization).toBeDefined();
  });
});

describe('a changed request', () => {
  const wire = wireOf();
  const signed = ['method', 'body', 'host', 'content-type', 'x-tc-timestamp', 'authorization'];

  it('is refused, whichever byte it is', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...signed),
        fc.nat(),
        fc.integer({ min: 0x21, max: 0x7e }),
        (name, at, byte) => {
          const text = wire[name] ?? '';
          const index = at % text.length;
          const replacement = String.fromCharCode(byte);
          // TC3 signs lower-cased header values: the case of these two is not in the signature.
          const isCased = !['host', 'content-type'].includes(name);
          const plain = (letter = ''): string => (isCased ? letter : letter.toLowerCase());
          fc.pre(plain(replacement) !== plain(text[index]));
          const changed = text.slice(0, index) + replacement + text.slice(index + 1);
          expect(codeOf({ ...wire, [name]: changed })).not.toBe('ok');
        },
      ),
      { numRuns: 1000 },
    );
  });

  it('is refused with a byte more or a byte less', () => {
    for (const name of signed) {
      const text = wire[name] ?? '';
      for (let index = 0; index < text.length; index += 1) {
        const rest = text.slice(index);
        const shorter = text.slice(0, index) + rest.slice(1);
        const longer = `${text.slice(0, index)}0${rest}`;
        // The space after a comma of the Authorization may be left out: some SDKs do.
        const isSeparator = name === 'authorization' && rest.startsWith(' ');
        if (!isSeparator) expect(codeOf({ ...wire, [name]: shorter })).not.toBe('ok');
        expect(codeOf({ ...wire, [name]: longer })).not.toBe('ok');
      }
    }
  });
});
