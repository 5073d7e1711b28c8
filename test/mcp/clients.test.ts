import { afterAll, beforeAll, beforeEach, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { describeWith, NEEDS_TOOLS } from '../support/needs.ts';
import { startServer, type ListeningServer } from '../support/processes.ts';
import { requireTool } from '../support/tools.ts';

/** The official clients, of both lines, against the built server. */

interface Client {
  connect(transport: object): Promise<void>;
  getServerVersion(): object;
  listTools(): Promise<{ tools: readonly { name: string }[] }>;
  callTool(call: { name: string; arguments: object }): Promise<Called>;
  setRequestHandler(method: unknown, handler: (request: Asked) => object): void;
  close(): Promise<void>;
}
interface Called {
  readonly isError?: boolean;
  readonly structuredContent: object;
}
interface Asked {
  readonly params: { readonly message: string };
}
interface Line {
  readonly Client: new (info: object, options: object) => Client;
  readonly StreamableHTTPClientTransport: new (url: URL, options: object) => object;
}

const TASK = 'a-task';
const INFO = { name: 'clients.test', version: '1.0.0' };

let emulator: Emulator;
let server: ListeningServer;

const settings = () => ({
  ...settingsFor(emulator),
  MCP: 'on',
  PUBLIC_URL: 'http://127.0.0.1:9000',
  MCP_STATE_SECRET: 'a-secret-for-confirmations-32-bytes!',
});

async function connect(
  { Client, StreamableHTTPClientTransport }: Line,
  options: object,
  port: number,
) {
  const client = new Client(INFO, options);
  const requestInit = { headers: { 'X-API-Key': KEYS.both } };
  const url = new URL(`http://127.0.0.1:${port}/mcp`);
  return { client, transport: new StreamableHTTPClientTransport(url, { requestInit }) };
}

/** Loaded late: on some machines they are not there. */
const LINES = {
  '1.x': (): Line => ({
    ...Object(requireTool('@modelcontextprotocol/sdk/client/index.js')),
    ...Object(requireTool('@modelcontextprotocol/sdk/client/streamableHttp.js')),
  }),
  '2.x': (): Line => Object(requireTool('@modelcontextprotocol/client')),
};

describeWith([NEEDS_TOOLS], 'the official client', () => {
  beforeAll(async () => {
    emulator = await startEmulator({ cancelMs: 0 });
    server = await startServer(settings());
  });
  beforeEach(async () => {
    await emulator.reset();
    emulator.addTasks([
      { id: TASK, state: 'running', engine: 'etl' },
      { id: 'done', state: 'failed', engine: 'etl' },
    ]);
  });
  afterAll(async () => {
    await server.stop();
    await emulator.close();
  });

  it.each([
    ['1.x', 'as it is', {}],
    ['2.x', 'as it is', {}],
    ['2.x', 'which finds out the version', { versionNegotiation: { mode: 'auto' } }],
    ['2.x', 'of 2026-07-28', { versionNegotiation: { mode: { pin: '2026-07-28' } } }],
  ] as const)('%s, %s: lists, looks and cancels', async (line, _, options) => {
    const { client, transport } = await connect(LINES[line](), options, server.port);
    await client.connect(transport);
    expect(client.getServerVersion()).toMatchObject({ name: 'dlc-task-gateway' });
    const { tools } = await client.listTools();
    expect(tools.map(({ name }) => name)).toEqual([
      'list_tasks',
      'get_task',
      'cancel_task',
      'cancel_tasks',
    ]);
    const call = (name: string, args: object) => client.callTool({ name, arguments: args });
    expect(await call('list_tasks', { state: 'active' })).toMatchObject({
      structuredContent: { tasks: [{ taskId: TASK }] },
    });
    expect(await call('cancel_task', { taskId: TASK })).toMatchObject({
      isError: false,
      structuredContent: { outcome: 'cancel_requested' },
    });
    expect(await call('get_task', { taskId: TASK })).toMatchObject({
      structuredContent: { state: 'cancelled' },
    });
    // A problem fits the output schema too: the client would refuse the result otherwise.
    expect(await call('cancel_task', { taskId: 'done' })).toMatchObject({
      isError: true,
      structuredContent: { code: 'task-already-finished', taskState: 'failed' },
    });
    expect(await call('cancel_tasks', { taskIds: [TASK, 'done'] })).toMatchObject({
      isError: false,
      structuredContent: { results: [{ outcome: 'already_cancelled' }, { status: 409 }] },
    });
    await client.close();
    expect([...emulator.stats().cancelled]).toEqual([TASK]);
  });

  it.each([
    ['accept', 'cancelled', [TASK]],
    ['decline', 'confirmation-required', []],
  ])('2.x asks the person, who says: %s', async (action, outcome, cancelled) => {
    const confirming = await startServer({ ...settings(), MCP_CONFIRM: 'on' });
    const options = {
      capabilities: { elicitation: { form: {} } },
      versionNegotiation: { mode: 'auto' },
    };
    const { client, transport } = await connect(LINES['2.x'](), options, confirming.port);
    const asked: string[] = [];
    client.setRequestHandler('elicitation/create', ({ params }) => {
      asked.push(params.message);
      return { action, ...(action === 'accept' && { content: {} }) };
    });
    await client.connect(transport);
    const result = await client.callTool({ name: 'cancel_task', arguments: { taskId: TASK } });
    expect(asked).toEqual([expect.stringContaining(TASK)]);
    expect(JSON.stringify(result.structuredContent)).toContain(
      outcome === 'cancelled' ? 'cancel_requested' : outcome,
    );
    expect([...emulator.stats().cancelled]).toEqual(cancelled);
    await client.close();
    await confirming.stop();
  });
});
