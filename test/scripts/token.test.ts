import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { jwtVerify } from 'jose';

import {
  keySigner,
  newTokenSecret,
  secretSigner,
  signToken,
  toClaims,
} from '../../scripts/callers/token-sign.ts';
import { jwtIssuerEntries } from '../../src/lib/auth/entries.ts';
import { runScript } from './run-script.ts';

const SECRET = newTokenSecret();
const WHO = { issuer: 'https://issuer.example', audience: 'gateway', subject: 'alice' };
const pem = (key: KeyObject): string => key.export({ format: 'pem', type: 'pkcs8' }).toString();

describe('toClaims', () => {
  it('gives scopes, and times in whole seconds', () => {
    const request = { ...WHO, ttlSeconds: 60, scopes: ['tasks:cancel', 'tasks:read'] as const };
    expect(toClaims(request, 1_700_000_000_900)).toEqual({
      iss: 'https://issuer.example',
      aud: 'gateway',
      sub: 'alice',
      iat: 1_700_000_000,
      exp: 1_700_000_060,
      scope: 'tasks:cancel tasks:read',
    });
  });

  it('gives one entry of authorization_details for each task', () => {
    const tasks = ['one', 'two'];
    const { authorization_details: plain, scope } = toClaims({ ...WHO, ttlSeconds: 1, tasks }, 0);
    expect(plain).toEqual([
      { type: 'dlc_task', actions: ['cancel', 'read'], identifier: 'one' },
      { type: 'dlc_task', actions: ['cancel', 'read'], identifier: 'two' },
    ]);
    expect(scope).toBeUndefined();
    const narrow = {
      regions: ['ap-guangzhou'],
      engines: ['etl'],
      actions: ['read', 'read'] as const,
    };
    const request = { ...WHO, ttlSeconds: 1, tasks: ['one'], ...narrow };
    expect(toClaims(request, 0)['authorization_details']).toEqual([
      { type: 'dlc_task', identifier: 'one', ...narrow, actions: ['read'] },
    ]);
  });
});

describe('keySigner', () => {
  it.each([
    ['RS256', generateKeyPairSync('rsa', { modulusLength: 2048 })],
    ['ES256', generateKeyPairSync('ec', { namedCurve: 'P-256' })],
    ['ES384', generateKeyPairSync('ec', { namedCurve: 'P-384' })],
    ['ES512', generateKeyPairSync('ec', { namedCurve: 'P-521' })],
    ['EdDSA', generateKeyPairSync('ed25519')],
  ])('signs with %s by the type of the key', async (alg, { privateKey, publicKey }) => {
    const token = await signToken({ sub: 'alice' }, keySigner(pem(privateKey), 'k1'));
    const { payload, protectedHeader } = await jwtVerify(token, publicKey);
    expect(payload).toEqual({ sub: 'alice' });
    expect(protectedHeader).toEqual({ alg, typ: 'JWT', kid: 'k1' });
  });

  it.each([
    ['a short RSA key', pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey)],
    ['another curve', pem(generateKeyPairSync('ec', { namedCurve: 'secp256k1' }).privateKey)],
    ['a key that signs nothing', pem(generateKeyPairSync('x25519').privateKey)],
    ['something else', 'PLANTED'],
  ])('refuses %s, and does not repeat it', (_, key) => {
    expect(() => keySigner(key)).toThrow(expect.objectContaining({ exitCode: 65 }));
    expect(() => keySigner(key)).not.toThrow('PLANTED');
  });
});

