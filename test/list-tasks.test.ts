import { afterAll, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { toCursor } from '../src/lib/listing/query.ts';
import { expectProblem } from './support/gateway.ts';
import type { Answer, InProcessGateway } from './support/in-process.ts';
import { bearer, jwtIssuer, KEY, keyEntry, startGateway } from './support/three-callers.ts';

/** `GET /tasks`, through the whole gateway. */
let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
});
beforeEach(() => emulator.reset());
afterAll(() => emulator.close());

const key = ['X-API-Key', KEY] as const;
const start = (settings: Record<string, string> = {}): InProcessGateway =>
  startGateway(emulator.port, { UPSTREAM_RATE: '10000', ...settings });
const withKey = (members: object = {}, settings: Record<string, string> = {}) =>
  start({ API_KEYS: JSON.stringify([keyEntry(KEY, { rate: '999/s', ...members })]), ...settings });

const get = (gateway: InProcessGateway, query = '', credentials: readonly [string, string] = key) =>
  gateway.send('GET', `/tasks${query && `?${query}`}`, [credentials]);
const tasksOf = ({ body }: Answer): Record<string, unknown>[] => Object(body['tasks'] ?? []);
const idsOf = (response: Answer) => tasksOf(response).map(({ taskId }) => String(taskId));
const cursorOf = ({ body }: Answer): string | undefined =>
  typeof body['nextCursor'] === 'string' ? body['nextCursor'] : undefined;

/** Follows the cursors to the end, or for so many pages. */
async function pages(
  gateway: InProcessGateway,
  query: string,
  between: (response: Answer) => unknown = () => undefined,
  most = 200,
): Promise<Answer[]> {
  const all: Answer[] = [];
  let cursor: string | undefined = '';
  while (cursor !== undefined && all.length < most) {
    const response: Answer = await get(gateway, cursor ? `${query}&cursor=${cursor}` : query);
    expect(response.status).toBe(200);
    all.push(response);
    await between(response);
    cursor = cursorOf(response);
  }
  return all;
}

const STATES = ['running', 'succeeded', 'queued', 'failed', 'cancelled'] as const;
function addMany(n: number, members: object = {}): string[] {
  const tasks = Array.from({ length: n }, (_, i) => ({
    id: `t${i}`,
    state: STATES[i % STATES.length] ?? 'running',
    engine: i % 2 ? 'etl' : 'reports',
    ...members,
  }));
  emulator.addTasks(tasks);
  // The newest first.
  return tasks.map(({ id }) => id).toReversed();
}

