import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { connectRaw, send } from '../support/http-client.ts';
import { startFunction, startServer, type LoggingProcess } from '../support/processes.ts';
import { until } from '../support/until.ts';

/** What a process says by itself: each is one line of one JSON object, crashes and warnings too. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
});
afterEach(async () => emulator.reset());
afterAll(() => emulator.close());

/** Loaded before the bundle: a defect, or a library that warns, at the call of a signal. */
const DEFECTS = `
  process.on('SIGUSR2', () => setImmediate(() => { throw new Error('planted\\nexception'); }));
  process.on('SIGURG', () => { Promise.reject(new Error('planted\\nrejection')); });
  process.on('SIGCONT', () => { Promise.reject(Object.create(null)); });
  process.on('SIGWINCH', () => {
    process.emitWarning('planted\\nwarning', { type: 'DeprecationWarning', code: 'DEP_X' });
    process.emitWarning('another');
  });`;
const OPTIONS = [`--import=data:text/javascript,${encodeURIComponent(DEFECTS)}`];

const cancel = (port: number) =>
  send(port, { method: 'DELETE', path: '/tasks/a', headers: { 'X-API-Key': KEYS.both } });

/** Waits until nobody listens on the port any more. */
async function untilRefused(port: number): Promise<void> {
  for (;;) {
    const raw = await connectRaw(port).catch(() => undefined);
    if (!raw) return;
    raw.socket.destroy();
    await sleep(10);
  }
}

async function expectWarnings(running: LoggingProcess): Promise<void> {
  running.child.kill('SIGWINCH');
  await running.logged(({ reason }) => String(reason).includes('another'));
  const warnings = running.lines().filter(({ event }) => event === 'warning');
  expect(warnings).toMatchObject([
    { level: 'warn', code: 'DEP_X', reason: 'DeprecationWarning: planted\nwarning' },
    { level: 'warn', reason: 'Warning: another' },
  ]);
  expect(running.output.stderr).toBe('');
}

describe('the server', () => {
  it('answers requests in flight after an exception that nobody caught, and ends with 70', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 300 });
    const server = await startServer(settingsFor(emulator), OPTIONS);
    const response = cancel(server.port);
    await until(() => emulator.requests().length === 1);
    server.child.kill('SIGUSR2');
    await server.logged(({ event }) => event === 'stopping');
    await expect(send(server.port, { path: '/healthz' })).rejects.toMatchObject({
      code: expect.stringMatching(/^ECONNRE(FUSED|SET)$/),
    });
    expect(await response).toMatchObject({ status: 202, headers: { connection: 'close' } });
    expect(await server.ended).toBe(70);
    expect(await server.logged(({ event }) => event === 'crash')).toMatchObject({
      level: 'error',
      origin: 'uncaughtException',
      stack: expect.stringContaining('planted\nexception'),
    });
    expect(server.output.stderr).toBe('');
  });

  it('logs a rejection that nobody handled, answers requests in flight, and goes on', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 300 });
    const server = await startServer(settingsFor(emulator), OPTIONS);
    const response = cancel(server.port);
    await until(() => emulator.requests().length === 1);
    server.child.kill('SIGURG');
    server.child.kill('SIGCONT');
    const crashes = (): Record<string, unknown>[] =>
      server.lines().filter(({ event }) => event === 'crash');
    await until(() => crashes().length === 2);
    expect(crashes()).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          origin: 'unhandledRejection',
          stack: expect.stringContaining('planted\nrejection'),
        }),
        expect.objectContaining({ origin: 'unhandledRejection', stack: 'object' }),
      ]),
    );
    expect(await response).toMatchObject({ status: 202 });
    expect((await send(server.port, { path: '/healthz' })).status).toBe(200);
    expect(await server.stop()).toBe(0);
    expect(server.output.stderr).toBe('');
  });

  it('logs warnings, and nothing else writes them', async () => {
    const server = await startServer(settingsFor(emulator), OPTIONS);
    await expectWarnings(server);
    expect(await server.stop()).toBe(0);
  });

  it.each([
    ['SIGTERM', 0],
    ['SIGUSR2', 70],
  ] as const)(
    'loses no audit line after %s, however far the reader of its log is behind',
    async (signal, code) => {
      const count = 600;
      const ids = Array.from({ length: count }, (_, i) => `late-${i}`);
      emulator.addTasks(ids.map((id) => ({ id, state: 'running' })));
      const server = await startServer(settingsFor(emulator), OPTIONS);
      const { stdout } = server.child;
      stdout?.pause();
      const agent = new http.Agent({ keepAlive: true, maxSockets: 50 });
      const headers = { 'X-API-Key': KEYS.both };
      const cancelOne = async (id: string): Promise<number> =>
        (await send(server.port, { method: 'DELETE', path: `/tasks/${id}`, headers, agent }))
          .status;
      expect(new Set(await Promise.all(ids.map(cancelOne)))).toEqual(new Set([202]));
      agent.destroy();
      server.child.kill(signal);
      // Everything but the log is done: an exit would come now.
      await untilRefused(server.port);
      await sleep(500);
      expect(server.child.exitCode).toBeNull();
      stdout?.resume();
      expect(await server.ended).toBe(code);
      const audited = server.lines().filter(({ event }) => event === 'audit');
      expect(new Set(audited.map(({ taskId }) => taskId))).toEqual(new Set(ids));
    },
  );

  it('keeps little while nobody reads its log, and says how many lines it dropped', async () => {
    const server = await startServer(settingsFor(emulator));
    const { stdout } = server.child;
    stdout?.pause();
    const raw = await connectRaw(server.port);
    const count = 8000;
    const last = 'GET /last HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n';
    raw.write('GET /tasks/a HTTP/1.1\r\nHost: x\r\n\r\n'.repeat(count) + last);
    await raw.closed();
    stdout?.resume();
    expect(await server.stop()).toBe(0);
    const dropped = server.lines().find(({ event }) => event === 'lines-dropped')?.['count'];
    const written = server.lines().filter(({ event }) => event === 'request');
    expect(written.length + Number(dropped)).toBe(count + 1);
    expect(written.length).toBeGreaterThan(1000);
  });

  it('ends, with 74 and without a word, where nobody reads its log any more', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const server = await startServer(settingsFor(emulator));
    server.child.stdout?.destroy();
    // Its line is what finds nobody.
    expect(await cancel(server.port)).toMatchObject({ status: 202 });
    expect(await server.ended).toBe(74);
    expect(server.output.stderr).toBe('');
  });
});