describe('npm run token', () => {
  const scope = ['--sub', 'alice', '--scope', 'tasks:cancel'];
  const env = { GATEWAY_JWT_SECRET: SECRET };
  let folder = '';
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'token-'));
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  it('prints the token alone, signed with HS256', async () => {
    const ran = await runScript('token', [...scope, '--ttl', '2h'], { env });
    expect(ran).toMatchObject({ exitCode: 0, stderr: '' });
    const { payload } = await jwtVerify(ran.stdout.trim(), Buffer.from(SECRET), {
      issuer: 'https://issuer.example',
      audience: 'dlc-task-gateway',
      algorithms: ['HS256'],
    });
    expect(payload).toMatchObject({ sub: 'alice', scope: 'tasks:cancel' });
    expect((payload.exp ?? 0) - (payload.iat ?? 0)).toBe(7200);
  });

  it('reads the secret from the variable that is named, or from stdin', async () => {
    const named = await runScript('token', [...scope, '--secret-env', 'ANOTHER'], {
      env: { ANOTHER: SECRET },
    });
    const piped = await runScript('token', [...scope, '--secret-stdin'], { stdin: `${SECRET}\n` });
    for (const { stdout } of [named, piped]) {
      await expect(jwtVerify(stdout.trim(), Buffer.from(SECRET))).resolves.toBeDefined();
    }
  });

  it('speaks JSON to programs, and signs for one task with a key from a file', async () => {
    const { privateKey, publicKey } = generateKeyPairSync('ed25519');
    const file = path.join(folder, 'key.pem');
    writeFileSync(file, pem(privateKey), { mode: 0o600 });
    const task = ['--sub', 'alice', '--task', 'one'];
    const more = ['--region', 'ap-guangzhou', '--key-file', file, '--kid', 'k1', '--json'];
    const ran = await runScript('token', [...task, ...more]);
    const { token, claims } = JSON.parse(ran.stdout);
    const { payload, protectedHeader } = await jwtVerify(token, publicKey);
    expect(payload).toEqual(claims);
    expect(protectedHeader).toMatchObject({ alg: 'EdDSA', kid: 'k1' });
    expect(claims.authorization_details).toEqual([
      {
        type: 'dlc_task',
        actions: ['cancel', 'read'],
        identifier: 'one',
        regions: ['ap-guangzhou'],
      },
    ]);
  });

  it('makes a secret and an entry that go together', async () => {
    const people = await runScript('token', ['--new-secret']);
    expect(people.stdout).toMatch(/^ {2}GATEWAY_JWT_SECRET=[A-Za-z0-9_-]{43}$/m);
    const args = ['--new-secret', '--id', 'idp', '--secret-env', 'MY_SECRET', '--json'];
    const { secret, variable, entry } = JSON.parse((await runScript('token', args)).stdout);
    expect(jwtIssuerEntries.safeParse([entry]).success).toBe(true);
    expect(entry).toMatchObject({ id: 'idp', algorithms: ['HS256'], secret: 'env:MY_SECRET' });
    const ran = await runScript('token', [...scope, '--secret-env', variable], {
      env: { [variable]: secret },
    });
    const { issuer, audience } = entry;
    const verified = jwtVerify(ran.stdout.trim(), Buffer.from(secret), { issuer, audience });
    await expect(verified).resolves.toBeDefined();
  });

  it('explains itself', async () => {
    const ran = await runScript('token', ['--help']);
    expect(ran).toMatchObject({
      exitCode: 0,
      stdout: expect.stringContaining('npm run token -- '),
    });
  });

  it.each([
    [['--sub', 'alice'], 'give --scope or --task: else the token permits nothing'],
    [[...scope, '--task', 'x'], 'give --scope or --task: the gateway ignores scopes beside tasks'],
    [[...scope, '--engine', 'x'], '--action, --region and --engine go with --task only'],
    [['--scope', 'tasks:cancel'], '--sub is missing; see --help'],
    [
      ['--sub', 'a', '--scope', 'tasks:all'],
      '--scope must be one of tasks:cancel, tasks:read; see --help',
    ],
    [['--sub', 'a', '--task', 'a b'], '--task must be 1 to 128 of A-Z a-z 0-9 _ -'],
    [
      ['--sub', 'a', '--task', 'a', '--action', 'stop'],
      '--action must be one of cancel, read; see --help',
    ],
    [[...scope, '--ttl', '5'], '--ttl must be like 30s, 5m or 2h, and at most 24h'],
    [[...scope, '--ttl', '25h'], '--ttl must be like 30s, 5m or 2h, and at most 24h'],
    [
      [...scope, '--key-file', 'x', '--secret-stdin'],
      'give one of --key-file, --secret-env and --secret-stdin',
    ],
    [[...scope, '--secret-stdin'], 'there is no secret on stdin'],
    [
      [...scope, '--secret-env', 'toString'],
      'the variable that should hold the secret is not set; name it with --secret-env, or use --secret-stdin',
    ],
    [
      ['--new-secret', '--id', 'a b'],
      '--id must be 1 to 64 of A-Z a-z 0-9 _ -, --issuer and --audience not empty',
    ],
  ])('answers %j with one sentence and 64', async (args, sentence) => {
    const ran = await runScript('token', args, { env });
    expect(ran).toEqual({ exitCode: 64, stdout: '', stderr: `${sentence}\n` });
  });

  it('answers a secret that is no good with 65, a file that cannot be read with 66', async () => {
    const short = await runScript('token', scope, { env: { GATEWAY_JWT_SECRET: 'PLANTED' } });
    expect(short).toMatchObject({
      exitCode: 65,
      stderr: 'the secret must be at least 32 bytes long\n',
    });
    const none = await runScript('token', [...scope, '--key-file', path.join(folder, 'none')]);
    expect(none).toMatchObject({
      exitCode: 66,
      stderr: '--key-file names a file that cannot be read\n',
    });
  });

  it('does not repeat a secret that stands in the place of a name', async () => {
    for (const args of [[...scope, '--secret-env', SECRET], [SECRET], [`--x=${SECRET}`]]) {
      const ran = await runScript('token', args);
      expect(ran.exitCode).toBe(64);
      expect(ran.stdout + ran.stderr).not.toContain(SECRET);
    }
  });

  it('takes no secret as an argument', async () => {
    const ran = await runScript('token', [...scope, '--secret', SECRET]);
    expect(ran).toMatchObject({ exitCode: 64, stderr: '--secret is not an option; see --help\n' });
  });
});

it('a secret of 32 bytes is long enough for HS256, and one of 31 is not', () => {
  expect(secretSigner('x'.repeat(32)).alg).toBe('HS256');
  expect(() => secretSigner('x'.repeat(31))).toThrow('at least 32 bytes');
});
