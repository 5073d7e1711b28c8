import { describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import net from 'node:net';

import type { Emulator } from '../../emulator/emulator.ts';
import { createLog } from '../../src/lib/observability/log.ts';
import { createMetrics } from '../../src/lib/observability/metrics.ts';
import { onEmulator } from '../support/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { portOf, send, type Answer, type Sent } from '../support/http-client.ts';
import { startServer, type ListeningServer } from '../support/processes.ts';
import { parsePrometheus, type Family } from '../support/prometheus-text.ts';
import { until } from '../support/until.ts';

let emulator: Emulator;
onEmulator({ id: 'a', state: 'running' }, (started) => void (emulator = started));

const isReady = ({ event }: Record<string, unknown>): boolean => event === 'metrics-listening';

/** From the metrics' own port, which is none of the gateway's API. */
const fromMetrics = (port: number, sent: Sent): Promise<Answer> =>
  send(port, { ...sent, isDocumented: false });

async function start(more: Record<string, string> = {}) {
  const server = await startServer(settingsFor(emulator, { METRICS_PORT: '0', ...more }));
  const port = Number((await server.logged(isReady))['port']);
  const scrape = async (): Promise<Map<string, Family>> =>
    parsePrometheus((await fromMetrics(port, { path: '/metrics' })).text);
  return { server, port, scrape };
}

const ask = (server: ListeningServer, method: string, path: string, key: string = KEYS.both) =>
  send(server.port, { method, path, headers: { 'X-API-Key': key } });

/** The sum of a family's samples that have these labels. */
function sum(families: Map<string, Family>, name: string, labels: object = {}): number {
  const family = families.get(name.replace(/_(count|bucket|sum)$/, '')) ?? families.get(name);
  if (!family) throw new Error(`no ${name}`);
  return family.samples
    .filter((sample) => sample.name === name)
    .filter((sample) => Object.entries(labels).every(([key, is]) => sample.labels[key] === is))
    .reduce((total, { value }) => total + value, 0);
}

describe('GET /metrics', () => {
  it('listens on METRICS_HOST', async () => {
    const { server, scrape } = await start({ METRICS_HOST: '0.0.0.0' });
    expect(server.lines()).toContainEqual(
      expect.objectContaining({ event: 'metrics-listening', host: '0.0.0.0' }),
    );
    expect((await scrape()).size).toBeGreaterThan(0);
    expect(await server.stop()).toBe(0);
  });

  it('counts requests, refusals, calls to DLC and slots, and is what Prometheus reads', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'reset-before', times: 1 });
    const { server, scrape } = await start();
    await ask(server, 'DELETE', '/tasks/a');
    await ask(server, 'GET', '/tasks/a');
    await ask(server, 'DELETE', '/tasks/a', 'nobody');
    await ask(server, 'GET', '/nowhere');
    const found = await scrape();
    const requests = 'dlc_gateway_requests_total';
    const route = '/tasks/{taskId}';
    const cancelled = { route, method: 'DELETE', outcome: 'cancel_requested', status: '202' };
    expect(sum(found, requests, cancelled)).toBe(1);
    expect(sum(found, requests, { route, method: 'GET', outcome: 'cancelled' })).toBe(1);
    expect(sum(found, requests, { route: 'none', status: '404' })).toBe(1);
    expect(sum(found, requests)).toBe(4);
    expect(sum(found, 'dlc_gateway_request_duration_seconds_count', { route })).toBe(3);
    expect(sum(found, 'dlc_gateway_refusals_total', { code: 'unauthenticated', route })).toBe(1);
    expect(sum(found, 'dlc_gateway_refusals_total')).toBe(2);
    const tasks = 'dlc_gateway_cancellations_total';
    expect(sum(found, tasks, { outcome: 'cancel_requested' })).toBe(1);
    expect(sum(found, tasks, { outcome: 'not_cancelled' })).toBe(1);
    expect(sum(found, tasks)).toBe(2);
    const calls = 'dlc_gateway_upstream_calls_total';
    const cancels = { action: 'CancelTask' };
    expect(sum(found, calls, { ...cancels, outcome: 'answered', code: 'none' })).toBe(1);
    expect(sum(found, calls, { ...cancels, code: 'upstream-unreachable' })).toBe(1);
    expect(sum(found, calls, { action: 'DescribeTasks', outcome: 'answered' })).toBe(1);
    expect(sum(found, 'dlc_gateway_upstream_call_duration_seconds_count', cancels)).toBe(2);
    // On a busy machine a slot may expire before it is used.
    const granted = sum(found, 'dlc_gateway_slot_wait_seconds_count', { granted: 'true' });
    expect(granted).toBeGreaterThanOrEqual(2);
    expect(sum(found, 'process_cpu_seconds_total')).toBeGreaterThan(0);
    expect(sum(found, 'nodejs_version_info')).toBe(1);
    expect(found.get('dlc_gateway_shared_limits_up')?.samples).toEqual([]);
    expect(await server.stop()).toBe(0);
    expect(server.output.stderr).toBe('');
  });

  it('counts at LOG_LEVEL=silent too, with the level of the log left as it is', async () => {
    const written: string[] = [];
    const log = createLog('silent', Date.now, { write: (line) => void written.push(line) });
    const registry = createMetrics(log, { inFlight: 0, waiting: 0 });
    log.write('info', 'request', { route: '/healthz', method: 'GET', status: 200, totalMs: 3 });
    const found = parsePrometheus(await registry.metrics());
    expect(sum(found, 'dlc_gateway_requests_total', { outcome: 'none', status: '200' })).toBe(1);
    expect(sum(found, 'dlc_gateway_request_duration_seconds_sum')).toBe(0.003);
    expect(written).toEqual([]);
  });

  it('shows what is in flight, and what waits for its slot', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 1500, times: 'always' });
    emulator.addTasks(['b', 'c'].map((id) => ({ id, state: 'running' as const })));
    const { server, scrape } = await start({ UPSTREAM_RATE: '1' });
    const responses = ['a', 'b', 'c'].map((id) => ask(server, 'DELETE', `/tasks/${id}`));
    await until(() => emulator.requests().length > 0);
    const found = await scrape();
    expect(sum(found, 'dlc_gateway_requests_in_flight')).toBeGreaterThan(0);
    expect(sum(found, 'dlc_gateway_slots_waiting')).toBeGreaterThan(0);
    await Promise.all(responses);
    const after = await scrape();
    expect(sum(after, 'dlc_gateway_requests_in_flight')).toBe(0);
    expect(sum(after, 'dlc_gateway_slots_waiting')).toBe(0);
    await server.stop();
  });

  it('has no more series for callers who make things up, and nothing of theirs in it', async () => {
    const { server, port, scrape } = await start();
    const rounds = async (from: number): Promise<number> => {
      for (let i = from; i < from + 20; i += 1) {
        await ask(server, 'PATCH', `/tasks/made-up-${i}`, `key-${i}`);
        await ask(server, 'PROPFIND', `/made-up-${i}`);
        await ask(server, 'DELETE', `/tasks/made-up-${i}`);
        await ask(server, 'DELETE', `/tasks/made-up-${i}?made-up-${i}=1`);
      }
      const kept = [...(await scrape())].filter(([name]) => name.startsWith('dlc_gateway'));
      return kept.flatMap(([, { samples }]) => samples).length;
    };
    expect(await rounds(20)).toBe(await rounds(0));
    const { text } = await fromMetrics(port, { path: '/metrics' });
    expect(text).toContain('method="other"');
    expect(text).not.toMatch(/made-up|key:|PROPFIND/);
    await server.stop();
  });

  it('is all that there is, for GET and HEAD, on loopback', async () => {
    const { server, port } = await start();
    const get = await fromMetrics(port, { path: '/metrics' });
    expect(get.headers['content-type']).toBe('text/plain; version=0.0.4; charset=utf-8');
    expect(await fromMetrics(port, { method: 'HEAD', path: '/metrics?x' })).toMatchObject({
      status: 200,
      text: '',
    });
    for (const path of ['/', '/metrics/', '/healthz', '/tasks/a', '*']) {
      expect((await fromMetrics(port, { path })).status).toBe(404);
    }
    for (const method of ['POST', 'DELETE', 'OPTIONS']) {
      const response = await fromMetrics(port, { method, path: '/metrics' });
      expect(response).toMatchObject({ status: 405, headers: { allow: 'GET, HEAD' } });
    }
    // Nothing of it is on the gateway's own port.
    expect((await send(server.port, { path: '/metrics' })).status).toBe(404);
    expect(await server.logged(isReady)).toMatchObject({ host: '127.0.0.1', level: 'info' });
    await server.stop();
  });
});

