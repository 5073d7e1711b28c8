import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { startInProcess } from './support/in-process.ts';
import { until } from './support/until.ts';

const CANCEL_MS = 250;
const wait = (seconds: number | string) => ({ headers: { prefer: `wait=${seconds}` } });
let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: CANCEL_MS, rate: 100_000 });
});
afterEach(async () => emulator.reset());
afterAll(async () => emulator.close());

function start(env: Record<string, string> = {}): ReturnType<typeof startInProcess> {
  return startInProcess({ port: emulator.port, env });
}

describe('Prefer: wait', () => {
  it('waits until the task is cancelled', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const gateway = start();
    const response = await gateway.call('DELETE', '/tasks/a', wait(2));
    expect(response.status).toBe(200);
    expect(response.body).toEqual({
      taskId: 'a',
      region: 'ap-guangzhou',
      outcome: 'cancelled',
      requestId: response.headers['X-Request-Id'],
      upstreamRequestId: expect.any(String),
    });
    expect(response.headers).toMatchObject({ 'Preference-Applied': 'wait=2' });
    expect(response.headers).not.toHaveProperty('Retry-After');
    const line = gateway.lines.find(({ event }) => event === 'request');
    expect(line).toMatchObject({ outcome: 'cancelled', status: 200, attempts: 1 });
    expect(line?.['upstreamRequestId']).toBe(response.body['upstreamRequestId']);
  });

  it.each([
    ['the configured maximum', { MAX_PREFER_WAIT_MS: '950' }, 60, 'wait=1'],
    ['the configured maximum, in whole seconds', { MAX_PREFER_WAIT_MS: '1900' }, 60, 'wait=1'],
    ['what was preferred', {}, 1, 'wait=1'],
    ['the deadline', { REQUEST_TIMEOUT_MS: '1400' }, 60, 'wait=1'],
  ])('but no longer than %s', async (_, env, seconds, applied) => {
    const slow = await startEmulator({ cancelMs: 60_000 });
    slow.addTasks({ id: 'a', state: 'running' });
    const gateway = startInProcess({ port: slow.port, env });
    const response = await gateway.call('DELETE', '/tasks/a', wait(seconds));
    await slow.close();
    expect(response).toMatchObject({
      status: 202,
      body: { outcome: 'cancel_requested' },
      headers: { 'Retry-After': '1', 'Preference-Applied': applied },
    });
  });

  it.each(['succeeded', 'failed'] as const)('tells of a task that %s after all', async (state) => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const call = start().call('DELETE', '/tasks/a', wait(2));
    await until(() => emulator.stats().cancelled.length > 0);
    emulator.addTasks({ id: 'a', state });
    expect(await call).toMatchObject({
      status: 409,
      body: {
        code: 'task-already-finished',
        taskState: state,
        upstreamRequestId: expect.any(String),
      },
      headers: { 'Preference-Applied': 'wait=2' },
    });
  });

  it('is answered with 202 where DLC refuses the lookup, at once', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({
      action: 'DescribeTasks',
      kind: 'code',
      code: 'UnauthorizedOperation',
      times: 'always',
    });
    const response = await start().call('DELETE', '/tasks/a', wait(2));
    expect(response).toMatchObject({ status: 202, headers: { 'Preference-Applied': 'wait=2' } });
    expect(emulator.stats().calls.DescribeTasks).toBe(1);
  });

  it('outlives a lookup that fails for now', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'DescribeTasks', kind: 'reset-before', times: 2 });
    const response = await start().call('DELETE', '/tasks/a', wait(2));
    expect(response).toMatchObject({ status: 200, body: { outcome: 'cancelled' } });
  });

  it.each([
    ['is 0', {}, 'wait=0'],
    ['is malformed', {}, 'wait=soon'],
    ['is another one', {}, 'respond-async'],
    ['is switched off', { MAX_PREFER_WAIT_MS: '0' }, 'wait=2'],
    ['could not be followed without lookups', { TASK_STATE_LOOKUP: 'off' }, 'wait=2'],
  ])('is ignored where it %s', async (_, env, prefer) => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const response = await start(env).call('DELETE', '/tasks/a', { headers: { prefer } });
    expect(response.status).toBe(202);
    expect(response.headers).not.toHaveProperty('Preference-Applied');
    expect(emulator.stats().calls.DescribeTasks).toBe(0);
  });

  it('has nothing to wait for where the task had ended before', async () => {
    emulator.addTasks({ id: 'a', state: 'cancelled' });
    const response = await start().call('DELETE', '/tasks/a', wait(2));
    expect(response).toMatchObject({ status: 200, body: { outcome: 'already_cancelled' } });
    expect(response.headers).not.toHaveProperty('Preference-Applied');
  });

  it('settles what an earlier attempt has left unconfirmed', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'CancelTask', kind: 'reset-after' });
    const env = { MAX_ATTEMPTS: '2' };
    const response = await start(env).call('DELETE', '/tasks/a', wait(2));
    expect(response).toMatchObject({
      status: 200,
      body: { outcome: 'cancelled' },
      headers: { 'Preference-Applied': 'wait=2' },
    });
    expect(response.body).not.toHaveProperty('confirmed');
  });

  it('is followed for two requests of a principal at once, a third is answered at once', async () => {
    const ids = ['a', 'b', 'c', 'd'];
    emulator.addTasks(ids.map((id) => ({ id, state: 'running' as const })));
    const gateway = start();
    const callers = [0, 0, 0, 1];
    const responses = await Promise.all(
      ids.map((id, i) =>
        gateway.call('DELETE', `/tasks/${id}`, { ...wait(2), caller: callers[i] ?? 0 }),
      ),
    );
    const ofFirst = responses.slice(0, 3).map(({ status }) => status);
    expect(ofFirst.toSorted((a, b) => a - b)).toEqual([200, 200, 202]);
    expect(responses[3]?.status).toBe(200);
    const notWaited = responses.find(({ status }) => status === 202);
    expect(notWaited?.headers).not.toHaveProperty('Preference-Applied');
    // What was taken is given back.
    emulator.addTasks({ id: 'e', state: 'running' });
    expect(await gateway.call('DELETE', '/tasks/e', wait(2))).toMatchObject({ status: 200 });
  });

  it('ends with the caller', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    const leaving = new AbortController();
    const call = start().call('DELETE', '/tasks/a', { ...wait(2), disconnected: leaving.signal });
    await until(() => emulator.stats().calls.DescribeTasks > 0);
    leaving.abort(new Error('the caller has gone'));
    await call;
    expect(emulator.stats().calls.DescribeTasks).toBe(1);
  });
});
