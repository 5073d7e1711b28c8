import { createHmac, createSecretKey, hash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { toHeaderFields } from '../../../src/lib/http/message.ts';
import { Problem } from '../../../src/lib/problems.ts';
import { KINDS, type SignatureScheme } from '../../../src/lib/webhooks/kinds.ts';
import { findSigner, verifySecret } from '../../../src/lib/webhooks/proof.ts';

type Pairs = readonly (readonly [string, string])[];

const NOW = 1_700_000_000_000;
const SECRET = 'a-secret-of-the-sender';
const sign = (content: string | Buffer, secret = SECRET): string =>
  createHmac('sha256', secret).update(content).digest('hex');

/** Why the request is not proven; nothing if it is. */
function why(
  scheme: SignatureScheme,
  headers: Pairs,
  body: string | Buffer,
  now = NOW,
  secrets = [SECRET],
) {
  const keys = secrets.map((secret) => createSecretKey(Buffer.from(secret)));
  try {
    const request = { headers: toHeaderFields(headers), body: Buffer.from(body) };
    findSigner(scheme, [{ keys }], request, now);
    return undefined;
  } catch (error) {
    if (error instanceof Problem) return error.reason;
    throw error;
  }
}

const row = (kind: keyof typeof KINDS): SignatureScheme => {
  const { hmac } = KINDS[kind];
  if (!hmac) throw new Error(`${kind} does not sign`);
  return hmac;
};

describe('vectors that senders publish', () => {
  it('of GitHub (docs.github.com, "Validating webhook deliveries")', () => {
    const signature = '757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17';
    const headers = [['X-Hub-Signature-256', `sha256=${signature}`]] as const;
    const secrets = ["It's a Secret to Everybody"];
    expect(why(row('github'), headers, 'Hello, World!', NOW, secrets)).toBeUndefined();
    expect(why(row('github'), headers, 'Hello, World?', NOW, secrets)).toMatch(/no signature/);
  });

  it('of Slack (docs.slack.dev, "Verifying requests from Slack")', () => {
    const body =
      'token=xyzz0WbapA4vBCDEFasx0q6G&team_id=T1DC2JH3J&team_domain=testteamnow&channel_id=G8PSS9T3V&channel_name=foobar&user_id=U2CERLKJA&user_name=roadrunner&command=%2Fwebhook-collect&text=&response_url=https%3A%2F%2Fhooks.slack.com%2Fcommands%2FT1DC2JH3J%2F397700885554%2F96rGlfmibIGlgcZRskXaIFfN&trigger_id=398738663015.47445629121.803a0bc887a14d10d2c447fce8b6703c';
    const headers = [
      ['X-Slack-Request-Timestamp', '1531420618'],
      ['X-Slack-Signature', 'v0=a2114d57b48eac39b9ad189dd8316235a7b4a8d21a10bd27519666489c69b503'],
    ] as const;
    const at = (seconds: number) =>
      why(row('slack'), headers, body, seconds * 1000, ['8f742231b10e8888abcd99yyyzzz85a5']);
    expect(at(1_531_420_618)).toBeUndefined();
    expect(at(1_531_420_618 + 300)).toBeUndefined();
    expect(at(1_531_420_618 + 301)).toBe('the timestamp is too old');
  });
});

const SPLICED: SignatureScheme = {
  header: 'x-sign',
  signed: '{id}.{timestamp}.{body}',
  encoding: 'hex',
  id: { header: 'x-id' },
  timestamp: { header: 'x-time' },
};
const spliced = (id: string, time: string, body: string, content = `${id}.${time}.${body}`) =>
  why(
    SPLICED,
    [
      ['x-id', id],
      ['x-time', time],
      ['x-sign', sign(content)],
    ],
    body,
  );

describe('what is put into the template', () => {
  const time = String(NOW / 1000);

  it('is what was sent', () => {
    expect(spliced('m_1', time, '{}')).toBeUndefined();
  });

  it('cannot be an id or a timestamp that holds a separator or a placeholder', () => {
    for (const id of ['m.1', '{body}', 'm 1', '', 'm'.repeat(129), 'm\u00e9']) {
      expect(spliced(id, time, '{}')).toBe('the id is malformed');
    }
    for (const late of ['{body}', `0${time}`, `${time}.1`, `+${time}`, '1e9', '', ` ${time}`]) {
      expect(spliced('m', late, '{}')).toBe('the timestamp is malformed');
    }
  });

  it('leaves a body alone that looks like a template', () => {
    for (const body of ['{body}', '{timestamp}', '{id}', "$&$'$`", '']) {
      expect(spliced('m', time, body)).toBeUndefined();
    }
  });

  it('moves no byte from one part to another', () => {
    expect(spliced('m', time, 'x', `m.${time}.`)).toMatch(/no signature/);
    expect(spliced('m', time, `x.${time}.y`, `m.${time}.x`)).toMatch(/no signature/);
  });

  it('takes the raw bytes of the body, be they no UTF-8', () => {
    const body = Buffer.from([0xff, 0xfe, 0x00, 0x7b]);
    const headers = [['X-Gitea-Signature', sign(body)]] as const;
    expect(why(row('gitea'), headers, body)).toBeUndefined();
    expect(why(row('gitea'), headers, body.toString())).toMatch(/no signature/);
  });
});

describe('the signatures', () => {
  const body = '{}';
  const good = sign(body);
  const pagerduty = (value: string, secrets?: string[]) =>
    why(row('pagerduty'), [['X-PagerDuty-Signature', value]], body, NOW, secrets);

  it('may be several, for secrets that change: any one counts', () => {
    expect(pagerduty(`v1=${sign(body, 'another')},v1=${good}`)).toBeUndefined();
    expect(pagerduty(`v1=${good}, v1=${sign(body, 'another')}`)).toBeUndefined();
    expect(pagerduty(`v2=zz,v1=${good}`)).toBeUndefined();
    expect(pagerduty(`v1=${good}`, ['the-secret-of-before', SECRET])).toBeUndefined();
    expect(pagerduty(`v1=${sign(body, 'another')}`)).toMatch(/no signature/);
  });

  it('are bounded: eight of them, 4 KiB', () => {
    const some = (count: number): string => `v1=${sign(body, 'x')},`.repeat(count);
    expect(pagerduty(`${some(7)}v1=${good}`)).toBeUndefined();
    expect(pagerduty(`${some(8)}v1=${good}`)).toBe('there are too many signatures');
    expect(pagerduty(`${'v9=x,'.repeat(7)}v1=${good}`)).toBeUndefined();
    expect(pagerduty(`${'v9=x,'.repeat(8)}v1=${good}`)).toBe('there are too many signatures');
    expect(pagerduty(`${'v9=x,'.repeat(1000)}v1=${good}`)).toBe('the field is too long');
  });

  it.each([
    ['in capitals', `sha256=${good.toUpperCase()}`],
    ['without the prefix', good],
    ['with a prefix of another algorithm', `sha1=${good}`],
    ['cut short', `sha256=${good.slice(0, 62)}`],
    ['longer', `sha256=${good}00`],
    ['with a blank', `sha256= ${good}`],
    ['twice in one field', `sha256=${good},sha256=${good}`],
    ['empty', ''],
  ])('%s are none', (_, value) => {
    const headers = [['X-Hub-Signature-256', value]] as const;
    expect(why(row('github'), headers, body)).toBe('there is no well-formed signature');
  });

  it('in a field that is repeated are none, whatever they are', () => {
    const field = ['X-Hub-Signature-256', `sha256=${good}`] as const;
    expect(why(row('github'), [field, field], body)).toBe('x-hub-signature-256 is repeated');
    expect(why(row('github'), [], body)).toBe('x-hub-signature-256 is missing');
  });

  it('of Stripe have one timestamp beside them', () => {
    const time = String(NOW / 1000);
    const v1 = `v1=${sign(`${time}.${body}`)}`;
    const stripe = (value: string, now = NOW) =>
      why(row('stripe'), [['Stripe-Signature', value]], body, now);
    expect(stripe(`t=${time},${v1}`)).toBeUndefined();
    expect(stripe(`${v1},t=${time}`)).toBeUndefined();
    expect(stripe(v1)).toBe('not one timestamp');
    expect(stripe(`t=${time},${v1},t=${time}`)).toBe('not one timestamp');
    expect(stripe(`t=${time},${v1}`, NOW + 301_000)).toBe('the timestamp is too old');
    expect(stripe(`t=${time},${v1}`, NOW - 301_000)).toBe('the timestamp is too new');
  });

  it('in Authorization are a field like any other: no scheme is looked for', () => {
    const scheme: SignatureScheme = { header: 'authorization', signed: '{body}', encoding: 'hex' };
    expect(why(scheme, [['Authorization', good]], body)).toBeUndefined();
    expect(why(scheme, [['Authorization', `Bearer ${good}`]], body)).toMatch(/no well-formed/);
  });
});

describe('a timestamp in milliseconds', () => {
  const scheme: SignatureScheme = {
    header: 'x-sign',
    signed: '{timestamp}\n{body}',
    encoding: 'base64',
    timestamp: { header: 'x-time' },
    unit: 'ms',
    tolerance: 60,
  };
  it.each([
    [0, undefined],
    [60_000, undefined],
    [60_001, 'the timestamp is too old'],
    [-60_001, 'the timestamp is too new'],
  ])('is good %i ms later: %s', (late, reason) => {
    const signature = createHmac('sha256', SECRET).update(`${NOW}\n{}`).digest('base64');
    const headers = [
      ['x-time', String(NOW)],
      ['x-sign', signature],
    ] as const;
    expect(why(scheme, headers, '{}', NOW + late)).toBe(reason);
  });
});

describe('a static secret', () => {
  const secret = 'sixteen-bytes-or';
  const digests = [hash('sha256', secret, 'buffer')];
  const refused = (via: string, headers: Pairs, some = digests): string | undefined => {
    try {
      verifySecret({ via, digests: some }, toHeaderFields(headers));
      return undefined;
    } catch (error) {
      if (error instanceof Problem) return error.reason;
      throw error;
    }
  };
  const basic = (text: string): Pairs => [
    ['Authorization', `Basic ${Buffer.from(text).toString('base64')}`],
  ];

  it.each([
    ['bearer', [['Authorization', `bearer  ${secret}`]]],
    ['x-token', [['X-Token', secret]]],
    ['authorization', [['Authorization', secret]]],
  ] as const)('comes by %s', (via, headers) => {
    expect(refused(via, headers)).toBeUndefined();
    const wrong = headers.map(([name, value]) => [name, `${value}x`] as const);
    expect(refused(via, wrong)).toBe('unknown secret');
  });

  it('comes by basic as user:password', () => {
    const both = [hash('sha256', `user:${secret}`, 'buffer')];
    expect(refused('basic', basic(`user:${secret}`), both)).toBeUndefined();
    expect(refused('basic', basic(`admin:${secret}`), both)).toBe('unknown secret');
    expect(refused('basic', [['Authorization', `Basic user:${secret}`]], both)).toMatch(/^no /);
    expect(refused('basic', [['Authorization', `Bearer ${secret}`]], both)).toMatch(/^no /);
  });

  it('under 16 bytes is refused, whatever is configured', () => {
    const short = secret.slice(1);
    const digest = [hash('sha256', short, 'buffer')];
    expect(refused('bearer', [['Authorization', `Bearer ${short}`]], digest)).toBe(
      'shorter than 16 bytes',
    );
  });

  it('that is its own digest is none', () => {
    const hex = hash('sha256', secret);
    expect(refused('bearer', [['Authorization', `Bearer ${hex}`]])).toBe('unknown secret');
  });
});
