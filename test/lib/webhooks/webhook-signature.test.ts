import { createHmac, createPublicKey, generateKeyPairSync, sign } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import { Webhook } from 'standardwebhooks';

import { newWebhookKeyPair, newWebhookSecret } from '../../../scripts/callers/webhook-sign.ts';
import type { Principal } from '../../../src/lib/auth/principal.ts';
import { toWebhookSenders } from '../../../src/lib/webhooks/webhook-senders.ts';
import { Problem } from '../../../src/lib/problems.ts';
import {
  EXAMPLE,
  signedWebhook,
  SVIX,
  verifyWebhook,
  type WebhookMessage,
} from '../../support/webhook.ts';

const NOW = EXAMPLE.timestamp * 1000;
const PAIR = newWebhookKeyPair();
const OLD_SECRET = newWebhookSecret();
const OTHER_SECRET = newWebhookSecret();

const SENDERS = toWebhookSenders(
  [
    { id: 'hub', secrets: [EXAMPLE.secret, OLD_SECRET, SVIX.publicKey] },
    { id: 'lab', secrets: [PAIR.publicKey, OTHER_SECRET] },
  ],
  {},
);

const verified = (message: WebhookMessage, now = NOW): Principal =>
  verifyWebhook(SENDERS, message, now);

function refusal(message: WebhookMessage, now = NOW): Problem {
  try {
    verified(message, now);
  } catch (error) {
    if (error instanceof Problem) return error;
    throw error;
  }
  throw new Error('was not refused');
}
const reason = (message: WebhookMessage, now = NOW): string | undefined =>
  refusal(message, now).reason;

const GOOD = signedWebhook([EXAMPLE.secret]);
const withSignature = (signature: string): WebhookMessage => ({ ...GOOD, signature });
/** As long as an HMAC, and signed by nobody. */
const decoy = (n: number): string => `v1,${Buffer.alloc(32, n).toString('base64')}`;
const decoyV1a = (n: number): string => `v1a,${Buffer.alloc(64, n).toString('base64')}`;
const NO_MATCH = 'no signature is of a configured secret';
const NONE = 'there is no well-formed signature';

describe('verifyWebhook', () => {
  it('verifies the example of the specification', () => {
    const message = { ...GOOD, signature: EXAMPLE.v1, body: Buffer.from(EXAMPLE.body) };
    expect(verified(message).id).toBe('hook:hub');
  });

  it("verifies Svix's v1a signature of the same message, which the specification shows", () => {
    expect(verified(withSignature(SVIX.v1a)).id).toBe('hook:hub');
  });

  it('verifies what an independent sender signed with v1', () => {
    fc.assert(
      fc.property(
        fc.stringMatching(/^[A-Za-z0-9_-]{1,128}$/),
        fc.integer({ min: 0, max: 9_999_999_999 }),
        fc.json(),
        (id, timestamp, body) => {
          const signature = new Webhook(OTHER_SECRET).sign(id, new Date(timestamp * 1000), body);
          const message = { id, timestamp: String(timestamp), signature, body: Buffer.from(body) };
          expect(verified(message, timestamp * 1000).id).toBe('hook:lab');
        },
      ),
    );
  });

  it('verifies what node:crypto alone signed with v1a', () => {
    const { privateKey } = generateKeyPairSync('ed25519');
    const { x = '' } = createPublicKey(privateKey).export({ format: 'jwk' });
    const secret = `whpk_${Buffer.from(x, 'base64url').toString('base64')}`;
    const senders = toWebhookSenders([{ id: 'node', secrets: [secret] }], {});
    const content = `${GOOD.id}.${GOOD.timestamp}.${EXAMPLE.body}`;
    const signature = `v1a,${sign(null, Buffer.from(content), privateKey).toString('base64')}`;
    expect(verifyWebhook(senders, { ...GOOD, signature }, NOW).id).toBe('hook:node');
  });

  it('gives the principal of the sender that signed', () => {
    expect(verified(signedWebhook([PAIR.privateKey]))).toEqual({
      id: 'hook:lab',
      scheme: 'webhook',
      grants: [{ scopes: ['tasks:cancel'] }],
      basis: 'scope',
    });
  });

  it('covers the bytes of the body as they came, whatever they are', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        const message = signedWebhook([PAIR.privateKey], { body: Buffer.from(bytes) });
        expect(verified(message).id).toBe('hook:lab');
      }),
    );
    const nonsense = signedWebhook([EXAMPLE.secret], { body: '{"type": not JSON' });
    expect(verified(nonsense).id).toBe('hook:hub');
    const members = '{"__proto__":{"id":"hook:lab"},"constructor":1}';
    expect(verified(signedWebhook([EXAMPLE.secret], { body: members })).id).toBe('hook:hub');
  });

  it.each(['__proto__', 'constructor', 'hasOwnProperty'])(
    'gives a sender, or an id, named %s no other meaning',
    (id) => {
      const senders = toWebhookSenders([{ id, secrets: [EXAMPLE.secret] }], {});
      const message = signedWebhook([EXAMPLE.secret], { id });
      expect(verifyWebhook(senders, message, NOW).id).toBe(`hook:${id}`);
      expect(reason(signedWebhook([newWebhookSecret()], { id }))).toBe(NO_MATCH);
    },
  );

  it('refuses everything where no sender is configured', () => {
    expect(() => verifyWebhook([], GOOD, NOW)).toThrow(Problem);
  });
});

