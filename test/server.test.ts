import { afterAll, afterEach, beforeAll, describe, expect, it, jest } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { expectAlwaysHeaders, KEYS, settingsFor } from './support/gateway.ts';
import { connectRaw, portOf, send } from './support/http-client.ts';
import { spawnServer, startServer, type ListeningServer } from './support/processes.ts';
import { until } from './support/until.ts';

/** The Node HTTP entry: as the built bundle in a process of its own, and as a module in this one. */

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterEach(async () => emulator.reset());
afterAll(async () => emulator.close());

const cancel = (port: number, id: string, agent?: http.Agent) =>
  send(port, {
    method: 'DELETE',
    path: `/tasks/${id}`,
    headers: { 'X-API-Key': KEYS.both },
    ...(agent && { agent }),
  });

describe('the bundle, as a process', () => {
  it('serves, writes one JSON object for each request, and ends with 0 on SIGTERM', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const server = await startServer(settingsFor(emulator));
    const first = await cancel(server.port, 'a');
    expect(first).toMatchObject({ status: 202, body: { outcome: 'cancel_requested' } });
    expectAlwaysHeaders(first.headers);
    expect(await cancel(server.port, 'a')).toMatchObject({
      status: 200,
      body: { outcome: 'already_cancelled' },
    });
    expect(await server.stop()).toBe(0);
    const lines = server.lines().filter(({ event }) => event !== 'unrestricted-entry');
    expect(
      lines.map(({ event, phase, status, reason }) => [event, phase ?? reason, status]),
    ).toEqual([
      ['listening', undefined, undefined],
      ['audit', 'intent', undefined],
      ['audit', 'result', 202],
      ['request', undefined, 202],
      ['audit', 'intent', undefined],
      ['audit', 'result', 200],
      ['request', undefined, 200],
      ['stopping', 'SIGTERM', undefined],
    ]);
    expect(server.output.stderr).toBe('');
  });

  it.each(['SIGTERM', 'SIGINT', 'SIGHUP'] as const)(
    'answers requests in flight on %s, on connections that callers would keep',
    async (signal) => {
      emulator.addTasks({ id: 'a', state: 'running' });
      await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 300 });
      const server = await startServer(settingsFor(emulator));
      const agent = new http.Agent({ keepAlive: true });
      const response = cancel(server.port, 'a', agent);
      await until(() => emulator.requests().length === 1);
      server.child.kill(signal);
      await server.logged(({ event }) => event === 'stopping');
      // Wrappers signal twice.
      server.child.kill(signal);
      // Reset, where it was let in by the system just before.
      await expect(send(server.port, { path: '/healthz' })).rejects.toMatchObject({
        code: expect.stringMatching(/^ECONNRE(FUSED|SET)$/),
      });
      expect(await response).toMatchObject({ status: 202, headers: { connection: 'close' } });
      expect(await server.ended).toBe(0);
      agent.destroy();
    },
  );

  it('ends while idle connections are open, and one that was to be a tunnel', async () => {
    const server = await startServer(settingsFor(emulator));
    const agent = new http.Agent({ keepAlive: true });
    await send(server.port, { path: '/healthz', agent });
    const tunnel = await connectRaw(server.port);
    tunnel.socket.pause();
    tunnel.write('CONNECT a:1 HTTP/1.1\r\nHost: a\r\n\r\n');
    await server.logged(({ method }) => method === 'CONNECT');
    expect(await server.stop()).toBe(0);
    tunnel.socket.destroy();
    agent.destroy();
  });

  it('names all wrong settings at once and no secret, and ends with 78', async () => {
    const server = await spawnServer({
      DLC_REGION: 'SECRET-REGION',
      DLC_ENDPOINT: 'http://SECRET-ENDPOINT.example',
      API_KEYS: '[{"id":"SECRET ID","sha256":"SECRET-KEY","whsec_SECRET":1}]',
      JWT_ISSUERS: 'SECRET-NO-JSON',
      WEBHOOK_SENDERS: '@SECRET-NO-PATH',
      CORS_ORIGINS: 'SECRET-ORIGIN',
      BASE_PATH: 'SECRET-PATH',
      PROBLEM_BASE_URL: 'SECRET-URL',
      REQUEST_TIMEOUT_MS: 'SECRET-MS',
      TASK_STATE_LOOKUP: 'SECRET-ON',
      LOG_LEVEL: 'SECRET-LEVEL',
      HOST: 'SECRET HOST',
      PORT: '99999',
      TENCENTCLOUD_SECRETID: 'SECRET-ID',
      TENCENTCLOUD_SECRETKEY: 'SECRET-CLOUD-KEY',
    });
    expect(await server.ended).toBe(78);
    const lines = server.lines();
    expect(lines.every(({ event, level }) => event === 'wrong-setting' && level === 'error')).toBe(
      true,
    );
    const named = new Set(lines.map(({ reason }) => String(reason).split(':')[0]));
    expect(named).toEqual(
      new Set([
        'API_KEYS',
        'BASE_PATH',
        'CORS_ORIGINS',
        'DLC_ENDPOINT',
        'DLC_REGION',
        'HOST',
        'JWT_ISSUERS',
        'LOG_LEVEL',
        'PORT',
        'PROBLEM_BASE_URL',
        'REQUEST_TIMEOUT_MS',
        'TASK_STATE_LOOKUP',
        'WEBHOOK_SENDERS',
      ]),
    );
    expect(server.output.stdout + server.output.stderr).not.toMatch(/SECRET[ -/]|SECRET ID/);
    expect(server.output.stderr).toBe('');
  });

  it('does not start without anybody who could call', async () => {
    const { API_KEYS: _, ...settings } = settingsFor(emulator);
    const server = await spawnServer(settings);
    expect(await server.ended).toBe(78);
    expect(server.lines()).toMatchObject([{ reason: expect.stringContaining('API_KEYS') }]);
  });

  it('starts without cloud credentials, warns, and answers a 500 that does not say why', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const { TENCENTCLOUD_SECRETID: _, ...settings } = settingsFor(emulator);
    const server = await startServer(settings);
    const warning = await server.logged(({ event }) => event === 'no-credentials');
    expect(warning).toMatchObject({ level: 'warn' });
    const response = await cancel(server.port, 'a');
    expect(response).toMatchObject({ status: 500, body: { code: 'gateway-misconfigured' } });
    expect(response.text).not.toMatch(/credential|TENCENT/i);
    expect(await server.stop()).toBe(0);
  });

  it('warns of settings that are probably not as somebody meant them, and serves', async () => {
    const server = await startServer(
      settingsFor(emulator, {
        METRICS_PORT: 'tcp://10.0.0.1:9090',
        API_KEY: 'SECRET-KEY',
        BLOCKED_PRINCIPALS: 'key:nobody',
      }),
    );
    const warned = server.lines().filter(({ event }) => event === 'setting-warning');
    expect(warned.map(({ level, reason }) => [level, String(reason).split(':')[0]])).toEqual([
      ['warn', 'METRICS_PORT'],
      ['warn', 'API_KEY'],
      ['warn', 'BLOCKED_PRINCIPALS'],
    ]);
    expect(server.output.stdout).not.toContain('SECRET-KEY');
    expect(await server.stop()).toBe(0);
  });

  it('says in its log that its port is in use, and ends with 69', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const port = portOf(other);
    const server = await spawnServer({
      ...settingsFor(emulator),
      HOST: '127.0.0.1',
      PORT: String(port),
    });
    expect(await server.ended).toBe(69);
    other.close();
    const lines = server.lines().filter(({ event }) => event !== 'unrestricted-entry');
    expect(lines).toMatchObject([
      {
        event: 'cannot-listen',
        level: 'error',
        reason: `cannot listen on 127.0.0.1:${port} (EADDRINUSE): HOST and PORT name another`,
      },
    ]);
    expect(server.output.stderr).toBe('');
  });

  it('keeps little of large bodies, however many arrive', async () => {
    const server = await startServer(settingsFor(emulator), ['--max-old-space-size=32']);
    const body = Buffer.alloc(1024 * 1024, 'x');
    const statuses = await Promise.all(
      Array.from({ length: 40 }, async (_, i) => {
        const headers = { 'transfer-encoding': 'chunked', 'x-api-key': KEYS.both };
        const path = i % 2 ? '/tasks/a' : '/webhooks/cancel-task';
        const method = i % 2 ? 'DELETE' : 'POST';
        return (await send(server.port, { method, path, headers, body })).status;
      }),
    );
    expect(new Set(statuses)).toEqual(new Set([413]));
    expect((await send(server.port, { path: '/healthz' })).status).toBe(200);
    expect(await server.stop()).toBe(0);
  });
});