describe('the function', () => {
  const healthz = { httpMethod: 'GET', path: '/healthz' };

  it('logs a rejection that nobody handled, and goes on', async () => {
    const bundle = await startFunction(settingsFor(emulator), { options: OPTIONS });
    await bundle.invoke(healthz);
    bundle.child.kill('SIGURG');
    expect(await bundle.logged(({ event }) => event === 'crash')).toMatchObject({
      origin: 'unhandledRejection',
      stack: expect.stringContaining('planted\nrejection'),
    });
    expect(await bundle.invoke(healthz)).toMatchObject({ statusCode: 200 });
    expect(bundle.output.stderr).toBe('');
    await bundle.stop();
  });

  it('logs warnings, and nothing else writes them', async () => {
    const bundle = await startFunction(settingsFor(emulator), { options: OPTIONS });
    await bundle.invoke(healthz);
    await expectWarnings(bundle);
    await bundle.stop();
  });

  it('logs an exception that nobody caught, and leaves what comes of it to its platform', async () => {
    const bundle = await startFunction(settingsFor(emulator), { options: OPTIONS });
    await bundle.invoke(healthz);
    bundle.child.kill('SIGUSR2');
    // Node's own ending: a platform that listens would decide.
    expect(await bundle.ended).toBe(1);
    expect(bundle.lines().at(-1)).toMatchObject({
      event: 'crash',
      origin: 'uncaughtException',
      stack: expect.stringContaining('planted\nexception'),
    });
  });

  it("leaves a platform's own listeners alone, and lets them decide", async () => {
    const platform = `
      process.on('warning', function platformWarning({ message }) {
        process.stdout.write(JSON.stringify({ platform: message }) + '\\n');
      });
      process.on('uncaughtException', ({ message }) => {
        process.stdout.write(JSON.stringify({ platform: message }) + '\\n');
        process.exit(129);
      });`;
    const runtime = `--import=data:text/javascript,${encodeURIComponent(platform)}`;
    const bundle = await startFunction(settingsFor(emulator), { options: [...OPTIONS, runtime] });
    await bundle.invoke(healthz);
    bundle.child.kill('SIGWINCH');
    await bundle.logged((line) => line['platform'] === 'another');
    bundle.child.kill('SIGUSR2');
    expect(await bundle.ended).toBe(129);
    expect(bundle.lines().slice(-2)).toMatchObject([
      { event: 'crash', origin: 'uncaughtException' },
      { platform: 'planted\nexception' },
    ]);
    expect(bundle.output.stderr).toBe('');
  });
});
