import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { DescribeTasksResponse } from 'tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_models.js';
import { manualClock } from '../../emulator/clock.ts';
import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import {
  cancel,
  codeOf,
  exchange,
  region,
  sdkClient,
  sdkCode,
  signedHeadersOf,
  type Signing,
} from './support.ts';

const clock = manualClock();
let emulator: Emulator;

beforeEach(async () => {
  emulator = await startEmulator({ clock });
});
afterEach(async () => emulator.close());

async function send(body: string, signing: Signing = {}): Promise<string> {
  const { method = 'POST', query } = signing;
  const path = query === undefined ? '/' : `/?${query}`;
  const headers = signedHeadersOf(body, signing);
  return codeOf(await exchange(emulator.port, body, headers, { method, path }));
}

describe('through the official SDK', () => {
  it('cancels a task, which is cancelled when its time is up', async () => {
    const client = sdkClient(emulator);
    emulator.addTasks({ id: 'a', state: 'running', engine: 'spark-1' });
    const filter = { Filters: [{ Name: 'task-id', Values: ['a', 'absent'] }] };
    expect(await client.request('CancelTask', { TaskId: 'a' })).toEqual({
      RequestId: expect.stringMatching(/^[0-9a-f-]{36}$/),
    });
    expect(await sdkCode(client.request('CancelTask', { TaskId: 'a' }))).toBe(
      'FailedOperation.AnotherRequestProcessing',
    );
    expect(await client.request('DescribeTasks', filter)).toMatchObject({
      TotalCount: 1,
      TaskList: [{ Id: 'a', State: 1, DataEngineName: 'spark-1' }],
    });
    clock.advance(1000);
    expect(await client.request('DescribeTasks', filter)).toMatchObject({
      TaskList: [{ Id: 'a', State: -3 }],
    });
    expect(emulator.stats()).toEqual({
      calls: { CancelTask: 2, DescribeTasks: 2 },
      busiestSecond: 2,
      rateLimited: 0,
      badSignatures: 0,
      cancelled: ['a'],
    });
  });

  it('takes GET, with its nested parameters', async () => {
    const client = sdkClient(emulator, { reqMethod: 'GET' });
    emulator.addTasks([
      { id: '20260131000000001', state: 4 },
      { id: 'b', state: 'queued' },
      { id: 'c', state: 'queued' },
    ]);
    const request = {
      Limit: 1,
      Filters: [{ Name: 'task-id', Values: ['20260131000000001', 'c'] }],
    };
    expect(await client.request('DescribeTasks', request)).toMatchObject({
      TotalCount: 2,
      TaskList: [{ Id: 'c' }],
    });
    expect(await sdkCode(client.request('CancelTask', { TaskId: '20260131000000001' }))).toBe('ok');
  });

  it('says what is wrong with the caller, the version, the region, the action', async () => {
    const task = { TaskId: 'a' };
    const code = async (options: Parameters<typeof sdkClient>[1], action = 'CancelTask') =>
      sdkCode(sdkClient(emulator, options).request(action, task));
    expect(await code({ secretKey: 'other' })).toBe('AuthFailure.SignatureFailure');
    expect(await code({ version: '2020-01-01' })).toBe('NoSuchVersion');
    expect(await code({ region: 'ap-nowhere' })).toBe('UnsupportedRegion');
    expect(await code({}, 'CancelTasks')).toBe('InvalidAction');
    expect(await code({})).toBe('InvalidParameter.InvalidTaskId');
    expect(emulator.stats()).toMatchObject({ calls: { CancelTask: 4 }, badSignatures: 1 });
  });

  it('checks a session token where it has one', async () => {
    const temporary = await startEmulator({ token: 'session', secretId: 'AKIDX', secretKey: 'y' });
    try {
      const code = async (token?: string) =>
        sdkCode(
          sdkClient(temporary, token === undefined ? {} : { token }).request('CancelTask', {
            TaskId: 'a',
          }),
        );
      expect(await code('session')).toBe('InvalidParameter.InvalidTaskId');
      expect(await code('other')).toBe('AuthFailure.TokenFailure');
      expect(await code()).toBe('AuthFailure.TokenFailure');
      expect(JSON.stringify(temporary.requests())).not.toMatch(/"session"|Signature=/);
    } finally {
      await temporary.close();
    }
  });
});

