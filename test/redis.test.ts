import { afterAll, afterEach, beforeAll, beforeEach, expect, it, jest } from '@jest/globals';
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { settingsFor, KEYS } from './support/gateway.ts';
import { send } from './support/http-client.ts';
import { startInProcess, type InProcessGateway } from './support/in-process.ts';
import { startFunction, startServer } from './support/processes.ts';
import { describeWithRedis, freePort, startRedis, type RedisServer } from './support/redis.ts';
import { keyPath, loopbackCertificatePath as certificatePath } from './support/upstream-server.ts';

/** Both limits shared through a real Redis: as it should be, and as it fails. */

const PASSWORD = 'a-password-that-no-log-may-show';

// A Redis that takes over 100 ms counts as dead, and so does one on a machine that stands still for so long.
jest.retryTimes(3, { logErrorsBeforeRetry: true });

let emulator: Emulator;
let redis: RedisServer | undefined;
beforeAll(async () => {
  emulator = await startEmulator();
});
beforeEach(async () => {
  await emulator.reset();
  emulator.addTasks(['t1', 't2'].map((id) => ({ id, state: 'running' as const })));
});
afterEach(async () => {
  await redis?.stop();
  redis = undefined;
});
afterAll(() => emulator.close());

/** An instance; waits and holds are short: 1.3 s on the way to its own share, 3.4 s on the way back. */
function instance(url: string, env: Readonly<Record<string, string>> = {}): InProcessGateway {
  const settings = { UPSTREAM_RATE: '20', MAX_WAIT_MS: '200', REDIS_URL: url, ...env };
  return startInProcess({ port: emulator.port, env: settings });
}

let tasks = 0;
/** Cancels a task that nobody has asked for yet. */
const cancel = (gateway: InProcessGateway) => {
  const id = `u${(tasks += 1)}`;
  emulator.addTasks({ id, state: 'running' });
  return gateway.call('DELETE', `/tasks/${id}`);
};
const switches = ({ lines }: InProcessGateway): Record<string, unknown>[] =>
  lines.filter(({ event }) => String(event).startsWith('limits-'));

describeWithRedis('two instances and one Redis', () => {
  it('have one pace, and one quota for each caller', async () => {
    redis = await startRedis();
    const env = { MAX_WAIT_MS: '0', UPSTREAM_RATE: '1' };
    const [one, other] = [instance(redis.url, env), instance(redis.url, env)];
    const [first, second] = [await cancel(one), await cancel(other)];
    expect([first.status, second.status]).toEqual([202, 429]);
    expect(second.body['code']).toBe('upstream-rate-limited');
    expect(second.headers['Retry-After']).toBe('2');
    expect(first.headers['RateLimit']).toMatch(/^"cancel";r=999998;/);
    expect(second.headers['RateLimit']).toMatch(/^"cancel";r=99999[78];/);
    expect([...switches(one), ...switches(other)]).toEqual([]);
  });

  it('keep to it where Redis forgets scripts and keys, or ends connections', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url);
    for (const ruin of [
      ['SCRIPT', 'FLUSH'],
      ['FLUSHALL'],
      ['CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes'],
    ]) {
      expect((await cancel(gateway)).status).toBe(202);
      const [command = '', ...args] = ruin;
      await redis.client.call(command, ...args);
      expect((await cancel(gateway)).status).toBe(202);
    }
    expect(switches(gateway)).toEqual([]);
  });

  it('trust no connection that was idle for long', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url);
    const connections = async (): Promise<number> =>
      Number(
        /total_connections_received:(\d+)/.exec((await redis?.client.info('stats')) ?? '')?.[1],
      );
    await cancel(gateway);
    const before = await connections();
    await cancel(gateway);
    expect(await connections()).toBe(before);
    const real = Date.now;
    jest.spyOn(Date, 'now').mockImplementation(() => real() + 11_000);
    try {
      expect((await cancel(gateway)).status).toBe(202);
    } finally {
      jest.restoreAllMocks();
    }
    expect(await connections()).toBe(before + 1);
    expect(switches(gateway)).toEqual([]);
  });
});

