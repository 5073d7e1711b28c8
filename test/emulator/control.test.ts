import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { faultKinds } from '../../emulator/faults.ts';
import { cancel, exchange, region, untilReceived } from './support.ts';

let emulator: Emulator;

beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0 });
});
afterAll(async () => emulator.close());
beforeEach(async () => emulator.reset());

async function control(
  method: string,
  path: string,
  body?: unknown,
): Promise<{ status: number | undefined; json: unknown }> {
  const text = body === undefined ? '' : JSON.stringify(body);
  const seen = await exchange(emulator.port, text, {}, { method, path: `/_emulator${path}` });
  return { status: seen.status, json: seen.body === '' ? undefined : JSON.parse(seen.body) };
}

describe('tasks', () => {
  it('takes one, with a state by name, and shows it', async () => {
    const engine = { engine: 'spark-1', engineId: 'DataEngine-1' };
    const createdAt = new Date(Date.now() - 60_000).toISOString();
    const more = { operator: '1001', kind: 'SparkSQLTask', createdAt };
    const task = { id: 'a', state: 'writing', region, ...engine, ...more };
    const view = { ...task, upstreamState: 3, cancelling: false };
    expect(await control('POST', '/tasks', task)).toMatchObject({ status: 201, json: [view] });
    expect(await control('GET', '/tasks')).toMatchObject({ status: 200, json: [view] });
    expect(emulator.task('a', region)).toMatchObject(view);
    expect(emulator.task('a', 'ap-singapore')).toBeUndefined();
    expect(emulator.task('a')).toMatchObject(view);
  });

  it('takes several, with states by number, undocumented ones too', async () => {
    await control('POST', '/tasks', [
      { id: 'a', state: -1 },
      { id: 'b', state: 7 },
    ]);
    expect(emulator.tasks()).toMatchObject([
      { id: 'b', state: 'unknown', upstreamState: 7, region: null },
      { id: 'a', state: 'failed', upstreamState: -1 },
    ]);
  });

  it('starts a task anew when it is posted again', async () => {
    await control('POST', '/tasks', { id: 'a', state: 'running' });
    await cancel(emulator, 'a');
    expect(emulator.task('a')?.state).toBe('cancelled');
    await control('POST', '/tasks', { id: 'a', state: 'running' });
    expect(emulator.tasks()).toMatchObject([{ id: 'a', state: 'running' }]);
    expect(emulator.stats().cancelled).toEqual(['a']);
  });
});

describe('who may use it', () => {
  const ask = async (headers: Record<string, string>, at = emulator) => {
    const options = { method: 'POST', path: '/_emulator/reset' };
    return (await exchange(at.port, '', headers, options)).status;
  };

  it('is who sends its own Host', async () => {
    const { port } = emulator;
    expect(await ask({ host: `127.0.0.1:${port}` })).toBe(204);
    expect(await ask({ host: `LocalHost:${port}` })).toBe(204);
    for (const host of [`evil.example:${port}`, '127.0.0.1', `127.0.0.2:${port}`, 'evil.example']) {
      expect([host, await ask({ host })]).toEqual([host, 421]);
    }
  });

  it('is no page, but the one that was named', async () => {
    const origin = 'http://127.0.0.1:9002';
    expect(await ask({ origin })).toBe(403);
    expect(await ask({ origin: 'null' })).toBe(403);
    const other = await startEmulator({ controlOrigin: origin });
    try {
      other.addTasks({ id: 'a', state: 'running' });
      expect(await ask({ origin: 'http://127.0.0.1:9003' }, other)).toBe(403);
      expect(await ask({ origin: `http://127.0.0.1:${other.port}` }, other)).toBe(403);
      expect(other.tasks()).toHaveLength(1);
      expect(await ask({ origin }, other)).toBe(204);
    } finally {
      await other.close();
    }
  });

  it('is who reaches it under the address that it listens on', async () => {
    const everywhere = await startEmulator({ host: '0.0.0.0' });
    try {
      expect(await ask({ host: `127.0.0.1:${everywhere.port}` }, everywhere)).toBe(204);
      expect(await ask({ host: `evil.example:${everywhere.port}` }, everywhere)).toBe(421);
    } finally {
      await everywhere.close();
    }
  });
});

