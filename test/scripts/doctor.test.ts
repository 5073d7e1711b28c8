import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { systemClock } from '../../emulator/clock.ts';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { judgeClock } from '../../scripts/doctor/endpoint.ts';
import { examine } from '../../scripts/doctor/examine.ts';
import { failed, ok, type Finding } from '../../scripts/doctor/finding.ts';
import { exitCodeOf, toLines } from '../../scripts/doctor/report.ts';
import { settingsFor } from '../support/gateway.ts';
import { portOf } from '../support/http-client.ts';
import {
  reply,
  answerKeys,
  hold,
  startJwksServer,
  type JwksServer,
} from '../support/jwks-server.ts';
import { createKey } from '../support/jwt.ts';
import { describeWithRedis, startRedis } from '../support/redis.ts';
import { runScript } from './run-script.ts';

const NO_TASK = 'd0c70000-0000-0000-0000-00000000d0c7';

let emulator: Emulator;
let jwks: JwksServer;
beforeAll(async () => {
  emulator = await startEmulator({
    cancelMs: 0,
    token: 'SECRET-TOKEN',
    secretKey: 'SECRET-CLOUD-KEY',
  });
  jwks = await startJwksServer(reply(''));
});
const closing: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  await Promise.all(closing.splice(0).map((close) => close()));
  await emulator.reset();
});
afterAll(async () => {
  await Promise.all([emulator.close(), jwks.stop()]);
});

const issuer = (more: object): string =>
  JSON.stringify([
    { id: 'idp', issuer: 'https://idp', audience: 'a', algorithms: ['ES256'], ...more },
  ]);

const settings = (more: Record<string, string> = {}): Record<string, string> =>
  settingsFor(emulator, { TENCENTCLOUD_SESSIONTOKEN: 'SECRET-TOKEN', ...more });

/** What every run must hold to, whatever it found: exit code, and not one secret. */
async function doctor(env: Record<string, string>, ...args: string[]) {
  const ran = await runScript('doctor', args, { env });
  const written = ran.stdout + ran.stderr;
  expect(written).not.toContain('SECRET-');
  expect(written).not.toContain('\u001b');
  expect(ran.stderr).toBe('');
  return ran;
}

