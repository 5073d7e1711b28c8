import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../../emulator/emulator.ts';
import {
  agentOf,
  errorOf,
  MODERN_META,
  NEW,
  OLD,
  resultOf,
  startAgent,
  type Agent,
} from '../support/agents.ts';
import { onEmulator } from '../support/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { startInProcess } from '../support/in-process.ts';
import { startServer } from '../support/processes.ts';
import { KEY, keyEntry, PUBLIC_URL } from '../support/three-callers.ts';

/** `POST /mcp` by hand: the message and its forms, in both eras. */

let emulator: Emulator;
let agent: Agent;
onEmulator({ id: 'a-task', state: 'running', engine: 'mine' }, (started) => {
  emulator = started;
  agent = startAgent(emulator.port);
});

const message = (members: object): string =>
  JSON.stringify({ jsonrpc: '2.0', id: 7, method: 'tools/list', ...members });

describe('until 2026', () => {
  it.each([
    [OLD, OLD],
    ['2025-06-18', '2025-06-18'],
    ['2024-11-05', OLD],
    [NEW, OLD],
    [undefined, OLD],
  ])('initialize with %s is answered with %s', async (protocolVersion, expected) => {
    const response = await agent.old({ method: 'initialize', params: { protocolVersion } });
    expect(response).toMatchObject({ status: 200, body: { jsonrpc: '2.0', id: 1 } });
    expect(resultOf(response)).toEqual({
      protocolVersion: expected,
      capabilities: { tools: {} },
      serverInfo: { name: 'dlc-task-gateway', version: expect.stringMatching(/^\d+\.\d+\.\d+$/) },
      instructions: expect.any(String),
    });
    expect(response.headers['Mcp-Session-Id']).toBeUndefined();
  });

  it('has a ping, and accepts notifications without an answer', async () => {
    expect(resultOf(await agent.old({ method: 'ping', id: 'x' }))).toEqual({});
    const response = await agent.raw('{"jsonrpc":"2.0","method":"notifications/initialized"}');
    expect(response).toMatchObject({ status: 202, text: '' });
  });

  it('does not know server/discover', async () => {
    expect(errorOf(await agent.old({ method: 'server/discover' }))).toEqual({
      status: 200,
      code: -32_601,
    });
  });

  it('refuses a version in the header that it does not speak', async () => {
    const headers = { 'mcp-protocol-version': '1999-01-01' };
    const response = await agent.old({ method: 'tools/list', headers });
    expect(response).toMatchObject({
      status: 400,
      body: {
        error: {
          code: -32_022,
          data: { supported: [NEW, OLD, '2025-06-18'], requested: '1999-01-01' },
        },
      },
    });
  });
});

describe('since 2026-07-28', () => {
  it('discovers', async () => {
    const response = await agent.modern({ method: 'server/discover' });
    expect(resultOf(response)).toEqual({
      resultType: 'complete',
      supportedVersions: [NEW, OLD, '2025-06-18'],
      capabilities: { tools: {} },
      instructions: expect.any(String),
      ttlMs: expect.any(Number),
      cacheScope: 'public',
      _meta: {
        'io.modelcontextprotocol/serverInfo': {
          name: 'dlc-task-gateway',
          version: expect.any(String),
        },
      },
    });
  });

  it.each(['initialize', 'ping', 'prompts/list', 'constructor'])('has no %s', async (method) => {
    expect(errorOf(await agent.modern({ method }))).toEqual({ status: 404, code: -32_601 });
  });

  it.each([
    ['no _meta', {}],
    ['no version', { _meta: { 'io.modelcontextprotocol/clientCapabilities': {} } }],
    ['no capabilities', { _meta: { 'io.modelcontextprotocol/protocolVersion': NEW } }],
    [
      'a version that is no text',
      { _meta: { ...MODERN_META(), 'io.modelcontextprotocol/protocolVersion': 1 } },
    ],
  ])('refuses %s', async (_, params) => {
    const headers = { 'mcp-protocol-version': NEW, 'mcp-method': 'tools/list' };
    const response = await agent.raw(message({ params }), headers);
    expect(errorOf(response)).toEqual({ status: 400, code: -32_602 });
    expect(response.body['id']).toBe(7);
  });

  it.each([
    ['another version', { 'mcp-protocol-version': OLD }],
    ['no version', { 'mcp-protocol-version': '' }],
    ['another method', { 'mcp-method': 'tools/list' }],
    ['the method in another case', { 'mcp-method': 'TOOLS/CALL' }],
    ['no method', { 'mcp-method': '' }],
    ['another name', { 'mcp-name': 'cancel_task' }],
    ['no name', { 'mcp-name': '' }],
    ['a name in broken Base64', { 'mcp-name': '=?base64?bGlzdF90YXNrcw?=' }],
  ])('refuses a header with %s', async (_, headers) => {
    const params = { name: 'list_tasks', arguments: {} };
    const response = await agent.modern({ method: 'tools/call', params, headers });
    expect(errorOf(response)).toEqual({ status: 400, code: -32_020 });
  });

  it.each([' list_tasks ', '=?base64?bGlzdF90YXNrcw==?='])(
    'understands the name "%s"',
    async (name) => {
      const params = { name: 'list_tasks', arguments: {} };
      const headers = { 'mcp-name': name };
      const response = await agent.modern({ method: 'tools/call', params, headers });
      expect(resultOf(response).isError).toBe(false);
    },
  );

  it.each(['2027-01-01', 'v999', OLD])('refuses the version %s', async (version) => {
    const meta = { ...MODERN_META(), 'io.modelcontextprotocol/protocolVersion': version };
    const headers = { 'mcp-protocol-version': version, 'mcp-method': 'tools/list' };
    const response = await agent.raw(message({ params: { _meta: meta } }), headers);
    expect(response).toMatchObject({
      status: 400,
      body: {
        id: 7,
        error: { code: -32_022, data: { supported: [NEW, OLD, '2025-06-18'], requested: version } },
      },
    });
  });

  it('accepts a notification, and does nothing for it', async () => {
    const params = { name: 'cancel_task', arguments: { taskId: 'a-task' }, _meta: MODERN_META() };
    const body = JSON.stringify({ jsonrpc: '2.0', method: 'tools/call', params });
    const headers = {
      'mcp-protocol-version': NEW,
      'mcp-method': 'tools/call',
      'mcp-name': 'cancel_task',
    };
    expect(await agent.raw(body, headers)).toMatchObject({ status: 202, text: '' });
    expect(emulator.requests()).toEqual([]);
  });
});