describe('the list', () => {
  it('shows of each task what may be shown, and nothing else', async () => {
    emulator.addTasks({ id: 'one', state: 'running', engine: 'etl', kind: 'SparkSQLTask' });
    const response = await get(start());
    expect(response.body).toEqual({
      tasks: [
        {
          taskId: 'one',
          state: 'running',
          upstreamState: 1,
          engine: 'etl',
          kind: 'SparkSQLTask',
          upstreamCreateTime: expect.stringMatching(/^\d{4}-/),
          upstreamUpdateTime: expect.stringMatching(/^\d{4}-/),
        },
      ],
      region: 'ap-guangzhou',
      requestId: response.headers['X-Request-Id'],
      upstreamRequestId: response.headers['X-Tc-Request-Id'],
    });
    expect(response.headers['RateLimit-Policy']).toMatch(/^"read"/);
  });

  it('is in the order of DLC, page by page, each task once', async () => {
    const ids = addMany(250);
    const all = await pages(withKey(), 'limit=100');
    expect(all.flatMap(idsOf)).toEqual(ids);
    expect(all.map((response) => tasksOf(response).length)).toEqual([100, 100, 50]);
  });

  it('has 50 tasks a page by default, and ends without a cursor', async () => {
    addMany(50);
    const response = await get(start());
    expect([tasksOf(response).length, cursorOf(response)]).toEqual([50, undefined]);
  });

  it.each([
    ['state=active', ({ state }: Record<string, unknown>) => /running|queued/.test(String(state))],
    [
      'state=failed,cancelled',
      ({ state }: Record<string, unknown>) => /failed|ca/.test(String(state)),
    ],
    ['engine=etl', ({ engine }: Record<string, unknown>) => engine === 'etl'],
    ['engine=DataEngine-etl', ({ engine }: Record<string, unknown>) => engine === 'etl'],
    [
      'engine=etl&state=running',
      ({ engine, state }: Record<string, unknown>) => engine === 'etl' && state === 'running',
    ],
  ])('is narrowed by %s', async (query, isWanted) => {
    addMany(300);
    const everything = (await pages(withKey(), 'limit=100')).flatMap(tasksOf);
    const some = (await pages(withKey(), `${query}&limit=30`)).flatMap(tasksOf);
    expect(some).toEqual(everything.filter(isWanted));
    expect(some.length).toBeGreaterThan(20);
  });

  it('looks through at most 2,000 tasks for a page, which may be empty', async () => {
    const ids = addMany(2100, { state: 'succeeded' });
    emulator.addTasks({
      id: ids.at(-1) ?? '',
      state: 'running',
      createdAt: new Date(Date.now() - 1e6).toISOString(),
    });
    const all = await pages(withKey(), 'state=active');
    expect(all.map(idsOf)).toEqual([[], [ids.at(-1)]]);
    expect(emulator.stats().calls.DescribeTasks).toBeLessThanOrEqual(22);
  });

  it('shows every task that stays, whatever ends or comes while pages are read', async () => {
    const ids = addMany(260, { state: 'running' });
    let n = 0;
    const gateway = withKey();
    const cancelShown = async (response: Answer) => {
      for (const id of idsOf(response)) await gateway.send('DELETE', `/tasks/${id}`, [key]);
      const fresh = Array.from({ length: 37 }, () => ({
        id: `new${(n += 1)}`,
        state: 'running' as const,
      }));
      emulator.addTasks(fresh);
    };
    const seen = (await pages(gateway, 'state=active&limit=40', cancelShown)).flatMap(idsOf);
    expect(ids.filter((id) => !seen.includes(id))).toEqual([]);
    // New tasks in front cost no repetition.
    expect(seen.length).toBe(new Set(seen).size);
  });

  it('refuses a cursor that the gateway cannot have made', async () => {
    const cursor = Buffer.from('0.5.a').toString('base64url');
    expectProblem(await get(withKey(), `cursor=${cursor}`), 400, 'invalid-request');
    expect(emulator.stats().calls.DescribeTasks).toBe(0);
  });

  it.each([30, 150])('misses nothing when %i tasks vanish in front', async (gone) => {
    const ids = addMany(400, { state: 'running' });
    const [first] = await pages(withKey(), 'limit=100', undefined, 1);
    const second = await get(withKey(), `limit=100&cursor=${first && cursorOf(first)}`);
    await emulator.reset();
    const left = ids.slice(gone);
    emulator.addTasks(left.toReversed().map((id) => ({ id, state: 'running' as const })));
    const rest = await pages(withKey(), `limit=100&cursor=${cursorOf(second)}`, undefined, 1);
    const end = rest[0] && cursorOf(rest[0]);
    const last = end ? await get(withKey(), `limit=100&cursor=${end}`) : undefined;
    const all = [first, second, ...rest, last];
    const seen = new Set(all.flatMap((response) => (response ? idsOf(response) : [])));
    expect(left.filter((id) => !seen.has(id))).toEqual([]);
  });

  it('asks for fewer tasks at once where their SQL is too long for one answer', async () => {
    addMany(60);
    await emulator.addFault({ action: 'DescribeTasks', kind: 'huge', times: 2 });
    const response = await get(withKey(), 'limit=10');
    expect(tasksOf(response).length).toBe(10);
  });
});