describe('rotation', () => {
  it.each([
    ['the new secret', [EXAMPLE.secret]],
    ['the old one', [OLD_SECRET]],
    ['one that is gone, and one that is here', [newWebhookSecret(), OLD_SECRET]],
    ['a secret that is gone, and a key', [newWebhookSecret(), SVIX.privateKey]],
  ])('verifies what is signed with %s', (_, secrets) => {
    expect(verified(signedWebhook(secrets)).id).toBe('hook:hub');
  });

  it('skips versions that it does not know, and what is malformed', () => {
    const { signature } = GOOD;
    const header = ['v2,AAAA', 'v1,', decoy(1), 'v1', ',', '=', 'v1a,AAAA', signature].join(' ');
    expect(verified(withSignature(header)).id).toBe('hook:hub');
  });

  it('takes the first sender of the configuration where two have signed', () => {
    const { signature } = signedWebhook([PAIR.privateKey, EXAMPLE.secret]);
    expect(verified(withSignature(signature)).id).toBe('hook:hub');
  });
});

const at = (age: number): WebhookMessage =>
  signedWebhook([EXAMPLE.secret], { timestamp: EXAMPLE.timestamp - age });

describe('the webhook-timestamp', () => {
  it('may be 300 seconds off, before and after', () => {
    expect(verified(at(300)).id).toBe('hook:hub');
    expect(verified(at(-300)).id).toBe('hook:hub');
    // The sender's clock is cut to whole seconds, and so is ours.
    expect(verified(at(300), NOW + 999).id).toBe('hook:hub');
  });

  it('is refused when too old', () => {
    expect(reason(at(301))).toBe('the timestamp is too old');
    expect(reason(at(300), NOW + 1000)).toBe('the timestamp is too old');
  });

  it('is refused when too new', () => {
    expect(reason(at(-301))).toBe('the timestamp is too new');
    expect(reason(at(-301), NOW + 999)).toBe('the timestamp is too new');
  });

  it.each([
    ['a float', '1614265330.0'],
    ['an exponent', '1614265330e0'],
    ['an exponent alone', '1.61426533e9'],
    ['a sign', '+1614265330'],
    ['a minus', '-1614265330'],
    ['a leading zero', '01614265330'],
    ['a blank before it', ' 1614265330'],
    ['a line break after it', '1614265330\n'],
    ['hexadecimal digits', '0x60379db2'],
    ['digits of another script', '١٦١٤٢٦٥٣٣٠'],
    ['a list', '1614265330, 1614265330'],
    ['a separator', '1_614_265_330'],
    ['RFC 3339', '2021-02-25T15:02:10Z'],
    ['nothing', ''],
    ['NaN', 'NaN'],
    ['Infinity', 'Infinity'],
    ['more digits than a number holds', '1'.repeat(400)],
  ])('is refused as malformed with %s, though signed', (_, timestamp) => {
    const content = `${GOOD.id}.${timestamp}.${EXAMPLE.body}`;
    const key = Buffer.from(EXAMPLE.secret.slice(6), 'base64');
    const signature = `v1,${createHmac('sha256', key).update(content).digest('base64')}`;
    expect(reason({ ...GOOD, timestamp, signature })).toBe('the timestamp is malformed');
  });

  it('in milliseconds is too new', () => {
    expect(reason({ ...GOOD, timestamp: String(NOW) })).toBe('the timestamp is too new');
  });

  it('is refused before any signature is looked at', () => {
    const senders = [
      {
        principal: verified(GOOD),
        get keys(): never {
          throw new Error('cryptography');
        },
      },
    ];
    expect(() => verifyWebhook(senders, at(301), NOW)).toThrow(Problem);
    expect(() => verifyWebhook(senders, at(0), NOW)).toThrow('cryptography');
  });

  it('takes no string but a current time', () => {
    fc.assert(
      fc.property(fc.string(), (timestamp) => {
        expect(refusal({ ...GOOD, timestamp }).code).toBe('unauthenticated');
      }),
    );
  });
});

