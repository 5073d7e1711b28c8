import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { startServer, type ListeningServer } from '../support/processes.ts';
import { readDocument } from '../support/documents.ts';

/** The recipes of docs/agents.md: what a client makes of each is a request that the gateway answers. */

const recipes = readDocument('docs/agents.md').blocks.filter(({ language }) => language === 'json');

interface Entry {
  readonly type?: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string>>;
}

describe('a recipe', () => {
  let emulator: Emulator;
  let server: ListeningServer;
  beforeAll(async () => {
    emulator = await startEmulator();
    const PUBLIC_URL = 'https://gateway.example.org';
    server = await startServer({ ...settingsFor(emulator), MCP: 'on', PUBLIC_URL });
  });
  afterAll(async () => {
    await server.stop();
    await emulator.close();
  });

  it('is there for three clients', () => {
    expect(recipes.map(({ heading }) => heading)).toEqual([
      'Claude Code',
      'Visual Studio Code',
      'Cursor',
    ]);
  });

  it.each(recipes)('$heading: may call, with the key in place of its name', async ({ text }) => {
    const { mcpServers, servers, inputs = [] } = JSON.parse(text);
    const { dlc }: { dlc: Entry } = mcpServers ?? servers;
    const [, name = ''] = /^\$\{(?:\w+:)?([\w-]+)\}$/.exec(dlc.headers['X-API-Key'] ?? '') ?? [];
    if (inputs.length > 0) expect(inputs).toEqual([expect.objectContaining({ id: name })]);
    else expect(name).toBe('DLC_GATEWAY_KEY');
    const url = dlc.url.replace('https://gateway.example.org', `http://127.0.0.1:${server.port}`);
    const headers = { 'X-API-Key': KEYS.both, 'Content-Type': 'application/json' };
    expect(Object.keys(dlc.headers)).toEqual(['X-API-Key']);
    const body = JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'initialize', params: {} });
    const response = await fetch(url, { method: 'POST', headers, body });
    expect(response.status).toBe(200);
  });
});