describe('mistakes', () => {
  it.each<[string, string, unknown]>([
    ['`id` is missing', '/tasks', { state: 'running' }],
    ['`state` is missing', '/tasks', { id: 'a' }],
    ['`state` must be one of initializing', '/tasks', { id: 'a', state: 'runing' }],
    ['`state` must be', '/tasks', { id: 'a', state: 1.5 }],
    ['`id` must be', '/tasks', { id: '', state: 1 }],
    ['`operator` must be', '/tasks', { id: 'a', state: 1, operator: 100004561234 }],
    ['`kind` must be a string', '/tasks', { id: 'a', state: 1, kind: '' }],
    ['`createdAt` must be a time', '/tasks', { id: 'a', state: 1, createdAt: 'yesterday' }],
    ['`region` must be', '/tasks', { id: 'a', state: 1, region: 'guangzhou' }],
    ['unknown member `enigne`', '/tasks', { id: 'a', state: 1, enigne: 'x' }],
    ['task 2: `id` is missing', '/tasks', [{ id: 'a', state: 1 }, { state: 1 }]],
    ['a task must be a JSON object', '/tasks', 'a'],
    ['`kind` is missing', '/faults', { action: 'CancelTask' }],
    ['`kind` must be one of code, status', '/faults', { action: 'CancelTask', kind: 'explode' }],
    ['`action` is missing', '/faults', { kind: 'hang' }],
    ['`action` must be', '/faults', { action: 'RunTask', kind: 'hang' }],
    ['`times` must be', '/faults', { action: 'CancelTask', kind: 'hang', times: 0 }],
    ['`times` must be', '/faults', { action: 'CancelTask', kind: 'hang', times: 'ever' }],
    ['`code` is missing', '/faults', { action: 'CancelTask', kind: 'code' }],
    ['`status` is missing', '/faults', { action: 'CancelTask', kind: 'status' }],
    ['`status` must be', '/faults', { action: 'CancelTask', kind: 'status', status: 42 }],
    ['`ms` is missing', '/faults', { action: 'CancelTask', kind: 'delay' }],
    ['`body` is missing', '/faults', { action: 'CancelTask', kind: 'body' }],
    ['`location` is missing', '/faults', { action: 'CancelTask', kind: 'redirect' }],
    ['`location` must be', '/faults', { action: 'CancelTask', kind: 'redirect', location: 'a b' }],
    ['unknown member `ms`', '/faults', { action: 'CancelTask', kind: 'hang', ms: 1 }],
    ['`accept` goes with', '/faults', { action: 'DescribeTasks', kind: 'hang', accept: true }],
    ['`accept` does not', '/faults', { action: 'CancelTask', kind: 'refuse', accept: true }],
  ])('%s', async (sentence, path, body) => {
    const { status, json } = await control('POST', path, body);
    expect([status, json]).toEqual([400, { error: expect.stringContaining(sentence) }]);
    expect([emulator.tasks(), emulator.faults()]).toEqual([[], []]);
  });

  it('that are no JSON', async () => {
    const seen = await exchange(emulator.port, '{', {}, { path: '/_emulator/tasks' });
    expect(seen).toMatchObject({ status: 400, body: '{"error":"the body must be JSON."}\n' });
  });

  it('in the path or the method', async () => {
    expect(await control('GET', '/nothing')).toMatchObject({ status: 404 });
    expect(await control('GET', '/toString')).toMatchObject({ status: 404 });
    expect(await control('PUT', '/tasks')).toMatchObject({ status: 405 });
    const options = { method: 'GET', path: '/_emulator/reset' };
    const { headers } = await exchange(emulator.port, '', {}, options);
    expect(headers['allow']).toBe('POST');
  });

  it('are rejected from the same process too', async () => {
    const wrong = { action: 'CancelTask', kind: 'hang', times: -1 } as const;
    await expect(emulator.addFault(wrong)).rejects.toThrow('`times` must be a positive integer');
    expect(() => emulator.addTasks({ id: '', state: 1 })).toThrow('`id` must be');
  });
});

describe('faults', () => {
  it('are listed with their defaults, and forgotten', async () => {
    const fault = { action: 'CancelTask', kind: 'code', code: 'X' };
    const listed = [{ ...fault, times: 1, accept: false }];
    expect(await control('POST', '/faults', fault)).toEqual({ status: 201, json: listed });
    expect(await control('GET', '/faults')).toEqual({ status: 200, json: listed });
    expect(await control('DELETE', '/faults')).toEqual({ status: 204, json: undefined });
    expect(emulator.faults()).toEqual([]);
  });
});

describe('what was received', () => {
  it('is counted and kept, without credentials', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await cancel(emulator, 'a');
    expect(await control('GET', '/stats')).toEqual({ status: 200, json: emulator.stats() });
    const { json } = await control('GET', '/requests');
    expect(json).toMatchObject([
      {
        at: expect.stringMatching(/Z$/),
        method: 'POST',
        action: 'CancelTask',
        region,
        taskIds: ['a'],
        headers: { 'x-tc-version': '2021-01-25' },
        outcome: 'ok',
      },
    ]);
    expect(JSON.stringify(json)).not.toMatch(/authorization|Signature/i);
  });

  it('is forgotten with everything else', async () => {
    emulator.addTasks({ id: 'a', state: 'running' });
    await emulator.addFault({ action: 'DescribeTasks', kind: 'hang' });
    await cancel(emulator, 'a');
    expect(await control('POST', '/reset')).toEqual({ status: 204, json: undefined });
    expect([emulator.tasks(), emulator.faults(), emulator.requests()]).toEqual([[], [], []]);
    expect(emulator.stats()).toEqual({
      calls: { CancelTask: 0, DescribeTasks: 0 },
      busiestSecond: 0,
      rateLimited: 0,
      badSignatures: 0,
      cancelled: [],
    });
  });
});

describe('GET /_emulator', () => {
  it('helps, and names every kind of fault', async () => {
    const { body, status } = await exchange(
      emulator.port,
      '',
      {},
      { method: 'GET', path: '/_emulator' },
    );
    expect(status).toBe(200);
    for (const kind of faultKinds) expect(body).toContain(kind);
  });
});

describe('close', () => {
  it('ends at once, whatever hangs', async () => {
    const other = await startEmulator();
    for (const kind of ['hang', 'drip', 'hang-body'] as const) {
      await other.addFault({ action: 'CancelTask', kind });
    }
    await other.addFault({ action: 'CancelTask', kind: 'delay', ms: 600_000 });
    const waiting = Promise.all(['a', 'b', 'c', 'd'].map(async (id) => cancel(other, id)));
    await untilReceived(other, 4);
    await other.close();
    for (const seen of await waiting) expect(seen.error).toBe('ECONNRESET');
  });
});
