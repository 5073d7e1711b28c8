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

/** An instance with short quiet periods: 1.3 s on the way to its own share, 3.6 s on the way back. */
function instance(url: string, env: Readonly<Record<string, string>> = {}): InProcessGateway {
  const settings = {
    UPSTREAM_RATE: '20',
    MAX_WAIT_MS: '200',
    EXPECTED_INSTANCES: '4',
    REDIS_URL: url,
    ...env,
  };
  return startInProcess({ port: emulator.port, env: settings });
}

let tasks = 0;
/** Cancels another task. */
const cancel = (gateway: InProcessGateway) => {
  const id = `u${(tasks += 1)}`;
  emulator.addTasks({ id, state: 'running' });
  return gateway.call('DELETE', `/tasks/${id}`);
};
const switches = ({ lines }: InProcessGateway): Record<string, unknown>[] =>
  lines.filter(({ event }) => String(event).startsWith('limits-'));

describeWithRedis('two instances and one Redis', () => {
  it('have one rate limit, and one quota for each caller', async () => {
    redis = await startRedis();
    const env = { MAX_WAIT_MS: '0', UPSTREAM_RATE: '1', EXPECTED_INSTANCES: '2' };
    const [one, other] = [instance(redis.url, env), instance(redis.url, env)];
    const [first, second] = [await cancel(one), await cancel(other)];
    expect([first.status, second.status]).toEqual([202, 429]);
    expect(second.body['code']).toBe('upstream-rate-limited');
    expect(second.headers['Retry-After']).toMatch(/^[12]$/);
    expect(first.headers['RateLimit']).toMatch(/^"cancel";r=999998;/);
    expect(second.headers['RateLimit']).toMatch(/^"cancel";r=99999[78];/);
    expect([...switches(one), ...switches(other)]).toEqual([]);
  });
});

describeWithRedis('GET /readyz', () => {
  const ask = (gateway: InProcessGateway) => gateway.call('GET', '/readyz');

  it('asks Redis once a second, however often it is asked', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url);
    const answers = await Promise.all(Array.from({ length: 20 }, () => ask(gateway)));
    expect(answers.filter(({ status }) => status !== 200)).toEqual([]);
    // A script that Redis does not know yet is sent twice.
    const [, calls] =
      /cmdstat_time:calls=(\d+)/.exec(await redis.client.info('commandstats')) ?? [];
    expect(calls).toBe('1');
  });

  it('is 503 if Redis refuses the password', async () => {
    redis = await startRedis(['--requirepass', PASSWORD]);
    const { status, body } = await ask(instance(`redis://:wrong@127.0.0.1:${redis.port}`));
    expect({ status, fault: body['fault'] }).toEqual({ status: 503, fault: 'redis-misconfigured' });
  });
});

describeWithRedis('a Redis that refuses', () => {
  const url = (user = ''): string => `redis://${user}127.0.0.1:${redis?.port}`;
  const protectedBy = ['--requirepass', PASSWORD];
  it.each<[string, string, string, readonly string[], () => string]>([
    ['an unknown user', 'error', 'WRONGPASS', protectedBy, () => url(`somebody:${PASSWORD}@`)],
    ['a wrong database', 'error', 'DB index is out of range', [], () => `${url()}/99`],
    ['any write', 'warn', 'READONLY', ['--replicaof', '127.0.0.1', '1'], () => url()],
    ['TLS', 'warn', 'no answer within 60 ms', [], () => url().replace('redis:', 'rediss:')],
    ['every connection', 'warn', 'connection refused', [], () => 'redis://127.0.0.1:9'],
  ])('%s counts as down, and the log says why', async (_, level, reason, args, address) => {
    redis = await startRedis(args);
    const gateway = instance(address());
    const responses = await Promise.all([cancel(gateway), cancel(gateway), cancel(gateway)]);
    for (const { status, body } of responses) {
      expect({ status, code: body['code'] }).toEqual({
        status: 429,
        code: 'upstream-rate-limited',
      });
    }
    expect(switches(gateway)).toMatchObject([{ level, event: 'limits-own', reason }]);
    expect(JSON.stringify([gateway.lines, responses])).not.toContain(PASSWORD);
    await sleep(1300);
    expect((await cancel(gateway)).status).toBe(202);
    expect(switches(gateway)).toHaveLength(1);
  });

  it('nobody is used, with the right user, password and database', async () => {
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
    expect(await redis.client.keys('dlcgw:{ap-guangzhou}:slots')).toHaveLength(1);
  });

  it('no password is used with one all the same, and ioredis warns without telling it', async () => {
    const warn = jest.spyOn(console, 'warn').mockImplementation(() => undefined);
    redis = await startRedis();
    const gateway = instance(url(`:${PASSWORD}@`));
    expect((await cancel(gateway)).status).toBe(202);
    expect(switches(gateway)).toEqual([]);
    expect(JSON.stringify(warn.mock.calls)).not.toContain(PASSWORD);
    warn.mockRestore();
  });
});