describe('npm run doctor', () => {
  it('finds nothing wrong where nothing is, and cancels nothing', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const { stdout, exitCode } = await doctor(settings());
    expect(stdout).not.toMatch(/^(FAIL|warn)/m);
    expect(stdout.match(/^skip.*/gm)).toEqual([expect.stringMatching(/REDIS_URL is not set/)]);
    expect(exitCode).toBe(0);
    for (const region of ['ap-guangzhou', 'ap-singapore']) {
      expect(stdout).toContain(`ok    DescribeTasks  ${region}: allowed`);
      expect(stdout).toContain(`ok    CancelTask     ${region}: allowed`);
    }
    expect(emulator.stats()).toMatchObject({
      calls: { CancelTask: 2, DescribeTasks: 2 },
      cancelled: [],
    });
    expect(new Set(emulator.requests().flatMap(({ taskIds }) => taskIds))).toEqual(
      new Set([NO_TASK]),
    );
  });

  it('tells of settings that are probably not as somebody meant them', async () => {
    const { stdout, exitCode } = await doctor(settings({ API_KEY: 'SECRET-KEY' }));
    expect(stdout).toMatch(/^warn  settings .*API_KEY: is no setting/m);
    expect(exitCode).toBe(0);
  });

  it('names all wrong settings, and ends with 78', async () => {
    const { stdout, exitCode } = await doctor({
      DLC_REGION: 'SECRET-REGION',
      DLC_ENDPOINT: 'http://SECRET-ENDPOINT',
      JWT_ISSUERS: issuer({ algorithms: ['HS256'], secret: 'env:NOT_THERE' }),
      WEBHOOK_SENDERS: '@SECRET-FILE',
      TENCENTCLOUD_SECRETKEY: 'SECRET-CLOUD-KEY',
    });
    expect(exitCode).toBe(78);
    for (const name of ['DLC_REGION', 'DLC_ENDPOINT', 'WEBHOOK_SENDERS', 'NOT_THERE']) {
      expect(stdout).toMatch(new RegExp(`^FAIL  settings .*${name}`, 'm'));
    }
    expect(stdout).toMatch(/^skip  doctor/m);
  });

  it.each<[string, Record<string, string>, number, RegExp]>([
    [
      'no credentials',
      { TENCENTCLOUD_SECRETID: '', TENCENTCLOUD_SECRETKEY: '' },
      78,
      /credentials +the env/,
    ],
    [
      'half of them',
      { TENCENTCLOUD_SECRETKEY: '' },
      78,
      /credentials .*SECRETID is set, but TENCENTCLOUD_SECRETKEY is/,
    ],
    ['a wrong id', { TENCENTCLOUD_SECRETID: 'SECRET-OTHER' }, 77, /credentials .*SecretIdNotFound/],
    [
      'a wrong key',
      { TENCENTCLOUD_SECRETKEY: 'SECRET-OTHER' },
      77,
      /credentials .*SignatureFailure/,
    ],
    [
      'a wrong token',
      { TENCENTCLOUD_SESSIONTOKEN: 'SECRET-OTHER' },
      77,
      /credentials .*TokenFailure/,
    ],
    [
      'an id that cannot be sent',
      { TENCENTCLOUD_SECRETID: 'SECRET-\u0007' },
      78,
      /credentials .*not printable/,
    ],
    [
      'a region without DLC',
      { DLC_REGIONS: 'ap-nowhere' },
      78,
      /region +ap-nowhere: UnsupportedRegion/,
    ],
    ['nobody there', { DLC_ENDPOINT: 'http://127.0.0.1:1' }, 69, /endpoint .*ECONNREFUSED/],
  ])('tells %s', async (_, env, expected, line) => {
    const { stdout, exitCode } = await doctor(settings(env));
    expect(exitCode).toBe(expected);
    expect(stdout).toMatch(new RegExp(`^FAIL  ${line.source}`, 'm'));
  });

  const code = (name: string) => ({ kind: 'code', code: name, message: 'SECRET-WORDS' }) as const;
  it.each([
    [
      'CancelTask',
      code('UnauthorizedOperation'),
      77,
      /FAIL {2}CancelTask .*→ allow dlc:CancelTask/s,
    ],
    ['CancelTask', code('AuthFailure.UnauthorizedOperation'), 77, /FAIL {2}CancelTask/],
    ['CancelTask', code('FailedOperation.NoPermission'), 77, /FAIL {2}CancelTask/],
    ['CancelTask', code('InvalidParameter.TaskAlreadyFinished'), 0, /ok {4}CancelTask/],
    ['CancelTask', code('FailedOperation'), 0, /warn {2}CancelTask .*FailedOperation/],
    ['CancelTask', code('InternalError'), 75, /FAIL {2}CancelTask .*InternalError/],
    ['CancelTask', { kind: 'hang' }, 69, /FAIL {2}CancelTask .*the attempt timed out/],
    ['CancelTask', { kind: 'reset-before' }, 69, /FAIL {2}CancelTask .*ECONNRESET/],
    ['CancelTask', { kind: 'status', status: 500 }, 70, /FAIL {2}CancelTask .*HTTP status 500/],
    // The other permission is asked for all the same.
    [
      'DescribeTasks',
      code('UnauthorizedOperation'),
      77,
      /FAIL {2}DescribeTasks .*ok {4}CancelTask/s,
    ],
    [
      'DescribeTasks',
      code('AuthFailure.InvalidSecretId'),
      77,
      /FAIL {2}credentials .*skip {2}CancelTask/s,
    ],
    ['DescribeTasks', code('Brand.New'), 70, /FAIL {2}DescribeTasks .*Brand\.New/],
    ['DescribeTasks', { kind: 'html' }, 70, /FAIL {2}DescribeTasks .*upstream-invalid-response/],
  ] as const)('tells what %s answering with %j means', async (action, fault, expected, line) => {
    await emulator.addFault({ action, times: 'always', ...fault });
    const env = settings({ ATTEMPT_TIMEOUT_MS: '400', DLC_REGIONS: '' });
    const { stdout, exitCode } = await doctor(env);
    expect(stdout).toMatch(line);
    expect(exitCode).toBe(expected);
  });

  it('does not cancel the task that cannot exist, should it exist', async () => {
    emulator.addTasks({ id: NO_TASK, state: 'running' });
    const { stdout, exitCode } = await doctor(settings());
    expect(stdout).toMatch(/^warn {2}CancelTask/m);
    expect(exitCode).toBe(0);
    expect(emulator.stats().calls.CancelTask).toBe(0);
  });

  it('calls neither action that it must not call', async () => {
    const { stdout } = await doctor(settings({ TASK_STATE_LOOKUP: 'off' }), '--no-cancel');
    expect(stdout.match(/^skip/gm)).toHaveLength(5);
    expect(emulator.requests().filter(({ action }) => action !== null)).toEqual([]);
  });

  it('writes one JSON object for programs', async () => {
    const { stdout, exitCode } = await doctor(
      settings({ TENCENTCLOUD_SECRETKEY: 'SECRET-x' }),
      '--json',
    );
    expect(exitCode).toBe(77);
    const report: unknown = JSON.parse(stdout);
    expect(report).toMatchObject({ exitCode: 77, findings: expect.any(Array) });
    expect(stdout.trim()).not.toContain('\n');
  });

  it('reads files from where its options say, and sees secrets that are written down', async () => {
    const base = await mkdtemp(path.join(tmpdir(), 'doctor-'));
    const secret = 'SECRET-of-thirty-two-bytes-or-more-x';
    await writeFile(path.join(base, 'idp.json'), issuer({ algorithms: ['HS256'], secret }));
    const written = await doctor(settings({ JWT_ISSUERS: '@idp.json' }), '--base', base);
    expect(written.stdout).toMatch(/^warn {2}secrets +JWT_ISSUERS: 1 written down in the file/m);
    await writeFile(
      path.join(base, 'idp.json'),
      issuer({ algorithms: ['HS256'], secret: 'env:S' }),
    );
    const kept = await doctor(settings({ JWT_ISSUERS: '@idp.json', S: secret }), '--base', base);
    expect(kept.stdout).toMatch(/^ok {4}secrets .*\n(.*\n)*ok {4}issuer +idp: a shared secret/m);
    expect(kept.exitCode).toBe(0);
    await rm(base, { recursive: true });
  });

  it('has a --help, and a sentence for what it does not know', async () => {
    expect((await runScript('doctor', ['--help'])).stdout).toContain(NO_TASK);
    expect(await runScript('doctor', ['--SECRET-x'])).toMatchObject({ exitCode: 64, stdout: '' });
  });
});