describe('requests that are wrong', () => {
  const version = { 'x-tc-version': '' };
  it.each<[string, string, Signing]>([
    ['MissingParameter', '{"TaskId":"a"}', { headers: { 'x-tc-action': '' } }],
    ['MissingParameter', '{"TaskId":"a"}', { headers: version }],
    ['MissingParameter', '{"TaskId":"a"}', { headers: { 'x-tc-region': '' } }],
    ['UnsupportedProtocol', '{"TaskId":"a"}', { method: 'PUT' }],
    ['InvalidRequest', '{"TaskId":"a"}', { contentType: 'text/plain' }],
    ['InvalidParameter', '{"TaskId"', {}],
    ['InvalidParameter', '["a"]', {}],
    ['MissingParameter', '{}', {}],
    ['MissingParameter', '', {}],
    ['InvalidParameter', '{"TaskId":1}', {}],
    ['InvalidParameter', '{"TaskId":null}', {}],
    ['InvalidParameter.ParameterNotFoundOrBeNone', '{"TaskId":""}', {}],
    ['UnknownParameter', '{"TaskId":"a","Force":true}', {}],
    ['ok', '{"TaskId":"a"}', { contentType: 'application/json; charset=utf-8' }],
    ['ok', '{"TaskId":"a"}', { host: '127.0.0.1:9001' }],
  ])('%s for %s with %j', async (code, body, signing) => {
    emulator.addTasks({ id: 'a', state: 'running' });
    expect(await send(body, signing)).toBe(code);
  });

  it('refuses a body of more than 10 MB, unread', async () => {
    expect(await send(`{"TaskId":"${'a'.repeat(10 * 1024 * 1024)}"}`)).toBe(
      'RequestSizeLimitExceeded',
    );
  });

  it('sends the envelope with status 200, and 404 for another path', async () => {
    const seen = await exchange(emulator.port, '{}', {});
    expect(seen).toMatchObject({ status: 200, headers: { 'content-type': 'application/json' } });
    expect(JSON.parse(seen.body)).toEqual({
      Response: {
        Error: { Code: 'MissingParameter', Message: expect.stringContaining('`Action`') },
        RequestId: expect.any(String),
      },
    });
    expect(await exchange(emulator.port, '{}', {}, { path: '/v1' })).toMatchObject({ status: 404 });
  });
});

async function describeTasks(params: object): Promise<string> {
  return send(JSON.stringify(params), { headers: { 'x-tc-action': 'DescribeTasks' } });
}

function filterBy(name: string, ...values: unknown[]): object {
  return { Filters: [{ Name: name, Values: values }] };
}

function manyIds(count: number): string[] {
  return Array.from({ length: count }, (_, index) => String(index));
}

describe('DescribeTasks', () => {
  it.each<[string, object]>([
    ['ok', { Limit: 100, Offset: 0, SortBy: 'update-time', Sorting: 'desc' }],
    ['ok', filterBy('task-id', ...manyIds(50))],
    ['ok', { StartTime: '2026-01-01 00:00:00', EndTime: '2026-01-31 00:00:00' }],
    ['InvalidParameterValue', { StartTime: '2026-01-01 00:00:00', EndTime: '2026-01-31 00:00:01' }],
    ['InvalidParameterValue', { StartTime: '2026-01-01 00:00:00', EndTime: '2026-01-01 00:00:00' }],
    ['InvalidParameter.InvalidTimeFormat', { StartTime: '2026-13-01 00:00:00' }],
    ['InvalidParameterValue', { Limit: 101 }],
    ['InvalidParameterValue', { Offset: -1 }],
    ['InvalidParameter', { Limit: '10' }],
    ['InvalidParameter', { Filters: {} }],
    ['InvalidParameter', { Filters: ['task-id'] }],
    ['InvalidParameter', filterBy('task-id', 1)],
    ['UnknownParameter', { limit: 1 }],
    ['InvalidParameter.FiltersValuesNumberOutOfLimit', filterBy('task-id', ...manyIds(51))],
    ['InvalidParameter.FiltersValuesNumberOutOfLimit', filterBy('task-state', ...manyIds(6))],
    ['InvalidParameter.InvalidFilterLength', filterBy('task-id')],
    ['InvalidParameter.SQLTaskFiltersKeyTypeNotMath', filterBy('toString', 'a')],
    ['InvalidParameter.TaskStateTypeNotMath', filterBy('task-state', 'running')],
    ['InvalidParameter.SQLTaskSortByTypeNotMatch', { SortBy: 'id' }],
    ['InvalidParameter.InvalidTimeFormat', { StartTime: '2026-01-31T00:00:00Z' }],
  ])('%s for %j', async (code, params) => expect(await describeTasks(params)).toBe(code));

  it('pages through the tasks of a region, the newest first', async () => {
    const ids = Array.from({ length: 12 }, (_, index) => `task-${index}`);
    emulator.addTasks(ids.map((id) => ({ id, state: 'running', region })));
    emulator.addTasks({ id: 'elsewhere', state: 'running', region: 'ap-singapore' });
    const page = async (params: object): Promise<unknown> => {
      const { TaskList: list = [], TotalCount: count }: DescribeTasksResponse = await sdkClient(
        emulator,
      ).request('DescribeTasks', params);
      return [count, list.map(({ Id }) => Id)];
    };
    const newestFirst = ids.toReversed();
    expect(await page({})).toEqual([12, newestFirst.slice(0, 10)]);
    expect(await page({ Offset: 10 })).toEqual([12, newestFirst.slice(10)]);
    expect(await page({ Limit: 2, Sorting: 'desc' })).toEqual([12, ids.slice(0, 2)]);
    expect(await page(filterBy('task-state', '2', '-1'))).toEqual([0, []]);
    expect(await page({ ...filterBy('task-sql-keyword', 'TASK-11'), Limit: 1 })).toEqual([
      1,
      ['task-11'],
    ]);
    expect(await page({ DataEngineName: 'other' })).toEqual([0, []]);
  });
});

