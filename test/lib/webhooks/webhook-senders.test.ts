import { inspect } from 'node:util';

import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';

import { newWebhookKeyPair, newWebhookSecret } from '../../../scripts/callers/webhook-sign.ts';
import { isSoundPoint } from '../../../src/lib/auth/verification-keys.ts';
import {
  webhookSenderEntries,
  type WebhookSenderEntry,
} from '../../../src/lib/webhooks/sender-entries.ts';
import { decode } from '../../../src/lib/webhooks/proof.ts';
import { toWebhookSenders } from '../../../src/lib/webhooks/webhook-senders.ts';
import { SettingError } from '../../../src/lib/config/setting-error.ts';
import { EXAMPLE, SVIX } from '../../support/webhook.ts';

const whsec = (bytes: Uint8Array): string => `whsec_${Buffer.from(bytes).toString('base64')}`;
const whpk = (bytes: Uint8Array): string => `whpk_${Buffer.from(bytes).toString('base64')}`;

function reasonsOf(entries: readonly WebhookSenderEntry[], env = {}): readonly string[] {
  try {
    toWebhookSenders(entries, env);
  } catch (error) {
    if (error instanceof SettingError) return error.reasons;
    throw error;
  }
  return [];
}
const reasonsOfSecret = (secret: string): readonly string[] =>
  reasonsOf([{ id: 'hub', secrets: [secret] }]);

