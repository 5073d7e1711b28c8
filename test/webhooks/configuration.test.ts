import { hash } from 'node:crypto';

import { describe, expect, it } from '@jest/globals';

import { newWebhookKeyPair } from '../../scripts/callers/webhook-sign.ts';
import { loadSettings, SettingsError } from '../../src/settings.ts';
import { SENDERS, SECRET } from '../support/senders.ts';

type Entry = Readonly<Record<string, unknown>>;

function load(entries: readonly Entry[], more: Readonly<Record<string, string>> = {}) {
  const env = { DLC_REGION: 'ap-guangzhou', WEBHOOK_SENDERS: JSON.stringify(entries), ...more };
  try {
    return { warnings: loadSettings(env, '/').warnings, reasons: [] };
  } catch (error) {
    if (error instanceof SettingsError) return { warnings: [], reasons: error.reasons };
    throw error;
  }
}
const reasons = (...entries: readonly Entry[]): readonly string[] => load(entries).reasons;

const OTHER = 'another-secret-of-the-sender';
const sha256 = (text: string): string[] => [hash('sha256', text)];
const github = { id: 'it', kind: 'github', secrets: [SECRET], task: { id: '/id' } };
const grafana = { id: 'it', kind: 'grafana', secrets: [SECRET] };
const token = { id: 'it', kind: 'alertmanager', sha256: sha256(SECRET) };
const HMAC = { header: 'X-Sign', signed: '{body}', encoding: 'hex' };
const generic = (members: object): Entry => ({
  id: 'it',
  kind: 'generic-hmac',
  secrets: [SECRET],
  hmac: { ...HMAC, ...members },
});

describe('an entry of each kind', () => {
  it.each(Object.entries(SENDERS))('is taken: %s', (_, { kind, entry }) => {
    expect(reasons({ id: 'it', kind, ...entry })).toEqual([]);
  });
});

