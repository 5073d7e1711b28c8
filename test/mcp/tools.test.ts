import { expect, it } from '@jest/globals';
import { Ajv2020 } from 'ajv/dist/2020.js';

import type { Emulator } from '../../emulator/emulator.ts';
import { agentOf, OLD, resultOf, startAgent, type Agent } from '../support/agents.ts';
import { onEmulator } from '../support/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { KEY, keyEntry, PUBLIC_URL } from '../support/three-callers.ts';

/** The tools: each does what its route does, and tells the model all of it. */

let emulator: Emulator;
let agent: Agent;
onEmulator(
  [
    { id: 'running', state: 'running', engine: 'etl' },
    { id: 'done', state: 'succeeded', engine: 'etl' },
    { id: 'other', state: 'running', engine: 'reports' },
  ],
  (started) => {
    emulator = started;
    agent = startAgent(emulator.port);
  },
);
const cancelled = (): string[] => [...emulator.stats().cancelled];
const withKey = (members: object, env = {}): Agent =>
  startAgent(emulator.port, { API_KEYS: JSON.stringify([keyEntry(KEY, members)]), ...env });

interface Listed {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: { readonly properties: object; readonly required?: readonly string[] };
  readonly outputSchema: object;
  readonly annotations: object;
}

async function listed(from = agent): Promise<readonly Listed[]> {
  const { tools } = Object(resultOf(await from.modern({ method: 'tools/list' })));
  return tools;
}

it('are the same four in both eras', async () => {
  const tools = await listed();
  expect(resultOf(await agent.old({ method: 'tools/list' }))).toMatchObject({ tools });
  const safe = { idempotentHint: true, openWorldHint: false };
  const reads = { ...safe, readOnlyHint: true, destructiveHint: false };
  const cancels = { ...safe, readOnlyHint: false, destructiveHint: true };
  expect(
    tools.map(({ name, inputSchema, annotations }) => [
      name,
      Object.keys(inputSchema.properties),
      inputSchema.required ?? [],
      annotations,
    ]),
  ).toEqual([
    [
      'list_tasks',
      ['state', 'engine', 'limit', 'cursor', 'region'],
      [],
      expect.objectContaining(reads),
    ],
    ['get_task', ['taskId', 'region'], ['taskId'], expect.objectContaining(reads)],
    ['cancel_task', ['taskId', 'region'], ['taskId'], expect.objectContaining(cancels)],
    [
      'cancel_tasks',
      ['taskIds', 'region', 'dryRun'],
      ['taskIds'],
      expect.objectContaining(cancels),
    ],
  ]);
});

it('say what a model has to know', async () => {
  const [list, get, ...cancel] = (await listed()).map(({ description }) => description);
  for (const word of ['nextCursor', 'ids', 'SQL']) expect(list).toContain(word);
  for (const word of ['list_tasks', 'final']) expect(get).toContain(word);
  for (const description of cancel) {
    for (const word of ['list_tasks', 'get_task', 'outcomeUnknown', 'twice', 'already_cancelled']) {
      expect(description).toContain(word);
    }
  }
});

it('without lookups of states are the two that cancel', async () => {
  const without = startAgent(emulator.port, { TASK_STATE_LOOKUP: 'off' });
  expect((await listed(without)).map(({ name }) => name)).toEqual(['cancel_task', 'cancel_tasks']);
  expect(await without.tool('get_task', { taskId: 'running' })).toMatchObject({
    isError: true,
    structuredContent: { code: 'method-not-allowed', status: 405 },
  });
});

it('answer with the body of the route, also as text, as their schemas say', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const schemas = new Map((await listed()).map((tool) => [tool.name, tool]));
  const call = async (name: string, args: object) => {
    const result = await agent.tool(name, args);
    const schema = Object(schemas.get(name)).outputSchema;
    expect([ajv.validate(schema, result.structuredContent), ajv.errors]).toEqual([true, null]);
    expect(JSON.parse(result.content[0]?.text ?? '')).toEqual(result.structuredContent);
    expect(result).toMatchObject({ resultType: 'complete', content: [{ type: 'text' }] });
    return result;
  };
  const region = 'ap-guangzhou';
  const { isError, structuredContent } = await call('list_tasks', { engine: 'etl', limit: 5 });
  expect(isError).toBe(false);
  expect(structuredContent).toMatchObject({
    tasks: [{ engine: 'etl' }, { engine: 'etl' }],
    region,
  });
  expect(await call('get_task', { taskId: 'running', region })).toMatchObject({
    isError: false,
    structuredContent: { taskId: 'running', region, state: 'running' },
  });
  expect(await call('cancel_tasks', { taskIds: ['running', 'done'], dryRun: true })).toMatchObject({
    isError: false,
    structuredContent: {
      results: [{ outcome: 'would_cancel' }, { code: 'task-already-finished' }],
    },
  });
  expect(cancelled()).toEqual([]);
  expect(await call('cancel_task', { taskId: 'running' })).toMatchObject({
    isError: false,
    structuredContent: { taskId: 'running', region, outcome: 'cancel_requested' },
  });
  expect(await call('cancel_task', { taskId: 'running' })).toMatchObject({
    isError: false,
    structuredContent: { outcome: 'already_cancelled' },
  });
  expect(await call('cancel_task', { taskId: 'done' })).toMatchObject({
    isError: true,
    structuredContent: { code: 'task-already-finished', taskState: 'succeeded', status: 409 },
  });
  expect(await call('cancel_tasks', { taskIds: ['other'] })).toMatchObject({
    isError: false,
    structuredContent: { results: [{ taskId: 'other', status: 202 }] },
  });
  expect(cancelled()).toEqual(['running', 'other']);
});