describe('under a base path', () => {
  let server: ListeningServer;
  beforeAll(async () => {
    server = await startServer(settingsFor(emulator, { BASE_PATH: '/gate/way' }));
  });
  afterAll(async () => {
    await server.stop();
  });

  it.each([
    ['/gate/way/healthz', 200],
    ['/healthz', 200],
    ['/gate/way', 404],
    ['/gate/way/', 404],
    ['/gate/healthz', 404],
    ['/gate/way/gate/way/healthz', 404],
    ['/gate/wayhealthz', 404],
  ])('%s is answered with %i, and a problem is of a type under it', async (path, status) => {
    const response = await send(server.port, { path });
    expect(response.status).toBe(status);
    if (status !== 200) expect(response.body['type']).toBe('/gate/way/problems/route-not-found');
  });
});

describe('with the lookup of states switched off', () => {
  it('GET and HEAD are not allowed on a task, and Allow says so', async () => {
    const server = await startServer(settingsFor(emulator, { TASK_STATE_LOOKUP: 'off' }));
    for (const method of ['GET', 'HEAD', 'POST', 'OPTIONS']) {
      const { status, headers } = await send(server.port, { method, path: '/tasks/a' });
      expect([method, status, headers.allow]).toEqual([
        method,
        method === 'OPTIONS' ? 204 : 405,
        'DELETE, OPTIONS',
      ]);
    }
    expect(await server.stop()).toBe(0);
  });
});