/** The same without a process, for what needs a clock or many runs. */
async function examined(
  env: Record<string, string>,
  more: { now?: number; checkMs?: number } = {},
) {
  const findings: Finding[] = [];
  const { now = Date.now(), checkMs = 5000 } = more;
  const tell = (some: readonly Finding[]): void => void findings.push(...some);
  await examine({ env, baseDir: '/', cancels: true, now: () => now, checkMs, tell });
  const of = (check: string) => findings.filter((finding) => finding.check === check);
  return { findings, of, exitCode: exitCodeOf(findings) };
}

describe('an issuer', () => {
  const remote = (): Record<string, string> =>
    settings({ JWT_ISSUERS: issuer({ jwksUri: jwks.uri.href }) });

  it.each<[string, Parameters<JwksServer['behave']>[0], number, RegExp]>([
    ['fails', reply('SECRET-', 500), 69, /answered with status 500/],
    ['sends no JWKS', reply('SECRET-'), 69, /something else than JSON/],
    ['has no key', reply('{"keys":[]}'), 78, /none of the 0 usable keys/],
    ['hangs', hold().listener, 69, /no answer within 2000 ms/],
  ])('that %s is reported', async (_, listener, exitCode, message) => {
    jwks.behave(listener);
    const result = await examined(remote());
    expect(result.of('issuer')).toMatchObject([
      { status: 'failed', message: expect.stringMatching(message) },
    ]);
    expect(result.exitCode).toBe(exitCode);
  });

  it('whose keys fit is well; one without a kid among several is not', async () => {
    const one = createKey('ES256', 'k1');
    const other = createKey('ES256', 'k2');
    jwks.behave(answerKeys(one, other));
    expect((await examined(remote())).of('issuer')).toMatchObject([{ status: 'ok' }]);
    const { kid: _, ...jwk } = one.jwk;
    jwks.behave(answerKeys({ jwk }, other));
    expect((await examined(remote())).of('issuer')).toMatchObject([{ status: 'warning' }]);
    jwks.behave(answerKeys(createKey('RS256', 'k3')));
    expect((await examined(remote())).of('issuer')).toMatchObject([
      { status: 'failed', exitCode: 78 },
    ]);
  });
});

