import { afterAll, beforeAll, expect, it } from '@jest/globals';

import { setMaxListeners } from 'node:events';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { until } from '../support/until.ts';

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
});
afterAll(() => emulator.close());

it('sheds callers when a thousand are in flight, and counts no stranger among them', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'hang', times: 'always' });
  const gateway = startInProcess({ port: emulator.port });
  const { load } = gateway.gateway;
  const leaving = new AbortController();
  const held = gateway.call('DELETE', '/tasks/held', { disconnected: leaving.signal });
  await until(() => load.admitted === 1);
  // As if 999 more were in flight.
  load.admitted += 999;
  const strangers = { 'x-api-key': 'a-key-of-nobody-at-all' };
  expect((await gateway.call('DELETE', '/tasks/a', { headers: strangers })).status).toBe(401);
  const shed = await gateway.call('DELETE', '/tasks/a');
  expect(shed).toMatchObject({ status: 503, body: { code: 'overloaded', retryable: true } });
  expect((await gateway.call('GET', '/healthz')).status).toBe(200);
  leaving.abort(new Error('disconnected'));
  await held;
  expect(load).toEqual({ inFlight: 0, admitted: 999, waiting: 0 });
});

it('holds 250 requests of one caller, and leaves the others their places', async () => {
  await emulator.reset();
  await emulator.addFault({ action: 'DescribeTasks', kind: 'hang', times: 'always' });
  const gateway = startInProcess({ port: emulator.port });
  const leaving = new AbortController();
  const { signal: disconnected } = leaving;
  // All requests listen to it. On the server, each connection has its own, and one request at a time.
  setMaxListeners(0, disconnected);
  const held = Array.from({ length: 250 }, () => gateway.call('GET', '/tasks/a', { disconnected }));
  await until(() => gateway.gateway.load.admitted === 250);
  expect((await gateway.call('GET', '/tasks/a')).body).toMatchObject({ code: 'overloaded' });
  expect((await gateway.call('DELETE', '/tasks/a', { caller: 1 })).status).not.toBe(503);
  leaving.abort(new Error('disconnected'));
  await Promise.all(held);
  expect(gateway.gateway.load.admitted).toBe(0);
});