describe('a configuration error', () => {
  it.each<readonly [string, readonly Entry[], RegExp]>([
    ['a kind that is none', [{ ...github, kind: 'gitea2' }], /kind must be one of/],
    ['the reserved id', [{ ...github, id: 'cancel-task' }], /"cancel-task" is reserved/],
    ['two entries of one id', [github, { ...grafana, secrets: [OTHER] }], /the id of two senders/],
    ['a member that is unknown', [{ ...github, secret: 'x' }], /unknown member secret/],
    ['a secret under 16 bytes', [{ ...github, secrets: ['x-y-z-1-2-3-4-5'] }], /at least 16 bytes/],
    [
      'five secrets',
      [{ ...github, secrets: [1, 2, 3, 4, 5].map((i) => `${SECRET}-${i}`) }],
      /more than 4 secrets/,
    ],
    [
      'five digests',
      [{ ...token, sha256: [1, 2, 3, 4, 5].flatMap((i) => sha256(`${i}`)) }],
      /more than 4 secrets/,
    ],
    ['no secret', [{ id: 'it', kind: 'grafana' }], /must have secrets or sha256/],
    ['both forms', [{ ...grafana, sha256: sha256(OTHER) }], /one of secrets and sha256/],
    [
      'both forms',
      [{ ...github, kind: 'gitlab', sha256: sha256(OTHER) }],
      /one of secrets and sha256/,
    ],
    ['secrets of a kind that does not sign', [{ ...github, kind: 'datadog' }], /does not sign/],
    ['a digest for a kind that signs', [{ ...token, kind: 'slack' }], /signs/],
    ['a digest that is none', [{ ...token, sha256: ['x'] }], /must match/],
    ['via beside secrets', [{ ...grafana, via: 'bearer' }], /via/],
    ['via that is no field', [{ ...token, via: 'X Token' }], /via must match/],
    ['a timestampHeader elsewhere', [{ ...github, timestampHeader: 'X-Time' }], /timestampHeader/],
    ['hmac elsewhere', [{ ...github, hmac: HMAC }], /only goes with kind generic-hmac/],
    ['no hmac', [{ ...github, kind: 'generic-hmac' }], /must have hmac/],
    [
      'members of others in Standard Webhooks',
      [{ id: 'it', sha256: sha256(SECRET) }],
      /cannot have sha256/,
    ],
    ['a pointer that is none', [{ ...github, task: { id: 'id' } }], /task\.id/],
    ['a task without an id', [{ ...github, task: { each: '/a' } }], /task\.id/],
    ['a requirement of nothing', [{ ...github, require: {} }], /require/],
  ])('%s', (_, entries, reason) => {
    const found = reasons(...entries);
    expect(found.join('\n')).toMatch(reason);
    expect(found.join('\n')).not.toContain(SECRET);
  });

  it.each([
    ['of two kinds', { ...github, id: 'b' }],
    ['as text and as bytes', { ...github, id: 'b', kind: 'gitlab' }],
    ['as text and as a digest', { ...token, id: 'b' }],
  ])('the same secret in two entries, %s', (_, another) => {
    expect(reasons(grafana, another)).toEqual([
      'WEBHOOK_SENDERS: "b", secret 1: is the same as an earlier one of "it"',
    ]);
  });

  it('the same digest in two entries', () => {
    expect(reasons(token, { ...token, id: 'b', kind: 'cls' })).toHaveLength(1);
  });

  it('the same secret of Standard Webhooks in an entry of another kind, however it is read', () => {
    const whsec = `whsec_${Buffer.from('the bytes of a webhook secret...').toString('base64')}`;
    for (const kind of ['gitlab', 'stripe']) {
      const another = { ...github, id: 'b', kind, secrets: [whsec] };
      expect(reasons({ id: 'it', secrets: [whsec] }, another)).toHaveLength(1);
    }
  });

  it('a public key as the secret of another entry: everybody could sign with it', () => {
    const { publicKey } = newWebhookKeyPair();
    for (const secret of [publicKey, publicKey.slice('whpk_'.length)]) {
      const other = { ...generic({ key: secret === publicKey ? 'utf8' : 'base64' }), id: 'b' };
      expect(reasons({ id: 'it', secrets: [publicKey] }, { ...other, secrets: [secret] })).toEqual([
        'WEBHOOK_SENDERS: "b", secret 1: is the same as an earlier one of "it"',
      ]);
    }
  });

  it('a variable that is not set; one that is set is the secret', () => {
    const entry = { ...github, secrets: ['env:HOOK'] };
    expect(reasons(entry).join()).toMatch(/HOOK.*not set/);
    expect(load([entry], { HOOK: SECRET }).reasons).toEqual([]);
  });

  it.each<readonly [object, RegExp]>([
    [{ signed: 'x' }, /\{body\} exactly once/],
    [{ signed: '{body}.{body}' }, /\{body\} exactly once/],
    [{ signed: '{timestamp}.{body}' }, /\{timestamp\} with timestamp/],
    [{ timestamp: { header: 'X-Time' } }, /\{timestamp\} with timestamp/],
    [{ signed: '{id}.{body}' }, /\{id\} with id/],
    [{ id: { header: 'X-Id' } }, /\{id\} with id/],
    [{ signed: '{timestamp}{body}', timestamp: { header: 'X-Time' } }, /between two placeholders/],
    [{ signed: '{time}.{body}' }, /no other placeholder/],
    [{ signed: '{timestamp}.{body}', timestamp: { part: 't=' } }, /part needs hmac\.split/],
    [{ signed: '{timestamp}.{body}', timestamp: { part: 't=', header: 'X-Time' } }, /timestamp/],
    [{ tolerance: 60 }, /need hmac\.timestamp/],
    ...[0, -1, 1.5, 3601].map((tolerance): [object, RegExp] => [
      { signed: '{timestamp}.{body}', timestamp: { header: 'X-T' }, tolerance },
      /tolerance must be a whole number of seconds, at most 3600/,
    ]),
    [{ tolerance: '60' }, /tolerance .* of type number/],
    [{ encoding: 'base32' }, /encoding must be one of/],
    [{ split: ';' }, /split must be one of/],
    [{ key: 'hex' }, /key must be one of/],
    [{ algorithm: 'sha1' }, /unknown member algorithm/],
  ])('in hmac: %j', (members, reason) => {
    expect(reasons(generic(members)).join('\n')).toMatch(reason);
  });
});

describe('a warning', () => {
  it('says who may cancel through Slack, unless the entry requires somebody', () => {
    const slack = { id: 'it', kind: 'slack', secrets: [SECRET] };
    expect(load([slack]).warnings).toEqual([expect.stringContaining('has no require')]);
    expect(load([{ ...slack, require: { '/team_id': 'T1' } }]).warnings).toEqual([]);
  });

  it('says that an entry names no task', () => {
    const { task: _, ...entry } = github;
    expect(load([entry]).warnings).toEqual([expect.stringContaining('has no task')]);
  });
});