describe('a key that an issuer publishes', () => {
  it('and that cannot be used is named', async () => {
    const broken = { jwk: { kty: 'NEW', kid: 'k2\u009b' } };
    const env = settings({ JWT_ISSUERS: issuer({ jwksUri: jwks.uri.href }) });
    jwks.behave(answerKeys(createKey('ES256', 'k1'), broken));
    const message = 'idp: its JWKS has keys that cannot be used: "k2?" is not a usable public key';
    expect((await examined(env)).of('issuer')).toMatchObject([{ status: 'warning', message }]);
    jwks.behave(answerKeys(broken));
    expect((await examined(env)).of('issuer')).toMatchObject([
      { status: 'failed', message: expect.stringContaining('("k2?" is not a usable public key)') },
    ]);
  });
});

describe('permissions', () => {
  const found = async (more: Record<string, string>) =>
    (await examined(settings(more)))
      .of('permissions')
      .map(({ status, message }) => [status, message]);
  const grants = [
    { when: { '/roles': 'x', '/tid': 't' }, scopes: ['tasks:cancel'], owner: '/uin' },
  ];
  const secret = 'a-secret-of-more-than-32-bytes-0123456789';

  it('are reported in a sentence for each entry', async () => {
    const API_KEYS = JSON.stringify([
      { id: 'all', sha256: 'a'.repeat(64), scopes: ['tasks:cancel'] },
      { id: 'etl', sha256: 'b'.repeat(64), scopes: ['tasks:read'], engines: ['etl'] },
    ]);
    const JWT_ISSUERS = issuer({ algorithms: ['HS256'], secret, grants });
    expect(await found({ API_KEYS, JWT_ISSUERS, BLOCKED_PRINCIPALS: '' })).toEqual([
      ['ok', 'key:all may cancel every task'],
      ['ok', 'key:etl may read tasks on engine "etl"'],
      [
        'ok',
        'jwt:idp may cancel and read every task, at most; if the token\'s "/roles" and "/tid" match, it may cancel tasks of the account that the claim "/uin" names',
      ],
    ]);
  });
});

describe('API keys', () => {
  const keys = (...expires: string[]): string =>
    JSON.stringify(
      expires.map((at, i) => ({
        id: `k${i}`,
        sha256: 'abc'.charAt(i).repeat(64),
        scopes: ['tasks:read'],
        expires: at,
      })),
    );
  const now = Date.parse('2026-06-01T00:00:00Z');

  it('that have expired, or soon will, are reported', async () => {
    const API_KEYS = keys('2026-05-31T23:59:59Z', '2026-06-14T00:00:00Z', '2026-06-16T00:00:00Z');
    const { of } = await examined(settings({ API_KEYS, BLOCKED_PRINCIPALS: '' }), { now });
    expect(of('callers')).toMatchObject([
      { status: 'warning', message: expect.stringContaining('k0 has expired') },
      { status: 'warning', message: expect.stringContaining('k1 expires in 13 days') },
    ]);
  });

  it('that have all expired leave nobody', async () => {
    const env = settings({ API_KEYS: keys('2026-05-31T00:00:00Z'), BLOCKED_PRINCIPALS: '' });
    expect((await examined(env, { now })).exitCode).toBe(78);
  });
});

