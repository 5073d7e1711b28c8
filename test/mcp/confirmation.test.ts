import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import { agentOf, startAgent, type Agent, type Sent, type ToolResult } from '../support/agents.ts';
import { systemClock } from '../../src/lib/clock.ts';
import { onEmulator } from '../support/emulator.ts';
import { startInProcess } from '../support/in-process.ts';
import { keyEntry, KEY, PUBLIC_URL } from '../support/three-callers.ts';

/** `MCP_CONFIRM=on`: a person agrees to each cancellation. Nothing about it is kept by an instance. */

const OTHER_KEY = 'another-key-for-tests-of-somebody-else';
const CONFIRM = { MCP_CONFIRM: 'on', MCP_STATE_SECRET: 'a-secret-for-confirmations-32-bytes!' };
const FORMS = { elicitation: {} };

let emulator: Emulator;
onEmulator(
  [
    { id: 'one', state: 'running', engine: 'etl' },
    { id: 'two', state: 'running', engine: 'etl' },
  ],
  (started) => void (emulator = started),
);
const cancelled = (): string[] => [...emulator.stats().cancelled];

const env = {
  ...CONFIRM,
  API_KEYS: JSON.stringify([keyEntry(KEY), keyEntry(OTHER_KEY, { id: 'other' })]),
};
const start = (more = {}): Agent => startAgent(emulator.port, { ...env, ...more });
const ONE = { taskId: 'one' };
const BOTH = { taskIds: ['one', 'two'] };
const ask: Partial<Sent> = { capabilities: FORMS };

const stateOf = (result: ToolResult): string => String(result['requestState']);
const agreed = (result: ToolResult, response: object = { action: 'accept', content: {} }) => ({
  ...ask,
  params: { requestState: stateOf(result), inputResponses: { confirm: response } },
});
const refused = (detail: string | RegExp) => ({
  isError: true,
  structuredContent: {
    status: 403,
    code: 'confirmation-required',
    detail: expect.stringMatching(detail),
  },
});

describe.each([
  ['cancel_task', ONE, 'Cancel this DLC task in ap-guangzhou? It cannot be undone. one', ['one']],
  [
    'cancel_tasks',
    BOTH,
    'Cancel these 2 DLC tasks in ap-guangzhou? It cannot be undone. one, two',
    ['one', 'two'],
  ],
] as const)('%s', (name, args, message, ids) => {
  it('asks first, and cancels when a person agrees, at any instance', async () => {
    const question = await start().tool(name, args, ask);
    expect(question).toMatchObject({
      resultType: 'input_required',
      inputRequests: {
        confirm: {
          method: 'elicitation/create',
          params: { mode: 'form', message, requestedSchema: { type: 'object', properties: {} } },
        },
      },
      requestState: expect.any(String),
    });
    expect(question['content']).toBeUndefined();
    expect(cancelled()).toEqual([]);
    const done = await start().tool(name, args, agreed(question));
    expect(done).toMatchObject({ resultType: 'complete', isError: false });
    expect(cancelled()).toEqual(ids);
  });

  it('may be repeated before the expiry, which has no further effect', async () => {
    const agent = start();
    const question = await agent.tool(name, args, ask);
    await agent.tool(name, args, agreed(question));
    const again = await agent.tool(name, args, agreed(question));
    expect(again.isError).toBe(false);
    expect(JSON.stringify(again.structuredContent)).toContain('already_cancelled');
    expect(cancelled()).toEqual(ids);
  });

  it('is refused with other arguments, and as another tool', async () => {
    const agent = start();
    const question = await agent.tool(name, args, ask);
    const others: readonly (readonly [string, object])[] = [
      [name, { ...args, region: 'ap-singapore' }],
      ['cancel_task', { taskId: 'two' }],
      ['cancel_tasks', { taskIds: ['two', 'one'] }],
      ['cancel_tasks', { taskIds: ['one'] }],
    ];
    for (const [tool, changed] of others) {
      const result = await agent.tool(tool, changed, agreed(question));
      expect(result).toMatchObject(refused('another call'));
    }
    expect(cancelled()).toEqual([]);
  });

  it('is refused to another principal', async () => {
    const agent = start();
    const question = await agent.tool(name, args, ask);
    const other = agentOf(agent.gateway, { 'x-api-key': OTHER_KEY });
    expect(await other.tool(name, args, agreed(question))).toMatchObject(refused('another call'));
    expect(cancelled()).toEqual([]);
  });

  it('is refused after two minutes', async () => {
    let later = 0;
    const clock = { ...systemClock, now: () => Date.now() + later };
    const settings = { ...env, MCP: 'on', PUBLIC_URL };
    const agent = agentOf(startInProcess({ port: emulator.port, env: settings, clock }));
    const question = await agent.tool(name, args, ask);
    later = 120_000;
    expect(await agent.tool(name, args, agreed(question))).toMatchObject(refused('too old'));
    expect(cancelled()).toEqual([]);
  });

  it.each([
    ['declines', { action: 'decline' }],
    ['closes the form', { action: 'cancel' }],
    ['says no in the form', { action: 'accept', content: { confirm: false } }],
  ])('is refused if the person %s', async (_, response) => {
    const agent = start();
    const question = await agent.tool(name, args, ask);
    expect(await agent.tool(name, args, agreed(question, response))).toMatchObject(
      refused('did not confirm'),
    );
    expect(cancelled()).toEqual([]);
  });

  it('asks again if the answer is missing', async () => {
    const agent = start();
    const question = await agent.tool(name, args, ask);
    const params = { requestState: stateOf(question), inputResponses: { other: {} } };
    const again = await agent.tool(name, args, { ...ask, params });
    expect(again['resultType']).toBe('input_required');
  });

  it.each([
    ['shows no forms', {}],
    ['shows pages alone', { elicitation: { url: {} } }],
    ['declares nonsense', { elicitation: true }],
  ])('is refused to a client that %s', async (_, capabilities) => {
    const result = await start().tool(name, args, { capabilities });
    expect(result).toMatchObject(refused('cannot ask'));
    expect(cancelled()).toEqual([]);
  });

  it('is refused to a client of the old era', async () => {
    const meta = { 'io.modelcontextprotocol/clientCapabilities': FORMS };
    const params = { name, arguments: args, _meta: meta };
    const response = await start().old({ method: 'tools/call', params });
    expect(response.body['result']).toMatchObject(refused('cannot ask'));
    expect(cancelled()).toEqual([]);
  });
});