it('work in the old era too', async () => {
  const headers = { 'mcp-protocol-version': OLD };
  const params = { name: 'cancel_task', arguments: { taskId: 'running' } };
  const response = await agent.old({ method: 'tools/call', params, headers });
  expect(resultOf(response)).toMatchObject({ isError: false });
  expect(resultOf(response)['resultType']).toBeUndefined();
  expect(response.headers).toMatchObject({
    'RateLimit-Policy': expect.stringContaining('"cancel"'),
    'Retry-After': '1',
    'X-Tc-Request-Id': expect.any(String),
  });
  expect(cancelled()).toEqual(['running']);
});

it.each([
  ['cancel_task', {}, 'taskId'],
  ['cancel_task', { taskId: 20_210_521_195_919 }, 'taskId'],
  ['cancel_task', { taskId: '../running' }, 'taskId'],
  ['cancel_task', { taskId: 'a/b?region=ap-singapore' }, 'taskId'],
  ['cancel_task', { taskId: '\uD800' }, 'taskId'],
  ['cancel_task', { taskId: ['running'] }, 'taskId'],
  ['cancel_task', { taskId: 'running', region: null }, 'region'],
  ['cancel_task', { taskId: 'running', region: 'ap-nowhere' }, 'region'],
  ['cancel_task', { taskId: 'running', regoin: 'ap-singapore' }, 'regoin'],
  ['cancel_task', { taskId: 'running', dryRun: true }, 'dryRun'],
  ['cancel_tasks', { taskIds: 'running' }, 'taskIds'],
  ['cancel_tasks', { taskIds: [1] }, 'taskIds[0]'],
  ['cancel_tasks', { taskIds: [] }, 'taskIds'],
  ['cancel_tasks', { taskId: 'running' }, 'taskIds'],
  ['list_tasks', { limit: 101 }, 'limit'],
  ['list_tasks', { limit: '5' }, 'limit'],
  ['list_tasks', { limit: [5] }, 'limit'],
  ['list_tasks', { state: ['running'] }, 'state'],
  ['list_tasks', { engine: 5 }, 'engine'],
  ['list_tasks', { cursor: {} }, 'cursor'],
  ['list_tasks', { taskId: 'running' }, 'taskId'],
])('%s refuses %j', async (name, args, wrong) => {
  const { isError, structuredContent } = await agent.tool(name, args);
  expect(isError).toBe(true);
  expect(structuredContent).toMatchObject({ code: 'invalid-request', status: 400 });
  const errors: { name: string }[] = Object(structuredContent['errors']);
  expect(errors.map((error) => error.name)).toContain(wrong);
  expect(emulator.requests()).toEqual([]);
});

it.each([
  ['no such tool', { name: 'drop_tables', arguments: {} }],
  ['a member of every object', { name: 'constructor' }],
  ['no name', { arguments: {} }],
  ['arguments that are a list', { name: 'list_tasks', arguments: [] }],
  ['arguments that are null', { name: 'list_tasks', arguments: null }],
])('%s is an error of the protocol', async (_, params) => {
  for (const response of [
    await agent.old({ method: 'tools/call', params }),
    await agent.modern({ method: 'tools/call', params }),
  ]) {
    expect(response).toMatchObject({ status: 200, body: { error: { code: -32_602 } } });
  }
});

it('spend the quota of their routes, and say when there is more', async () => {
  const poor = withKey({ rate: '1/m' });
  expect((await poor.tool('get_task', { taskId: 'running' })).isError).toBe(false);
  expect((await poor.tool('cancel_task', { taskId: 'running' })).isError).toBe(false);
  expect(await poor.tool('cancel_task', { taskId: 'other' })).toMatchObject({
    isError: true,
    structuredContent: {
      code: 'quota-exceeded',
      retryable: true,
      retryAfter: expect.any(Number),
      'violated-policies': ['cancel'],
    },
  });
  expect(cancelled()).toEqual(['running']);
});

it('tell that nobody knows the outcome', async () => {
  await emulator.addFault({
    action: 'CancelTask',
    kind: 'code',
    code: 'InternalError',
    times: 'always',
  });
  const once = startAgent(emulator.port, { MAX_ATTEMPTS: '1' });
  expect(await once.tool('cancel_task', { taskId: 'running' })).toMatchObject({
    isError: true,
    structuredContent: { outcomeUnknown: true, code: 'upstream-internal-error', retryAfter: 2 },
  });
});