describe('only tasks that the caller may read', () => {
  beforeEach(() => {
    emulator.addTasks([
      { id: 'mine', state: 'running', engine: 'etl', operator: '100' },
      { id: 'other', state: 'running', engine: 'reports', operator: '200' },
      { id: 'sg', state: 'running', engine: 'etl', region: 'ap-singapore' },
    ]);
  });
  const details = (...identifiers: string[]) => ({
    authorization_details: identifiers.map((identifier) => ({
      type: 'dlc_task',
      actions: ['read'],
      identifier,
    })),
  });

  it('are shown: those on its engines, by name or id', async () => {
    expect(idsOf(await get(withKey({ engines: ['etl'] })))).toEqual(['mine']);
    expect(idsOf(await get(withKey({ engines: ['DataEngine-reports'] })))).toEqual(['other']);
  });

  it('are shown: those of its owner, which DLC filters', async () => {
    expect(idsOf(await get(withKey({ owner: '200' })))).toEqual(['other']);
    const issuer = JSON.stringify([jwtIssuer({ owner: '/uin' })]);
    const token = bearer({ scope: 'tasks:read', uin: '100' });
    expect(idsOf(await get(start({ JWT_ISSUERS: issuer }), '', token))).toEqual(['mine']);
  });

  it('are shown: those that its token names', async () => {
    expect(idsOf(await get(start(), '', bearer(details('other'))))).toEqual(['other']);
    const many = Array.from({ length: 60 }, (_, i) => `none-${i}`);
    const response = await get(start(), 'limit=60', bearer(details(...many, 'mine')));
    expect([idsOf(response), cursorOf(response)]).toEqual([['mine'], undefined]);
    const page = await get(start(), 'limit=1', bearer(details('mine', 'other')));
    expect(idsOf(page)).toEqual(['mine']);
    const next = await get(
      start(),
      `limit=1&cursor=${cursorOf(page)}`,
      bearer(details('mine', 'other')),
    );
    expect([idsOf(next), cursorOf(next)]).toEqual([['other'], undefined]);
  });

  it('are asked for in smaller parts where their SQL is too long for one answer', async () => {
    const ids = addMany(60);
    await emulator.addFault({ action: 'DescribeTasks', kind: 'huge', times: 1 });
    const response = await get(start(), 'limit=60', bearer(details(...ids)));
    expect(idsOf(response)).toEqual(ids);
    expect(emulator.requests().map(({ taskIds }) => taskIds.length)).toEqual([50, 25, 25, 10]);
  });

  it('are shown beyond the last of its tasks without asking DLC', async () => {
    const token = bearer(details('mine'));
    const response = await get(start(), `cursor=${toCursor({ offset: 5 })}`, token);
    expect(response.body).toEqual({
      tasks: [],
      region: 'ap-guangzhou',
      requestId: expect.any(String),
    });
  });

  it('are shown of the region asked for; another region is refused', async () => {
    const gateway = withKey({ regions: ['ap-singapore'] });
    expect(idsOf(await get(gateway, 'region=ap-singapore'))).toContain('sg');
    expectProblem(await get(gateway), 403, 'task-not-permitted');
    const canceller = withKey({ scopes: ['tasks:cancel'] });
    expectProblem(await get(canceller), 403, 'insufficient-scope');
  });
});

describe('a request that is not valid', () => {
  it.each([
    'stat=active',
    'state=',
    'state=active,',
    'state=ACTIVE',
    'state=active&state=failed',
    'engine=',
    'engine=a&engine=b',
    'limit=0',
    'limit=101',
    'limit=1.5',
    'limit=1&limit=2',
    'cursor=',
    'cursor=x',
    `cursor=${toCursor({ offset: 1 })}A`,
    'region=eu-frankfurt',
    'region=ap-singapore&region=ap-singapore',
  ])('is refused: %s', async (query) => {
    expectProblem(await get(withKey(), query), 400, 'invalid-request');
    expect(emulator.stats().calls.DescribeTasks).toBe(0);
  });

  it('is refused without credentials', async () => {
    expectProblem(await start().send('GET', '/tasks'), 401, 'unauthenticated');
  });

  it('is there only where lookups are on', async () => {
    const response = await get(withKey({}, { TASK_STATE_LOOKUP: 'off' }));
    expectProblem(response, 405, 'method-not-allowed');
    expect(response.headers['Allow']).toBe('OPTIONS');
  });
});

describe('where DLC fails', () => {
  it.each([
    ['UnauthorizedOperation', 502, 'upstream-credentials-rejected'],
    ['InternalError', 502, 'upstream-internal-error'],
    ['RequestLimitExceeded', 429, 'upstream-rate-limited'],
  ])('at once (%s), the answer is its problem', async (code, status, problem) => {
    await emulator.addFault({ action: 'DescribeTasks', kind: 'code', code, times: 'always' });
    expectProblem(await get(withKey()), status, problem);
  });

  it('to give the state of a task, those who may not read it or do not get to it notice nothing', async () => {
    const own = { Id: 'a', State: 1, DataEngineName: 'etl' };
    const broken = { Id: 'b', State: null, DataEngineName: 'bi' };
    const body = JSON.stringify({ Response: { TaskList: [own, broken], RequestId: 'r' } });
    await emulator.addFault({ action: 'DescribeTasks', kind: 'body', body, times: 'always' });
    expect(idsOf(await get(withKey({ engines: ['etl'] })))).toEqual(['a']);
    expect(idsOf(await get(withKey(), 'limit=1'))).toEqual(['a']);
    expectProblem(await get(withKey()), 502, 'upstream-invalid-response');
  });

  it('for a passing reason, it is asked once more', async () => {
    addMany(1);
    await emulator.addFault({ action: 'DescribeTasks', kind: 'reset-before', times: 1 });
    expect(idsOf(await get(withKey()))).toEqual(['t0']);
  });
});