it.each([
  ['forged', (state: string) => state.replace(/.$/, (last) => (last === 'A' ? 'B' : 'A'))],
  ['prolonged', (state: string) => state.replace(/^\d+/, (expiry) => String(Number(expiry) + 1))],
  ['cut', (state: string) => state.slice(0, -1)],
  ['without an expiry', (state: string) => state.replace(/^\d+/, 'x')],
  ['a number', () => 1],
  ['an object', () => ({})],
])('a state that is %s is refused', async (_, change) => {
  const agent = start();
  const state = stateOf(await agent.tool('cancel_task', ONE, ask));
  const params = {
    inputResponses: { confirm: { action: 'accept' } },
    requestState: change(state),
  };
  const result = await agent.tool('cancel_task', ONE, { ...ask, params });
  expect(result).toMatchObject(refused('another call'));
  expect(cancelled()).toEqual([]);
});

it('a state of a gateway with another secret is refused', async () => {
  const other = start({ MCP_STATE_SECRET: 'another-secret-for-confirmations-32!' });
  const question = await other.tool('cancel_task', ONE, ask);
  expect(await start().tool('cancel_task', ONE, agreed(question))).toMatchObject(
    refused('another call'),
  );
});

it('reading and dry runs need no confirmation, and what is not valid is not asked about', async () => {
  const agent = start();
  expect((await agent.tool('get_task', ONE)).isError).toBe(false);
  expect((await agent.tool('list_tasks')).isError).toBe(false);
  expect((await agent.tool('cancel_tasks', { ...BOTH, dryRun: true })).isError).toBe(false);
  expect(await agent.tool('cancel_task', { taskId: '?' }, ask)).toMatchObject({
    structuredContent: { code: 'invalid-request' },
  });
});

it('without MCP_CONFIRM nobody is asked', async () => {
  const agent = startAgent(emulator.port);
  const params = { requestState: 'anything' };
  expect((await agent.tool('cancel_task', ONE, { ...ask, params })).isError).toBe(false);
});

it('every question leaves an audit line, as a refusal', async () => {
  const agent = start();
  await agent.tool('cancel_task', ONE, ask);
  const lines = agent.gateway.lines.filter(({ event }) => event === 'audit');
  expect(lines).toMatchObject([
    {
      phase: 'result',
      route: '/mcp',
      tool: 'cancel_task',
      taskId: 'one',
      decision: 'deny',
      rule: 'confirmation-required',
      outcome: 'not_cancelled',
    },
  ]);
});