it('have a problem of the gateway logged as an error, although the response is a 200', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'code', code: 'AuthFailure' });
  const refused = startAgent(emulator.port);
  expect(await refused.tool('cancel_task', { taskId: 'running' })).toMatchObject({
    structuredContent: { code: 'upstream-credentials-rejected', status: 502 },
  });
  expect(refused.gateway.lines.find(({ event }) => event === 'request')).toMatchObject({
    level: 'error',
    route: '/mcp',
    method: 'POST',
    taskId: 'running',
    status: 200,
    code: 'upstream-credentials-rejected',
  });
});

it('with a defect are a 500, and an audit line says that nobody knows the outcome', async () => {
  await emulator.addFault({ action: 'CancelTask', kind: 'code', code: 'InternalError' });
  // The pause before the second attempt is random, and so is something at the start.
  let isStarted = false;
  const random = (): number => {
    if (isStarted) throw new Error('a defect');
    return 0;
  };
  const env = { API_KEYS: JSON.stringify([keyEntry(KEY)]), MCP: 'on', PUBLIC_URL };
  const defective = agentOf(startInProcess({ port: emulator.port, env, random }));
  isStarted = true;
  const params = { name: 'cancel_task', arguments: { taskId: 'running' } };
  const response = await defective.old({ method: 'tools/call', params });
  expect(response).toMatchObject({ status: 500, body: { code: 'internal-error' } });
  expect(response.headers['RateLimit']).toContain('"cancel"');
  const audit = defective.gateway.lines.filter(({ event }) => event === 'audit');
  expect(audit).toMatchObject([
    { phase: 'intent', tool: 'cancel_task' },
    { phase: 'result', tool: 'cancel_task', outcome: 'unknown', code: 'internal-error' },
  ]);
});

it('are restricted as their caller is', async () => {
  const reader = withKey({ scopes: ['tasks:read'], engines: ['reports'] });
  const { structuredContent } = await reader.tool('list_tasks');
  expect(structuredContent['tasks']).toMatchObject([{ taskId: 'other' }]);
  expect(await reader.tool('get_task', { taskId: 'running' })).toMatchObject({
    structuredContent: { code: 'task-not-permitted' },
  });
  expect(await reader.tool('cancel_task', { taskId: 'other' })).toMatchObject({
    isError: true,
    structuredContent: { code: 'insufficient-scope', status: 403 },
  });
  expect(cancelled()).toEqual([]);
  const canceller = withKey({ scopes: ['tasks:cancel'] });
  expect(await canceller.tool('list_tasks')).toMatchObject({
    isError: true,
    structuredContent: { code: 'insufficient-scope', status: 403 },
  });
  expect((await canceller.tool('cancel_task', { taskId: 'other' })).isError).toBe(false);
  expect(cancelled()).toEqual(['other']);
});

it('say in Chinese what is wrong, if the client prefers it', async () => {
  const ajv = new Ajv2020({ strict: false, validateFormats: false });
  const { outputSchema } = Object((await listed()).find(({ name }) => name === 'cancel_task'));
  const headers = { 'accept-language': 'zh-CN' };
  const call = async (name: string, args: object, from = agent) => {
    const params = { name, arguments: args };
    const response = await from.modern({ method: 'tools/call', params, headers });
    expect(response.headers).toMatchObject({
      Vary: 'Accept-Language',
      'Content-Language': 'zh-CN',
    });
    const { content, structuredContent } = resultOf(response);
    expect(JSON.parse(content[0]?.text ?? '')).toEqual(structuredContent);
    return structuredContent;
  };
  const problem = await call('cancel_task', { taskId: 'done' });
  expect(problem).toMatchObject({
    code: 'task-already-finished',
    detail: expect.stringMatching(/^任务.*。$/),
  });
  expect(ajv.validate(outputSchema, problem)).toBe(true);
  expect(await call('cancel_tasks', { taskIds: ['done'] })).toMatchObject({
    results: [{ detail: problem['detail'] }],
  });
  const asking = { MCP_CONFIRM: 'on', MCP_STATE_SECRET: 'a-secret-for-confirmations-32-bytes!' };
  const confirming = startAgent(emulator.port, asking);
  expect(await call('cancel_task', { taskId: 'running' }, confirming)).toMatchObject({
    code: 'confirmation-required',
    detail: expect.stringMatching(/^[^a-z]*。$/),
  });
  const read = { name: 'get_task', arguments: { taskId: 'running' } };
  const response = await agent.modern({ method: 'tools/call', params: read, headers });
  expect(response.headers['Content-Language']).toBeUndefined();
});

it('wait for the end of a task if the client prefers that', async () => {
  const params = { name: 'cancel_task', arguments: { taskId: 'running' } };
  const response = await agent.modern({
    method: 'tools/call',
    params,
    headers: { prefer: 'wait=3' },
  });
  expect(resultOf(response).structuredContent).toMatchObject({ outcome: 'cancelled' });
  expect(response.headers['Preference-Applied']).toBe('wait=3');
});