describe('a list of tasks through the official SDK', () => {
  const list = async (params: object): Promise<DescribeTasksResponse> =>
    sdkClient(emulator).request('DescribeTasks', params);
  const idsOf = async (params: object): Promise<unknown> =>
    (await list(params)).TaskList?.map(({ Id }) => Id);

  it('narrows by operator, kind, state and engine, and shows them', async () => {
    const etl = {
      engine: 'etl',
      engineId: 'DataEngine-x1',
      operator: '1001',
      kind: 'SparkSQLTask',
    };
    emulator.addTasks([
      { id: 'a', state: 'running', ...etl },
      { id: 'b', state: 'queued', engine: 'etl', operator: '1002' },
      { id: 'c', state: 'running', operator: '1001' },
    ]);
    expect(await list(filterBy('task-id', 'a'))).toMatchObject({
      TaskList: [
        {
          Id: 'a',
          TaskType: 'SparkSQLTask',
          OperateUin: '1001',
          DataEngineName: 'etl',
          DataEngineId: 'DataEngine-x1',
        },
      ],
    });
    expect(await idsOf(filterBy('task-operator', '1001'))).toEqual(['c', 'a']);
    expect(await idsOf(filterBy('task-kind', 'SQLTask', 'other'))).toEqual(['c', 'b']);
    expect(await idsOf(filterBy('task-state', '4'))).toEqual(['b']);
    expect(await idsOf({ DataEngineName: 'etl' })).toEqual(['b', 'a']);
    const both = [
      { Name: 'task-operator', Values: ['1001', '1002'] },
      { Name: 'task-state', Values: ['1'] },
    ];
    expect(await idsOf({ Filters: both, DataEngineName: 'etl' })).toEqual(['a']);
  });

  it('is in the order of creation, the newest first, and goes back 45 days', async () => {
    const days = (count: number): string =>
      new Date(clock.wallMs() - count * 86_400_000).toISOString();
    emulator.addTasks([
      { id: 'now', state: 'running' },
      { id: 'old', state: 'running', createdAt: days(44) },
      { id: 'too-old', state: 'running', createdAt: days(46) },
      { id: 'yesterday', state: 'running', createdAt: days(1) },
    ]);
    expect(await idsOf({})).toEqual(['now', 'yesterday', 'old']);
    expect(await idsOf(filterBy('task-id', 'too-old', 'old'))).toEqual(['old']);
    expect(await idsOf({ Sorting: 'desc', Limit: 1 })).toEqual(['old']);
  });

  it('has a thousand tasks that one request of the control API made, page by page', async () => {
    const ids = Array.from({ length: 1000 }, (_, index) => `task-${index}`);
    const body = JSON.stringify(ids.map((id) => ({ id, state: 'running' })));
    const posted = await exchange(emulator.port, body, {}, { path: '/_emulator/tasks' });
    expect(posted.status).toBe(201);
    const listed: (string | undefined)[] = [];
    for (let offset = 0; offset < 1000; offset += 100) {
      const page = await list({ Limit: 100, Offset: offset });
      expect(page).toMatchObject({ TotalCount: 1000, TasksOverview: { TotalTaskCount: 1000 } });
      listed.push(...(page.TaskList ?? []).map(({ Id }) => Id));
    }
    expect(listed).toEqual(ids.toReversed());
    expect(await idsOf({ Offset: 1000 })).toEqual([]);
  });
});

describe('the limit of CancelTask', () => {
  it('is 20 arrivals in any second in a region, whatever becomes of them', async () => {
    const code = async (): Promise<string> => codeOf(await cancel(emulator, 'absent'));
    const codes = await Promise.all(Array.from({ length: 20 }, code));
    expect(new Set(codes)).toEqual(new Set(['InvalidParameter.InvalidTaskId']));
    clock.advance(999);
    expect(await code()).toBe('RequestLimitExceeded');
    expect(await send('{"TaskId":"absent"}', { headers: { 'x-tc-region': 'ap-singapore' } })).toBe(
      'InvalidParameter.InvalidTaskId',
    );
    clock.advance(1);
    expect(await code()).toBe('InvalidParameter.InvalidTaskId');
    expect(emulator.stats()).toMatchObject({ busiestSecond: 21, rateLimited: 1 });
  });

  it('does not count callers that it does not know', async () => {
    for (let index = 0; index < 25; index += 1) await send('{}', { secretKey: 'other' });
    expect(emulator.stats()).toMatchObject({ badSignatures: 25, busiestSecond: 0 });
  });

  it('is an option', async () => {
    const slow = await startEmulator({ rate: 1, clock });
    try {
      expect(codeOf(await cancel(slow, 'a'))).toBe('InvalidParameter.InvalidTaskId');
      expect(codeOf(await cancel(slow, 'a'))).toBe('RequestLimitExceeded');
    } finally {
      await slow.close();
    }
  });
});