describe('the webhook-id', () => {
  it.each(['a', 'A-_9', 'x'.repeat(128)])('may be %s', (id) => {
    expect(verified(signedWebhook([EXAMPLE.secret], { id })).id).toBe('hook:hub');
  });

  it.each(['', 'x'.repeat(129), 'a.b', 'a b', 'ä', 'a\n', '../a', 'a,a'])('may not be %j', (id) => {
    expect(reason(signedWebhook([EXAMPLE.secret], { id }))).toBe('the id is malformed');
  });

  it('cannot take over what belongs to the timestamp or the body', () => {
    const { signature } = signedWebhook([EXAMPLE.secret], { id: 'a', body: '1.x' });
    const shifted = { ...GOOD, id: `a.${GOOD.timestamp}`, timestamp: '1', body: Buffer.from('x') };
    expect(reason({ ...shifted, signature })).toBe('the id is malformed');
  });
});

describe('the webhook-signature', () => {
  it.each([
    ['is empty', ''],
    ['is blank', '   '],
    ['has no version', GOOD.signature.slice(3)],
    ['has no version, but a comma', `,${GOOD.signature.slice(3)}`],
    ['has a version alone', 'v1'],
    ['has nothing after the version', 'v1,'],
    ['is in hexadecimal', `v1,${Buffer.from(GOOD.signature.slice(3), 'base64').toString('hex')}`],
    ['is in base64url', decoy(0xff).replaceAll('/', '_')],
    ['has no padding', GOOD.signature.replace('=', '')],
    [
      'is one byte short',
      `v1,${Buffer.from(GOOD.signature.slice(3), 'base64').subarray(1).toString('base64')}`,
    ],
    ['has a member too many', `${GOOD.signature},v1`],
    ['is separated by a tab', `${decoy(1)}\t${GOOD.signature}`],
    ['is of an unknown version', GOOD.signature.replace('v1', 'v2')],
    ['has its version in capitals', GOOD.signature.replace('v1', 'V1')],
    ['has stray bits', GOOD.signature.replace('E=', 'F=')],
  ])('is refused where it %s', (_, signature) => {
    expect(reason(withSignature(signature))).toBe(NONE);
  });

  it('is refused where it is of another secret', () => {
    expect(reason(signedWebhook([newWebhookSecret()]))).toBe(NO_MATCH);
    expect(reason(signedWebhook([newWebhookKeyPair().privateKey]))).toBe(NO_MATCH);
  });

  it('is refused where a byte of the body has changed', () => {
    for (const message of [GOOD, signedWebhook([SVIX.privateKey])]) {
      const body = Buffer.from(message.body);
      body.writeUInt8(body.readUInt8(5) ^ 1, 5);
      expect(reason({ ...message, body })).toBe(NO_MATCH);
      expect(reason({ ...message, body: Buffer.from(`${EXAMPLE.body} `) })).toBe(NO_MATCH);
      expect(reason({ ...message, body: Buffer.alloc(0) })).toBe(NO_MATCH);
      expect(reason({ ...message, id: 'another' })).toBe(NO_MATCH);
      expect(reason({ ...message, timestamp: String(EXAMPLE.timestamp + 1) })).toBe(NO_MATCH);
    }
  });

  it('is checked against secrets of its own version alone', () => {
    // An HMAC with the public key, which everybody may know, in place of a secret.
    const key = Buffer.from(SVIX.publicKey.slice(5), 'base64');
    const content = `${GOOD.id}.${GOOD.timestamp}.${EXAMPLE.body}`;
    const forged = createHmac('sha256', key).update(content).digest('base64');
    expect(reason(withSignature(`v1,${forged}`))).toBe(NO_MATCH);
    expect(reason(withSignature(`v1a,${forged}`))).toBe(NONE);
    expect(reason(withSignature(GOOD.signature.replace('v1', 'v1a')))).toBe(NONE);
    expect(reason(withSignature(SVIX.v1a.replace('v1a', 'v1')))).toBe(NONE);
  });

  it('may be the last of eight, and not one of nine', () => {
    const seven = Array.from({ length: 7 }, (_, i) => decoy(i));
    expect(verified(withSignature([...seven, GOOD.signature].join(' '))).id).toBe('hook:hub');
    expect(reason(withSignature([...seven, 'v9,AAAA', GOOD.signature].join(' ')))).toBe(
      'there are too many signatures',
    );
  });

  it('may be the last of four v1a, and not one of five', () => {
    const three = Array.from({ length: 3 }, (_, i) => decoyV1a(i));
    expect(verified(withSignature([...three, SVIX.v1a].join(' '))).id).toBe('hook:hub');
    expect(reason(withSignature([...three, 'v1a,', GOOD.signature, SVIX.v1a].join(' ')))).toBe(
      'there are too many Ed25519 signatures',
    );
  });

  it('may be 4096 bytes long, and not one more', () => {
    const { length } = GOOD.signature;
    const filler = `v9,${'x'.repeat(4096 - length - 4)}`;
    expect(verified(withSignature(`${filler} ${GOOD.signature}`)).id).toBe('hook:hub');
    expect(reason(withSignature(`${filler}x ${GOOD.signature}`))).toBe('the field is too long');
  });

  it('is refused whatever it is, unless it is ours', () => {
    const version = fc.constantFrom('v1,', 'v1a,', 'v2,', 'v1', '');
    const part = fc
      .tuple(version, fc.oneof(fc.string(), fc.base64String()))
      .map((both) => both.join(''));
    fc.assert(
      fc.property(fc.array(part, { maxLength: 10 }), (parts) => {
        expect(refusal(withSignature(parts.join(' '))).code).toBe('unauthenticated');
      }),
    );
  });
});

describe('a refusal', () => {
  const refusals: [string, WebhookMessage][] = [
    ['a missing id', { ...GOOD, id: undefined }],
    ['a missing timestamp', { ...GOOD, timestamp: undefined }],
    ['a missing signature', { ...GOOD, signature: undefined }],
    ['a malformed id', { ...GOOD, id: 'a.b' }],
    ['an old timestamp', { ...GOOD, timestamp: '1' }],
    ['a signature of nobody', withSignature(decoy(1))],
    ['no signature', withSignature('')],
  ];

  it.each(refusals)('tells the caller nothing of %s, and the log what it was', (_, message) => {
    const problem = refusal(message);
    expect(problem.code).toBe('unauthenticated');
    expect(problem.members).toEqual(refusal(withSignature(decoy(2))).members);
    expect(problem.headers).toEqual({ 'WWW-Authenticate': 'Webhook-Signature' });
    expect(problem.reason).toMatch(/^[a-z -]+$/);
    expect(JSON.stringify([problem.reason, problem.message])).not.toContain(
      Buffer.alloc(9, 1).toString('base64'),
    );
  });
});
