import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { startInProcess, type Answer, type InProcessGateway } from './support/in-process.ts';
import { watchStandstill } from './support/standstill.ts';
import { until } from './support/until.ts';

/** Batches and the shared rate, through the whole gateway: the emulator counts every sliding second itself. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0 });
});
beforeEach(() => emulator.reset());
afterAll(() => emulator.close());

const PER_SECOND = 20;
/** Long enough for a machine that is busy. */
const PATIENT = { REQUEST_TIMEOUT_MS: '120000', ATTEMPT_TIMEOUT_MS: '60000' };

const start = (env: Readonly<Record<string, string>> = {}): InProcessGateway =>
  startInProcess({
    port: emulator.port,
    env: { UPSTREAM_RATE: String(PER_SECOND), ...PATIENT, ...env },
  });

function addTasks(n: number, prefix: string): string[] {
  const ids = Array.from({ length: n }, (_, i) => `${prefix}-${i}`);
  emulator.addTasks(ids.map((id) => ({ id, state: 'running' as const })));
  return ids;
}

function cancel(
  gateway: InProcessGateway,
  taskIds: readonly string[],
  disconnected?: AbortSignal,
): Promise<Answer> {
  const headers = [
    ['X-API-Key', 'the-api-key-of-caller-0'],
    ['Content-Type', 'application/json'],
  ] as const;
  const body = JSON.stringify({ taskIds });
  return gateway.send('POST', '/tasks:cancel', headers, body, false, disconnected);
}

const statusesOf = ({ body }: Answer): number[] =>
  Object(body['results']).map(({ status }: { status: number }) => status);
const audits = ({ lines }: InProcessGateway, phase: string) =>
  lines.filter((line) => line['event'] === 'audit' && line['phase'] === phase);

it('200 tasks in two requests: none is lost, none is sent twice, and the rate is kept', async () => {
  const warnings: string[] = [];
  const warn = (warning: Error): unknown => warnings.push(warning.message);
  process.on('warning', warn);
  const endWatch = watchStandstill();
  const gateway = start({ LOG_LEVEL: 'info' });
  const ids = addTasks(200, 'many');
  addTasks(2, 'single');
  const first = cancel(gateway, ids.slice(0, 100));
  await until(() => emulator.stats().cancelled.length >= 30);
  // Beside it, single requests are served: another caller's, and its own.
  const singles = await Promise.all(
    [0, 1].map((caller) => gateway.call('DELETE', `/tasks/single-${caller}`, { caller })),
  );
  const isBeside = emulator.stats().cancelled.length < 100;
  const responses = [await first, await cancel(gateway, ids.slice(100))];
  process.off('warning', warn);
  const stoodStill = endWatch();
  expect(singles.map(({ status }) => status)).toEqual([202, 202]);
  expect(isBeside).toBe(true);
  expect(new Set(responses.flatMap(statusesOf))).toEqual(new Set([202]));
  const { busiestSecond, rateLimited, cancelled, calls } = emulator.stats();
  expect(busiestSecond).toBeLessThanOrEqual(PER_SECOND + stoodStill);
  if (stoodStill === 0) expect(rateLimited).toBe(0);
  expect([cancelled.length, calls.CancelTask, calls.DescribeTasks]).toEqual([
    202,
    202 + rateLimited,
    0,
  ]);
  expect(warnings).toEqual([]);
}, 300_000);

it('a batch that cannot finish in time answers, with 429 for those that were not sent', async () => {
  const gateway = start({ REQUEST_TIMEOUT_MS: '3000' });
  const ids = addTasks(100, 'late');
  const response = await cancel(gateway, ids);
  expect(response.status).toBe(200);
  const statuses = statusesOf(response);
  const sent = new Set(emulator.requests().flatMap(({ taskIds }) => taskIds));
  // Those that had no slot are the last, and DLC has not heard of them.
  const refused = ids.filter((_, i) => statuses[i] === 429);
  expect(refused).toEqual(ids.slice(-refused.length));
  expect(refused.filter((id) => sent.has(id))).toEqual([]);
  expect(refused.length).toBeGreaterThan(0);
  expect(statuses).toContain(202);
  expect(Number(response.headers['Retry-After'])).toBeGreaterThanOrEqual(1);
  expect(Object(response.body['results']).at(-1)).toMatchObject({
    code: 'upstream-rate-limited',
    retryable: true,
    retryAfter: expect.any(Number),
  });
}, 60_000);

it('if the client disconnects, nothing new is sent; what was sent is finished and audited', async () => {
  const gateway = start({ ATTEMPT_TIMEOUT_MS: '60000' });
  const ids = addTasks(60, 'left');
  // The attempts that are in flight are answered late.
  const fault = { action: 'CancelTask', kind: 'delay', ms: 1500, times: 'always' } as const;
  await emulator.addFault({ ...fault, accept: true });
  const leaving = new AbortController();
  const answering = cancel(gateway, ids, leaving.signal);
  await until(() => emulator.stats().calls.CancelTask >= 5);
  leaving.abort();
  await answering;
  const { calls, cancelled } = emulator.stats();
  expect(calls.CancelTask).toBeLessThan(60);
  expect(calls.DescribeTasks).toBe(0);
  const results = audits(gateway, 'result');
  expect(audits(gateway, 'intent').length).toBe(60);
  expect(results.length).toBe(60);
  const requested = results.filter(({ outcome }) => outcome === 'cancel_requested');
  expect(requested.map(({ taskId }) => String(taskId)).toSorted()).toEqual(
    [...cancelled].toSorted(),
  );
  expect(requested.length).toBe(calls.CancelTask);
  const others = results.filter(({ outcome }) => outcome !== 'cancel_requested');
  expect(new Set(others.map(({ outcome }) => outcome))).toEqual(new Set(['not_cancelled']));
}, 60_000);

it('a batch of a caller who has gone already sends nothing', async () => {
  const gateway = start();
  await cancel(gateway, addTasks(20, 'gone'), AbortSignal.abort());
  expect(emulator.stats().calls).toMatchObject({ CancelTask: 0, DescribeTasks: 0 });
});