describe('its port', () => {
  it('may be in use: the log says so, and the gateway works', async () => {
    const other = net.createServer().listen(0, '127.0.0.1');
    await once(other, 'listening');
    const METRICS_PORT = String(portOf(other));
    const server = await startServer(settingsFor(emulator, { METRICS_PORT }));
    expect(await server.logged(({ event }) => event === 'no-metrics')).toMatchObject({
      level: 'error',
      reason: `cannot listen on 127.0.0.1:${METRICS_PORT} (EADDRINUSE)`,
    });
    expect((await ask(server, 'DELETE', '/tasks/a')).status).toBe(202);
    expect(await server.stop()).toBe(0);
    other.close();
  });

  it('is open until what is under way is answered, and keeps no process alive', async () => {
    await emulator.addFault({ action: 'CancelTask', kind: 'delay', ms: 1500 });
    const { server, scrape } = await start();
    const response = ask(server, 'DELETE', '/tasks/a');
    await until(() => emulator.requests().length === 1);
    server.child.kill('SIGTERM');
    await server.logged(({ event }) => event === 'stopping');
    expect(sum(await scrape(), 'dlc_gateway_requests_in_flight')).toBe(1);
    expect((await response).status).toBe(202);
    expect(await server.ended).toBe(0);
  });
});

describe('what is heard of Redis', () => {
  it('is a gauge from then on', async () => {
    const log = createLog('silent');
    const registry = createMetrics(log, { inFlight: 0, waiting: 0 });
    const up = async (): Promise<unknown> =>
      parsePrometheus(await registry.metrics()).get('dlc_gateway_shared_limits_up')?.samples;
    expect(await up()).toEqual([]);
    log.write('info', 'limits-shared', {});
    expect(await up()).toMatchObject([{ value: 1 }]);
    log.write('warn', 'limits-own', { reason: 'x' });
    expect(await up()).toMatchObject([{ value: 0 }]);
  });
});

it('an observer that fails spoils nothing: the line is written, and the failure logged', () => {
  const written: string[] = [];
  const log = createLog('info', Date.now, { write: (line) => void written.push(line) });
  log.observe(() => {
    throw new Error('cannot count');
  });
  log.write('info', 'request', { status: 200 });
  expect(written.map((line) => JSON.parse(line))).toMatchObject([
    { event: 'request', status: 200 },
    { event: 'crash', origin: 'observer', stack: expect.stringContaining('cannot count') },
  ]);
});