describe('toWebhookSenders', () => {
  it('makes a principal that may cancel and nothing else', () => {
    const entries = webhookSenderEntries.parse([
      {
        id: 'hub',
        secrets: [EXAMPLE.secret],
        engines: ['etl'],
        regions: ['ap-guangzhou'],
        rate: '5/m',
      },
      { id: 'plain', secrets: [SVIX.publicKey] },
    ]);
    const principals = toWebhookSenders(entries, {}).map(({ principal }) => principal);
    expect(principals).toEqual([
      {
        id: 'hook:hub',
        scheme: 'webhook',
        grants: [{ scopes: ['tasks:cancel'], engines: [['etl']], regions: ['ap-guangzhou'] }],
        basis: 'scope',
        rate: { limit: 5, windowSeconds: 60 },
      },
      {
        id: 'hook:plain',
        scheme: 'webhook',
        grants: [{ scopes: ['tasks:cancel'] }],
        basis: 'scope',
      },
    ]);
  });

  it('takes a secret from the variable that env: names', () => {
    const entries = [{ id: 'hub', secrets: ['env:HUB', SVIX.publicKey] }];
    const [sender] = toWebhookSenders(entries, { HUB: EXAMPLE.secret });
    expect(sender?.keys.map(({ type }) => type)).toEqual(['secret', 'public']);
    expect(reasonsOf(entries)).toEqual([
      '"hub", secret 1: the variable HUB, which a secret refers to, is not set',
    ]);
  });

  it('shows no secret when it is logged or serialised', () => {
    const senders = toWebhookSenders(
      [{ id: 'hub', secrets: [EXAMPLE.secret, SVIX.publicKey] }],
      {},
    );
    const shown = JSON.stringify(senders) + inspect(senders, { depth: 9, showHidden: true });
    expect(shown).toContain('hook:hub');
    expect(shown).not.toContain(EXAMPLE.secret.slice(6));
    expect(shown).not.toContain(Buffer.from(EXAMPLE.secret.slice(6), 'base64').toString('hex'));
  });

  it.each([24, 32, 64])('takes a secret of %i bytes', (length) => {
    expect(reasonsOfSecret(whsec(Buffer.alloc(length, 7)))).toEqual([]);
  });

  it.each([1, 23, 65])('refuses a secret of %i bytes', (length) => {
    const reasons = reasonsOfSecret(whsec(Buffer.alloc(length, 7)));
    expect(reasons).toEqual(['"hub", secret 1: must be 24 to 64 bytes after whsec_']);
  });

  it.each([
    ['no prefix', EXAMPLE.secret.slice(6), 'must begin with whsec_ or whpk_'],
    ['another prefix', 'whsek_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw', 'must begin with whsec_ or whpk_'],
    ['a prefix in capitals', `WHSEC_${EXAMPLE.secret.slice(6)}`, 'must begin with whsec_ or whpk_'],
    ['nothing at all', '', 'must begin with whsec_ or whpk_'],
    ['nothing after the prefix', 'whsec_', 'must be standard base64, with padding, after whsec_'],
    [
      'a line break at the end',
      `${EXAMPLE.secret}\n`,
      'has a line break in it: printf writes none, echo does',
    ],
    [
      'base64url',
      whsec(Buffer.alloc(24, 0xfb)).replaceAll('+', '-').replaceAll('/', '_'),
      'must be standard base64, with padding, after whsec_',
    ],
    [
      'no padding',
      whsec(Buffer.alloc(25, 7)).replaceAll('=', ''),
      'must be standard base64, with padding, after whsec_',
    ],
    ['31 bytes of a public key', whpk(Buffer.alloc(31, 1)), 'must be 32 bytes after whpk_'],
    [
      'a private key',
      SVIX.privateKey,
      'is a private key, which only its sender may hold: give the whpk_ key',
    ],
  ])('refuses %s, and does not repeat it', (_, secret, reason) => {
    const reasons = reasonsOfSecret(secret);
    expect(reasons).toEqual([`"hub", secret 1: ${reason}`]);
    if (secret.length > 6) expect(reasons.join()).not.toContain(secret.slice(6).trim());
  });

  it('refuses the same secret for two senders, by whatever way it comes', () => {
    const entries = [
      { id: 'one', secrets: [EXAMPLE.secret] },
      { id: 'two', secrets: ['env:TWO'] },
    ];
    expect(reasonsOf(entries, { TWO: EXAMPLE.secret })).toEqual([
      '"two", secret 1: is the same as an earlier one of "one"',
    ]);
  });

  it('refuses the same secret twice in one sender', () => {
    const secrets = [SVIX.publicKey, EXAMPLE.secret, SVIX.publicKey];
    expect(reasonsOf([{ id: 'hub', secrets }])).toEqual([
      '"hub", secret 3: is the same as an earlier one of "hub"',
    ]);
  });

  it('counts secrets as the same that HMAC cannot tell apart', () => {
    const bytes = Buffer.alloc(24, 7);
    const entries = [
      { id: 'one', secrets: [whsec(bytes)] },
      { id: 'two', secrets: [whsec(Buffer.concat([bytes], 30))] },
    ];
    expect(reasonsOf(entries)).toEqual(['"two", secret 1: is the same as an earlier one of "one"']);
  });

  it('refuses two senders of one id', () => {
    const entries = ['whsec', 'whpk'].map(() => ({ id: 'hub', secrets: [newWebhookSecret()] }));
    expect(reasonsOf(entries)).toEqual(['"hub" is the id of two senders']);
  });

  it('takes 100 secrets, 10 of them public keys, and not one more of either', () => {
    const symmetric = Array.from({ length: 90 }, () => newWebhookSecret());
    const asymmetric = Array.from({ length: 10 }, () => newWebhookKeyPair().publicKey);
    const entries = (...more: string[]): WebhookSenderEntry[] =>
      [...symmetric, ...asymmetric, ...more].map((secret, i) => ({
        id: `${i}`,
        secrets: [secret],
      }));
    expect(reasonsOf(entries())).toEqual([]);
    expect(reasonsOf(entries(newWebhookSecret()))).toEqual(['has more than 100 secrets in all']);
    expect(reasonsOf(entries(newWebhookKeyPair().publicKey))).toEqual([
      'has more than 100 secrets in all',
      'has more than 10 whpk_ keys in all',
    ]);
  });

  it('takes 4 secrets in an entry, and not one more', () => {
    const secrets = Array.from({ length: 5 }, () => newWebhookSecret());
    expect(reasonsOf([{ id: 'hub', secrets: secrets.slice(1) }])).toEqual([]);
    expect(reasonsOf([{ id: 'hub', secrets }])).toEqual(['"hub" has more than 4 secrets']);
  });

  it('names everything that is wrong at once', () => {
    const entries = [
      { id: 'one', secrets: ['nonsense', 'env:', whsec(Buffer.alloc(8))] },
      { id: 'one', secrets: ['env:NOT_SET'] },
    ];
    expect(reasonsOf(entries)).toHaveLength(5);
  });

  it('gives ids that are names of Object.prototype no meaning', () => {
    const ids = ['__proto__', 'constructor', 'toString'];
    const entries = ids.map((id) => ({ id, secrets: [newWebhookSecret()] }));
    const senders = toWebhookSenders(entries, {});
    expect(senders.map(({ principal }) => principal.id)).toEqual(ids.map((id) => `hook:${id}`));
  });

  it('lets a failure that is not of the setting through', () => {
    const env = new Proxy(
      {},
      {
        get() {
          throw new Error('not a setting');
        },
        getOwnPropertyDescriptor() {
          throw new Error('not a setting');
        },
      },
    );
    expect(() => toWebhookSenders([{ id: 'hub', secrets: ['env:ANY'] }], env)).toThrow(
      'not a setting',
    );
  });

  it('says one thing or another of every string, and never throws anything else', () => {
    const prefix = fc.constantFrom('whsec_', 'whpk_', 'whsk_', '', 'env:');
    const rest = fc.oneof(fc.string(), fc.base64String({ maxLength: 120 }));
    fc.assert(
      fc.property(prefix, rest, (start, end) => {
        expect(reasonsOfSecret(start + end).length).toBeLessThanOrEqual(1);
      }),
    );
  });
});