describeWithRedis('a Redis that dies', () => {
  it('leaves the own share after a quiet period, and is used again after another one', async () => {
    redis = await startRedis();
    const gateway = instance(redis.url);
    expect((await cancel(gateway)).status).toBe(202);
    await redis.kill();
    const refused = await cancel(gateway);
    expect([refused.status, refused.headers['Retry-After']]).toEqual([429, '2']);
    expect(switches(gateway)).toMatchObject([{ reason: 'connection refused', quietMs: 1300 }]);
    await sleep(1300);
    expect((await cancel(gateway)).status).toBe(202);
    await redis.restart();
    for (let i = 0; switches(gateway).length < 2 && i < 100; i += 1) {
      await cancel(gateway);
      await sleep(100);
    }
    expect(switches(gateway)[1]).toMatchObject({ level: 'info', event: 'limits-shared' });
    const back = await cancel(gateway);
    expect(back.status).toBe(429);
    await sleep(Number(back.headers['Retry-After']) * 1000);
    expect((await cancel(gateway)).status).toBe(202);
    expect(await redis.client.exists('dlcgw:{ap-guangzhou}:slots')).toBe(1);
    expect(switches(gateway)).toHaveLength(2);
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
    // Nobody said how many instances there are: that is a warning at the start.
    const [server, host] = [await startServer(env), await startFunction(env)];
    try {
      const first = await send(server.port, { method: 'DELETE', path: '/tasks/t1', headers });
      const second = await host.invoke({ httpMethod: 'DELETE', path: '/tasks/t2', headers });
      expect([first.status, second.statusCode]).toEqual([202, 429]);
      const events = [...server.lines(), ...host.lines()].map(({ event }) => String(event));
      expect(events.filter((event) => /^(limits|quotas|expected)-/.test(event))).toEqual([
        'expected-instances',
        'expected-instances',
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
      const events = ({ lines }: typeof strict) =>
        lines()
          .filter(({ event }) => event === 'limits-own')
          .map(({ reason }) => reason);
      expect(events(trusting)).toEqual([]);
      expect(events(strict)).toEqual([
        expect.stringMatching(/^[A-Z_]*(SELF_SIGNED|UNABLE_TO_VERIFY)[A-Z_]*$/),
      ]);
    } finally {
      await Promise.all([trusting.stop(), strict.stop()]);
    }
  });

  it('a process that is frozen while Redis is asked does not take Redis for dead', async () => {
    redis = await startRedis();
    const server = await startServer({
      ...settings(),
      UPSTREAM_RATE: '20',
      EXPECTED_INSTANCES: '2',
      REDIS_URL: redis.url,
    });
    try {
      await send(server.port, { method: 'DELETE', path: '/tasks/t1', headers });
      redis.child.kill('SIGSTOP');
      const response = send(server.port, { method: 'DELETE', path: '/tasks/t2', headers });
      await sleep(20);
      server.child.kill('SIGSTOP');
      redis.child.kill('SIGCONT');
      await sleep(600);
      server.child.kill('SIGCONT');
      expect((await response).status).toBe(202);
      const events = server.lines().map(({ event }) => String(event));
      expect(events.filter((event) => /^(limits|quotas)-/.test(event))).toEqual([]);
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
    let stderr = '';
    child.stderr.on('data', (chunk: Buffer) => (stderr += chunk.toString()));
    const [exitCode] = await once(child, 'close');
    expect(`${stderr}, exit ${exitCode}`).toBe(`${state === 'well' ? 202 : 429}, exit 0`);
  });
});
