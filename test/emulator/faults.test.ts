import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { FaultQueue, faultKinds, type FaultRequest } from '../../emulator/faults.ts';
import {
  cancel,
  codeOf,
  exchange,
  region,
  sdkClient,
  signedHeadersOf,
  untilReceived,
  type Seen,
} from './support.ts';

const action = 'CancelTask';
let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator({ cancelMs: 0 });
  emulator.addTasks({ id: 'a', state: 'running' });
});
afterEach(async () => emulator.close());

async function meet(fault: FaultRequest, signal?: AbortSignal): Promise<Seen> {
  await emulator.addFault(fault);
  return cancel(emulator, 'a', signal);
}

/** Meets a fault that never ends, and gives up a moment after the emulator has the request. */
async function outwait(fault: FaultRequest): Promise<Seen> {
  const patience = new AbortController();
  const received = emulator.requests().length;
  const seen = meet(fault, patience.signal);
  await untilReceived(emulator, received + 1);
  await sleep(100);
  patience.abort();
  return seen;
}

const state = (): string | undefined => emulator.task('a', region)?.state;

describe('each kind, as a plain client sees it', () => {
  it('code: the error that was asked for', async () => {
    const fault = { action, kind: 'code', code: 'Brand.New', message: 'x', detail: '{}' } as const;
    const { body, status } = await meet(fault);
    expect([status, JSON.parse(body)]).toEqual([
      200,
      {
        Response: {
          Error: { Code: 'Brand.New', Message: 'x', Detail: '{}' },
          RequestId: expect.any(String),
        },
      },
    ]);
    expect(state()).toBe('running');
  });

  it('code: with a message that must not get out, where none is given', async () => {
    const { body } = await meet({ action, kind: 'code', code: 'InternalError' });
    expect(body).toContain('10.1.2.3');
    expect(body).not.toContain('Detail');
  });

  it.each([204, 301, 429, 500, 503])('status %i', async (status) => {
    expect(await meet({ action, kind: 'status', status })).toMatchObject({ status, body: '' });
  });

  it('delay: the true answer, and the effect, late', async () => {
    await emulator.addFault({ action, kind: 'delay', ms: 300 });
    const response = cancel(emulator, 'a');
    await untilReceived(emulator);
    expect(state()).toBe('running');
    expect(codeOf(await response)).toBe('ok');
    expect(state()).toBe('cancelled');
  });

  it('delay with accept: the effect at once, the same answer late', async () => {
    await emulator.addFault({ action, kind: 'delay', ms: 300, accept: true });
    const response = cancel(emulator, 'a');
    await untilReceived(emulator);
    expect(state()).toBe('cancelled');
    expect(codeOf(await response)).toBe('ok');
  });

  it('reset-before and reset-after: a reset, without and with the effect', async () => {
    expect(await meet({ action, kind: 'reset-before' })).toMatchObject({ error: 'ECONNRESET' });
    expect(state()).toBe('running');
    expect(await meet({ action, kind: 'reset-after' })).toMatchObject({ error: 'ECONNRESET' });
    expect(state()).toBe('cancelled');
  });

  it('hang: nothing', async () => {
    const seen = await outwait({ action, kind: 'hang' });
    expect(seen).toMatchObject({ error: 'ABORT_ERR', body: '' });
    expect(seen.status).toBeUndefined();
  });

  it('hang-body: headers, and no body', async () => {
    const seen = await outwait({ action, kind: 'hang-body' });
    expect(seen).toMatchObject({ status: 200, error: 'ABORT_ERR', body: '' });
    expect(seen.headers['content-length']).toBe('100');
  });

  it('drip: a byte now and then', async () => {
    await emulator.addFault({ action, kind: 'drip' });
    const sent = '{"TaskId":"a"}';
    const seen = await exchange(emulator.port, sent, signedHeadersOf(sent), { until: '   ' });
    expect(seen).toMatchObject({ status: 200, body: '   ' });
  });

  it('truncate: less than its length, and then the end of the connection', async () => {
    const seen = await meet({ action, kind: 'truncate' });
    expect(seen).toMatchObject({ status: 200, error: 'ECONNRESET' });
    expect(Number(seen.headers['content-length'])).toBeGreaterThan(seen.body.length);
    expect(seen.body).toMatch(/^\{"Response"/);
  });

  it('truncate-chunk: a chunk cut short', async () => {
    const seen = await meet({ action, kind: 'truncate-chunk' });
    expect(seen).toMatchObject({ status: 200, error: 'ECONNRESET' });
    expect(seen.headers['transfer-encoding']).toBe('chunked');
    expect(seen.body).toMatch(/^\{"Response"/);
  });

  it('empty: 200 and no byte', async () => {
    const seen = await meet({ action, kind: 'empty' });
    expect(seen).toMatchObject({ status: 200, body: '' });
    expect(seen.error).toBeUndefined();
  });

  it('html: a page that names an inner host', async () => {
    const seen = await meet({ action, kind: 'html' });
    expect(seen).toMatchObject({ status: 200, headers: { 'content-type': 'text/html' } });
    expect(seen.body).toContain('10.1.2.3');
  });

  it('body: text as it is, anything else as JSON', async () => {
    expect(await meet({ action, kind: 'body', body: '{"Response":' })).toMatchObject({
      status: 200,
      headers: { 'content-type': 'application/json' },
      body: '{"Response":',
    });
    expect((await meet({ action, kind: 'body', body: null })).body).toBe('null');
    const contentType = 'text/event-stream';
    expect(
      await meet({ action, kind: 'body', body: { Response: 'x' }, contentType }),
    ).toMatchObject({
      headers: { 'content-type': contentType },
      body: '{"Response":"x"}',
    });
  });

  it('huge: far over 1 MiB of valid JSON', async () => {
    const { body } = await meet({ action, kind: 'huge' });
    expect(body.length).toBeGreaterThan(8 * 1024 * 1024);
    expect(JSON.parse(body)).toMatchObject({ Response: { RequestId: expect.any(String) } });
  });

  it('huge: takes a client that goes away half way', async () => {
    const signal = new AbortController();
    const response = meet({ action, kind: 'huge' }, signal.signal);
    await untilReceived(emulator);
    signal.abort();
    expect(await response).toMatchObject({ error: 'ABORT_ERR' });
    expect(codeOf(await cancel(emulator, 'a'))).toBe('ok');
  });

  it('redirect: 307 to where it says', async () => {
    const location = 'http://127.0.0.1:1/steal';
    expect(await meet({ action, kind: 'redirect', location })).toMatchObject({
      status: 307,
      headers: { location },
    });
  });
});

describe('accept', () => {
  const faults: readonly FaultRequest[] = [
    { action, kind: 'code', code: 'InternalError' },
    { action, kind: 'status', status: 502 },
    { action, kind: 'delay', ms: 1 },
    { action, kind: 'reset-before' },
    { action, kind: 'reset-after' },
    { action, kind: 'hang' },
    { action, kind: 'hang-body' },
    { action, kind: 'drip' },
    { action, kind: 'truncate' },
    { action, kind: 'truncate-chunk' },
    { action, kind: 'empty' },
    { action, kind: 'html' },
    { action, kind: 'body', body: '' },
    { action, kind: 'huge' },
    { action, kind: 'redirect', location: 'http://127.0.0.1:1/' },
  ];

  it('goes with every kind but refuse', () => {
    const kinds = faults.map(({ kind }) => kind);
    expect([...kinds, 'refuse'].toSorted()).toEqual(faultKinds.toSorted());
  });

  it.each(faults)('of $kind: the cancellation takes effect, and only with it', async (fault) => {
    await outwait({ ...fault, accept: false });
    const always = fault.kind === 'delay' || fault.kind === 'reset-after';
    expect(state()).toBe(always ? 'cancelled' : 'running');
    emulator.addTasks({ id: 'a', state: 'running' });
    await outwait({ ...fault, accept: true });
    expect(state()).toBe('cancelled');
  });

  it('of a task that cannot be cancelled changes nothing', async () => {
    emulator.addTasks({ id: 'a', state: 'succeeded' });
    await meet({ action, kind: 'status', status: 500, accept: true });
    expect(state()).toBe('succeeded');
    expect(emulator.stats().cancelled).toEqual([]);
  });
});

describe('which requests a fault meets', () => {
  it('as many as it says, the first posted first, and what is over the limit not at all', async () => {
    await emulator.addFault([
      { action, kind: 'code', code: 'First', times: 2 },
      { action, kind: 'code', code: 'Second' },
    ]);
    const codes: string[] = [];
    for (let index = 0; index < 4; index += 1) codes.push(codeOf(await cancel(emulator, 'b')));
    expect(codes).toEqual(['First', 'First', 'Second', 'InvalidParameter.InvalidTaskId']);
    expect(emulator.faults()).toEqual([]);
    expect(emulator.requests().map(({ outcome }) => outcome)).toEqual([
      'fault:code',
      'fault:code',
      'fault:code',
      'InvalidParameter.InvalidTaskId',
    ]);
  });

  it('all, until it is cleared', async () => {
    await emulator.addFault({ action, kind: 'empty', times: 'always' });
    for (let index = 0; index < 3; index += 1) {
      expect((await cancel(emulator, 'a')).body).toBe('');
    }
    await emulator.clearFaults();
    expect(codeOf(await cancel(emulator, 'a'))).toBe('ok');
  });

  it('only those of its action and its task, however the task is named', async () => {
    await emulator.addFault([
      { action, kind: 'code', code: 'Cancel', taskId: 'b', times: 'always' },
      { action: 'DescribeTasks', kind: 'code', code: 'Describe', taskId: 'b', times: 'always' },
    ]);
    expect(codeOf(await cancel(emulator, 'a'))).toBe('ok');
    expect(codeOf(await cancel(emulator, 'b'))).toBe('Cancel');
    const headers = { 'x-tc-action': 'DescribeTasks' };
    const codes: string[] = [];
    for (const ids of [['a'], ['a', 'b'], []]) {
      const filters = ids.length === 0 ? [] : [{ Name: 'task-id', Values: ids }];
      const body = JSON.stringify({ Filters: filters });
      const sent = signedHeadersOf(body, { headers });
      codes.push(codeOf(await exchange(emulator.port, body, sent)));
    }
    expect(codes).toEqual(['ok', 'Describe', 'ok']);
  });

  it('none that are refused before it: unsigned ones, and those over the limit', async () => {
    const slow = await startEmulator({ rate: 0 });
    try {
      await slow.addFault({ action, kind: 'empty' });
      expect(codeOf(await cancel(slow, 'a'))).toBe('RequestLimitExceeded');
      expect(slow.faults()).toHaveLength(1);
    } finally {
      await slow.close();
    }
  });

  it('keeps what was handed in apart from what it counts', () => {
    const queue = new FaultQueue();
    const fault = { action, kind: 'empty', times: 1, accept: false } as const;
    queue.add(fault);
    expect(queue.take(action, [])).toMatchObject({ kind: 'empty' });
    expect([fault.times, queue.list()]).toEqual([1, []]);
  });
});

it('shows the SDK what the design says that it shows', async () => {
  await emulator.addFault({ action, kind: 'body', body: { Response: 'x' } });
  expect(await sdkClient(emulator).request(action, { TaskId: 'a' })).toBe('x');
});