describeWithRedis('a Redis that refuses counts as dead, and the log says why', () => {
  const url = (user = ''): string => `redis://${user}127.0.0.1:${redis?.port}`;
  const protectedBy = ['--requirepass', PASSWORD];
  it.each<[string, string, readonly string[], () => string]>([
    ['without a password', 'NOAUTH', protectedBy, () => url()],
    ['with a wrong one', 'WRONGPASS', protectedBy, () => url(`:${PASSWORD}x@`)],
    ['for an unknown user', 'WRONGPASS', protectedBy, () => url(`somebody:${PASSWORD}@`)],
    [
      'for a user that may not',
      'NOPERM',
      ['--user', 'u', 'on', `>${PASSWORD}`, '~*', '+ping'],
      () => url(`u:${PASSWORD}@`),
    ],
    ['without such a database', 'no such database', [], () => `${url()}/99`],
    ['as a replica', 'READONLY', ['--replicaof', '127.0.0.1', '1'], () => url()],
    ['without memory', 'OOM', ['--maxmemory', '1'], () => url()],
    [
      'for TLS where it has none',
      'no answer within 100 ms',
      [],
      () => url().replace('redis:', 'rediss:'),
    ],
  ])('%s: %s', async (_, reason, args, address) => {
    redis = await startRedis(args);
    const gateway = instance(address());
    const answers = await Promise.all([cancel(gateway), cancel(gateway), cancel(gateway)]);
    for (const { status, body } of answers) {
      expect({ status, code: body['code'] }).toEqual({
        status: 429,
        code: 'upstream-rate-limited',
      });
    }
    expect(switches(gateway)).toMatchObject([{ level: 'warn', event: 'limits-own', reason }]);
    expect(JSON.stringify([gateway.lines, answers])).not.toContain(PASSWORD);
    // In its own time it has turns of its own.
    await sleep(1300);
    expect((await cancel(gateway)).status).toBe(202);
    expect(switches(gateway)).toHaveLength(1);
  });

  it('and one with user, password and database is as good as any', async () => {
    redis = await startRedis([
      ...protectedBy,
      '--user',
      'u',
      'on',
      `>${PASSWORD}`,
      '~dlcgw:*',
      '+@all',
    ]);
    for (const user of [`:${PASSWORD}@`, `u:${PASSWORD}@`]) {
      const gateway = instance(`${url(user)}/3`);
      expect((await cancel(gateway)).status).toBe(202);
      expect(switches(gateway)).toEqual([]);
    }
    await redis.client.select(3);
    expect(await redis.client.keys('dlcgw:{ap-guangzhou}:pace')).toHaveLength(1);
  });

  it('a password that is not asked for does no harm', async () => {
    redis = await startRedis();
    const gateway = instance(url(`:${PASSWORD}@`));
    expect((await cancel(gateway)).status).toBe(202);
    expect(switches(gateway)).toEqual([]);
  });
});

describeWithRedis('a Redis that dies', () => {
  const share = { EXPECTED_INSTANCES: '4' };

  it('by a crash: the own share after a while, and back by itself', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url, share);
    expect((await cancel(gateway)).status).toBe(202);
    await redis.kill();
    expect((await cancel(gateway)).status).toBe(429);
    expect(switches(gateway)).toMatchObject([{ reason: 'connection refused', holdMs: 1300 }]);
    await sleep(1300);
    expect((await cancel(gateway)).status).toBe(202);
    await redis.restart();
    for (let i = 0; switches(gateway).length < 2 && i < 100; i += 1) {
      await cancel(gateway);
      await sleep(100);
    }
    expect(switches(gateway)[1]).toMatchObject({ level: 'info', event: 'limits-shared' });
    const refused = await cancel(gateway);
    expect(refused.status).toBe(429);
    await sleep(Number(refused.headers['Retry-After']) * 1000);
    expect((await cancel(gateway)).status).toBe(202);
    expect(await redis.client.exists('dlcgw:{ap-guangzhou}:pace')).toBe(1);
    expect(switches(gateway)).toHaveLength(2);
  });

  it('by hanging: that costs its limit once', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url, share);
    await cancel(gateway);
    redis.child.kill('SIGSTOP');
    await Promise.all([cancel(gateway), cancel(gateway)]);
    expect(switches(gateway)).toMatchObject([{ reason: 'no answer within 100 ms' }]);
    redis.child.kill('SIGCONT');
    await sleep(1100);
    await cancel(gateway);
    await sleep(50);
    expect(switches(gateway)).toMatchObject([{}, { event: 'limits-shared' }]);
  });

  it('before the start', async () => {
    const gateway = instance(`redis://127.0.0.1:${await freePort()}`);
    await cancel(gateway);
    expect(switches(gateway)).toMatchObject([{ reason: 'connection refused' }]);
  });
});