describe('the module', () => {
  const written: Record<string, unknown>[] = [];
  const original = { ...process.env };
  const originalExit = process.exit.bind(process);
  const exit = jest.fn<(code?: number | string | null) => void>();

  beforeAll(() => {
    jest.spyOn(process.stdout, 'write').mockImplementation((text) => {
      written.push(Object(JSON.parse(String(text))));
      return true;
    });
    Object.assign(process, { exit });
  });
  afterEach(() => {
    for (const name of Object.keys(process.env)) {
      if (!(name in original)) Reflect.deleteProperty(process.env, name);
    }
    process.exitCode = undefined;
    written.length = 0;
    exit.mockClear();
  });
  afterAll(() => {
    jest.restoreAllMocks();
    Object.assign(process, { exit: originalExit });
  });

  async function load(settings: Record<string, string>, ...args: string[]): Promise<void> {
    jest.resetModules();
    // Else it would take jest's own for its own.
    process.argv.splice(2, Infinity, ...args);
    Object.assign(process.env, settings);
    await import('../src/server.ts');
  }

  it('listens where its settings say, and drains when it is asked to end', async () => {
    await load(settingsFor(emulator, { HOST: '127.0.0.1', PORT: '0' }));
    const { port } = await until(() => written.find(({ event }) => event === 'listening'));
    expect((await send(Number(port), { path: '/healthz' })).status).toBe(200);
    process.emit('SIGTERM');
    await until(() => exit.mock.calls.length > 0);
    expect(exit).toHaveBeenCalledWith(0);
    expect(written.at(-1)).toMatchObject({ event: 'stopping', reason: 'SIGTERM' });
  });

  it('serves its metrics where it has a port for them', async () => {
    await load(settingsFor(emulator, { HOST: '127.0.0.1', PORT: '0', METRICS_PORT: '0' }));
    const { port } = await until(() => written.find(({ event }) => event === 'metrics-listening'));
    expect(await send(Number(port), { path: '/metrics', isDocumented: false })).toMatchObject({
      status: 200,
      text: expect.stringContaining('dlc_gateway_requests_total'),
    });
    expect((await send(Number(port), { path: '/', isDocumented: false })).status).toBe(404);
    process.emit('SIGTERM');
    await until(() => exit.mock.calls.length > 0);
  });

  it('gives up where it cannot listen', async () => {
    await load(settingsFor(emulator, { HOST: '127.0.0.1', PORT: String(emulator.port) }));
    await until(() => written.find(({ event }) => event === 'cannot-listen'));
    expect(process.exitCode).toBe(69);
  });

  it('takes no options, and says so without repeating them', async () => {
    const stderr = jest.spyOn(process.stderr, 'write').mockReturnValue(true);
    await load(settingsFor(emulator), '--port=PLANTED');
    expect(stderr.mock.calls).toEqual([
      [expect.stringMatching(/^options are not taken.*variables\n$/)],
    ]);
    expect([process.exitCode, written]).toEqual([64, []]);
    stderr.mockRestore();
  });

  it('does not hide a failure of its own', async () => {
    jest.spyOn(process.stdout, 'write').mockImplementationOnce(() => {
      throw new Error('nowhere to write to');
    });
    const { TENCENTCLOUD_SECRETID: _, ...settings } = settingsFor(emulator);
    await expect(load(settings)).rejects.toThrow('nowhere to write to');
    expect(process.exitCode).toBeUndefined();
  });

  it('gives up where its settings are wrong', async () => {
    await load(settingsFor(emulator, { PORT: 'x' }));
    expect(written).toMatchObject([{ event: 'wrong-setting' }]);
    expect(process.exitCode).toBe(78);
  });
});