describe.each([
  ['no JSON', '{', -32_700],
  ['nothing', '', -32_700],
  ['a batch', `[${message({})}]`, -32_600],
  ['an empty batch', '[]', -32_600],
  ['a text', '"x"', -32_600],
  ['null', 'null', -32_600],
  ['another version of JSON-RPC', message({ jsonrpc: '1.0' }), -32_600],
  ['no method', message({ method: undefined }), -32_600],
  ['a method that is no text', message({ method: 1 }), -32_600],
  ['an id that is null', message({ id: null }), -32_600],
  ['an id that is a fraction', message({ id: 1.5 }), -32_600],
  ['an id that is an object', message({ id: {} }), -32_600],
  ['params that are a list', message({ params: [] }), -32_600],
  ['params that are null', message({ params: null }), -32_600],
  ['a response', '{"jsonrpc":"2.0","id":1,"result":{}}', -32_600],
])('%s', (_, body, code) => {
  it('is refused in both eras', async () => {
    expect(errorOf(await agent.raw(body))).toEqual({ status: 400, code });
    const headers = { 'mcp-protocol-version': NEW, 'mcp-method': 'tools/list' };
    expect(errorOf(await agent.raw(body, headers))).toEqual({ status: 400, code });
  });
});

it('keeps to POST and to JSON', async () => {
  const { gateway } = agent;
  for (const method of ['GET', 'DELETE'] as const) {
    const response = await gateway.call(method, '/mcp');
    expect(response).toMatchObject({ status: 405, headers: { Allow: 'POST, OPTIONS' } });
  }
  const form = { 'content-type': 'text/plain' };
  expect(await agent.raw(message({}), form)).toMatchObject({
    status: 415,
    body: { code: 'unsupported-media-type' },
  });
});

it('takes 64 KiB, and no byte more', async () => {
  const server = await startServer({ ...settingsFor(emulator), MCP: 'on', PUBLIC_URL });
  const fitting = message({ method: 'ping' }).padEnd(64 * 1024);
  const statuses = [fitting, `${fitting} `].map(async (body) => {
    const headers = { 'X-API-Key': KEYS.both, 'Content-Type': 'application/json' };
    const url = `http://127.0.0.1:${server.port}/mcp`;
    return (await fetch(url, { method: 'POST', headers, body })).status;
  });
  expect(await Promise.all(statuses)).toEqual([200, 413]);
  await server.stop();
});

it('is misconfigured without the document, which has the tools', async () => {
  const env = { API_KEYS: JSON.stringify([keyEntry(KEY)]), MCP: 'on', PUBLIC_URL };
  const readDocument = (): string => {
    throw new Error('there is no such file');
  };
  const without = agentOf(startInProcess({ port: emulator.port, env, readDocument }));
  expect(await without.old({ method: 'initialize' })).toMatchObject({
    status: 500,
    body: { code: 'gateway-misconfigured' },
  });
});

it('is not there without MCP=on', async () => {
  const { gateway } = startAgent(emulator.port, { MCP: 'off' });
  const metadata = '/.well-known/oauth-protected-resource';
  for (const path of [metadata, `${metadata}/mcp`, '/mcp']) {
    expect((await gateway.call('GET', path)).status).toBe(404);
  }
  expect(await gateway.send('POST', '/mcp')).toMatchObject({ status: 404 });
});