describeWithRedis('as built', () => {
  const settings = (): Record<string, string> =>
    settingsFor({
      url: `http://127.0.0.1:${emulator.port}`,
      secretId: 'AKIDEMULATOR',
      secretKey: 'emulator-secret-key',
    });
  const headers = { 'x-api-key': KEYS.both };

  it('server and function load redis.js, and share', async () => {
    redis = await startRedis();
    const env = { ...settings(), UPSTREAM_RATE: '1', MAX_WAIT_MS: '0', REDIS_URL: redis.url };
    const [server, host] = [await startServer(env), await startFunction(env)];
    try {
      const first = await send(server.port, { method: 'DELETE', path: '/tasks/t1', headers });
      const second = await host.invoke({ httpMethod: 'DELETE', path: '/tasks/t2', headers });
      expect([first.status, second.statusCode]).toEqual([202, 429]);
      expect([...server.lines(), ...host.lines()].map(({ event }) => event)).toEqual([
        'listening',
        'audit',
        'request',
        'audit',
        'request',
      ]);
      expect(server.output.stderr + host.output.stderr).toBe('');
    } finally {
      await Promise.all([server.stop(), host.stop()]);
    }
  });

  it('speaks TLS, to who has a certificate that it trusts', async () => {
    const port = await freePort();
    const files = ['--tls-cert-file', certificatePath, '--tls-key-file', keyPath];
    redis = await startRedis(['--tls-port', `${port}`, '--tls-auth-clients', 'no', ...files]);
    const env = { ...settings(), UPSTREAM_RATE: '20', REDIS_URL: `rediss://127.0.0.1:${port}` };
    const trusting = await startServer({ ...env, NODE_EXTRA_CA_CERTS: certificatePath });
    const strict = await startServer(env);
    try {
      for (const [server, task] of [
        [trusting, 't1'],
        [strict, 't2'],
      ] as const) {
        await send(server.port, { method: 'DELETE', path: `/tasks/${task}`, headers });
      }
      const told = ({ lines }: typeof strict) =>
        lines()
          .filter(({ event }) => event === 'limits-own')
          .map(({ reason }) => reason);
      expect(told(trusting)).toEqual([]);
      expect(told(strict)).toEqual([
        expect.stringMatching(/^[A-Z_]*(SELF_SIGNED|UNABLE_TO_VERIFY)[A-Z_]*$/),
      ]);
    } finally {
      await Promise.all([trusting.stop(), strict.stop()]);
    }
  });

  it('a process that is frozen while Redis is asked does not take Redis for dead', async () => {
    redis = await startRedis();
    const server = await startServer({ ...settings(), UPSTREAM_RATE: '20', REDIS_URL: redis.url });
    try {
      await send(server.port, { method: 'DELETE', path: '/tasks/t1', headers });
      redis.child.kill('SIGSTOP');
      const answer = send(server.port, { method: 'DELETE', path: '/tasks/t2', headers });
      await sleep(20);
      server.child.kill('SIGSTOP');
      redis.child.kill('SIGCONT');
      await sleep(600);
      server.child.kill('SIGCONT');
      expect((await answer).status).toBe(202);
      expect(
        server.lines().filter(({ event }) => event !== 'request' && event !== 'audit'),
      ).toHaveLength(1);
    } finally {
      await server.stop();
    }
  });

  it.each(['well', 'silent'])('keeps no function alive whose Redis is %s', async (state) => {
    redis = await startRedis();
    if (state === 'silent') redis.child.kill('SIGSTOP');
    const code = `
      const { handler } = await import('./src/function.ts');
      const event = { httpMethod: 'DELETE', path: '/tasks/t1', headers: { 'x-api-key': 'a-key-of-20-letters.' } };
      const { statusCode } = await handler(event, {});
      process.stderr.write(String(statusCode));
    `;
    const sha256 = createHash('sha256').update('a-key-of-20-letters.').digest('hex');
    const child = spawn(process.execPath, ['--import', 'tsx', '--input-type=module', '-e', code], {
      cwd: new URL('..', import.meta.url).pathname,
      env: {
        PATH: process.env['PATH'],
        ...settings(),
        API_KEYS: JSON.stringify([{ id: 'a', sha256, scopes: ['tasks:cancel'] }]),
        REDIS_URL: redis.url,
      },
    });
    let told = '';
    child.stderr.on('data', (chunk: Buffer) => (told += chunk.toString()));
    const [exitCode] = await once(child, 'close');
    expect(`${told}, exit ${exitCode}`).toBe(`${state === 'well' ? 202 : 429}, exit 0`);
  });
});