describe('the clock', () => {
  it.each([
    [10 * 60, 71, 'failed'],
    [-10 * 60, 71, 'failed'],
    [2 * 60, 0, 'warning'],
    [-2 * 60, 0, 'warning'],
    [10, 0, 'ok'],
  ])('of DLC %i s away gives %i', async (seconds, exitCode, status) => {
    const clock = { ...systemClock, wallMs: () => Date.now() + seconds * 1000 };
    const off = await startEmulator({ clock });
    closing.push(() => off.close());
    const result = await doctor(settingsFor(off), '--json');
    const report: { findings: Finding[] } = JSON.parse(result.stdout);
    const found = report.findings.filter(({ check }) => check === 'clock');
    expect(found[0]).toMatchObject({ status });
    // Where it is far off, the signed calls say so too.
    expect(found).toHaveLength(status === 'failed' ? 3 : 1);
    expect(result.exitCode).toBe(exitCode);
  });

  it('is not called wrong for what whole seconds and a slow answer explain', () => {
    const heard = { sentMs: 1_000_900, heardMs: 1_070_000 };
    expect(judgeClock({ ...heard, dateMs: 1_000_000 }).message).toBe('agrees with DLC');
    expect(judgeClock({ ...heard, dateMs: 1_070_000 }).message).toBe('agrees with DLC');
    expect(judgeClock({ ...heard, dateMs: 1_131_000 })).toMatchObject({ status: 'warning' });
    expect(judgeClock({ ...heard, dateMs: undefined })).toMatchObject({ status: 'skipped' });
  });
});

describeWithRedis('Redis', () => {
  it('that lets the gateway in is well; with a password that is wrong it is not', async () => {
    const redis = await startRedis(['--requirepass', 'SECRET-PASSWORD']);
    const at = (password: string) =>
      settings({ REDIS_URL: redis.url.replace('//', `//:${password}@`) });
    try {
      const well = await doctor(at('SECRET-PASSWORD'));
      // On a busy machine the answer takes longer than the gateway waits: that is a warning.
      expect(well.stdout).toMatch(/^(ok|warn) +redis +lets in/m);
      expect(well.exitCode).toBe(0);
      const refused = await doctor(at('SECRET-OTHER'));
      expect(refused.stdout).toMatch(/^FAIL {2}redis +WRONGPASS/m);
      expect(refused.exitCode).toBe(77);
      await redis.kill();
      const gone = await doctor(at('SECRET-PASSWORD'));
      expect(gone.stdout).toMatch(/^FAIL {2}redis +connection refused/m);
      expect(gone.exitCode).toBe(69);
    } finally {
      await redis.stop();
    }
  });
});

describe('a check', () => {
  it('that hangs ends with its time', async () => {
    const sockets: net.Socket[] = [];
    const silent = net.createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    closing.push(async () => {
      for (const socket of sockets) socket.destroy();
      silent.close();
    });
    await once(silent, 'listening');
    const env = settings({ DLC_ENDPOINT: `http://127.0.0.1:${portOf(silent)}` });
    const REDIS_URL = `redis://127.0.0.1:${portOf(silent)}`;
    const { exitCode, of } = await examined({ ...env, REDIS_URL }, { checkMs: 300 });
    expect(of('redis')).toMatchObject([{ status: 'failed', exitCode: 69 }]);
    expect(exitCode).toBe(69);
    expect(of('endpoint')).toMatchObject([
      { message: expect.stringContaining('no answer in time') },
    ]);
  });
});

describe('the report', () => {
  it('has colours if the terminal takes them', () => {
    expect(toLines(ok('clock', 'm'), false)).toContain('ok    clock');
    expect(toLines(ok('clock', 'm'), true)).toContain('\u001b[32mok  \u001b[0m');
  });

  it('ends with what the first failure says', () => {
    const findings = [
      ok('clock', ''),
      failed('region', 'temporary', '', ''),
      failed('issuer', 'clock', '', ''),
    ];
    expect(exitCodeOf(findings)).toBe(75);
    expect(exitCodeOf([])).toBe(0);
  });
});