describe('decode', () => {
  it('gives back what was encoded', () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 1, maxLength: 70 }), (bytes) => {
        for (const encoding of ['base64', 'hex'] as const) {
          const decoded = decode(Buffer.from(bytes).toString(encoding), encoding);
          expect(decoded).toEqual(Buffer.from(bytes));
        }
      }),
    );
  });

  it('takes one spelling of each value alone', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.base64String()), (text) => {
        const decoded = decode(text, 'base64');
        if (decoded) expect(decoded.toString('base64')).toBe(text);
        else expect(/^([A-Za-z0-9+/]{4})+$/.test(text)).toBe(false);
        const isHex = /^([0-9a-f]{2})+$/.test(text);
        expect(decode(text, 'hex')).toEqual(isHex ? Buffer.from(text, 'hex') : undefined);
      }),
    );
  });
});

/** All y of small order, from libsodium's and the curve's own literature; the highest bit is free. */
const SMALL_ORDER = [
  '0000000000000000000000000000000000000000000000000000000000000000',
  '0100000000000000000000000000000000000000000000000000000000000000',
  '26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05',
  'c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a',
  'ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];
const NOT_CANONICAL = [
  'edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
  'ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f',
];

describe('a whpk_ key', () => {
  it.each([...SMALL_ORDER, ...NOT_CANONICAL, `02${'00'.repeat(31)}`])(
    'is refused where anybody, or nobody, could sign for it: %s',
    (hex) => {
      const point = Buffer.from(hex, 'hex');
      expect(reasonsOfSecret(whpk(point))).toEqual([
        '"hub", secret 1: is not a usable Ed25519 public key',
      ]);
      point.writeUInt8(point.readUInt8(31) | 0x80, 31);
      expect(isSoundPoint(point)).toBe(false);
    },
  );

  it('is taken where a key pair has it', () => {
    for (let i = 0; i < 50; i += 1) {
      expect(reasonsOfSecret(newWebhookKeyPair().publicKey)).toEqual([]);
    }
  });

  it('is taken for about every second value: the other half is off the curve', () => {
    const values = Array.from({ length: 400 }, (_, i) =>
      Buffer.concat([Buffer.from([i % 256, i >> 8, 9])], 32),
    );
    const sound = values.filter((value) => isSoundPoint(value)).length;
    expect(sound).toBeGreaterThan(150);
    expect(sound).toBeLessThan(250);
  });
});
