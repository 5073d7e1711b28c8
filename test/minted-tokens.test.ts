import { execFileSync } from 'node:child_process';

import { afterAll, beforeAll, describe, expect } from '@jest/globals';

import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { itWith, type Need } from './support/needs.ts';
import { jwtIssuer, startGateway, TOKEN_SECRET } from './support/three-callers.ts';

/** The examples that make a token for one task, in each language, against the gateway. */

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 1e6 });
});
afterAll(() => emulator.close());

const MINTS: readonly (readonly [string, readonly Need[], string, string])[] = [
  ['Node', [], process.execPath, 'examples/mint-token.js'],
  ['Python', ['python3'], 'python3', 'examples/mint_token.py'],
];

describe.each(MINTS)('a token made in %s', (_language, needs, command, script) => {
  itWith(needs, 'is good to poll and to cancel its task, and no other', async () => {
    emulator.addTasks([
      { id: 'mine', state: 'running' },
      { id: 'other', state: 'running' },
    ]);
    const env = { PATH: process.env['PATH'], GATEWAY_JWT_SECRET: TOKEN_SECRET };
    const token = execFileSync(command, [script, 'mine', 'alice'], { env }).toString().trim();
    const gateway = startGateway(emulator.port, { JWT_ISSUERS: JSON.stringify([jwtIssuer()]) });
    const send = async (method: string, task: string): Promise<number> =>
      (await gateway.send(method, `/tasks/${task}`, [['Authorization', `Bearer ${token}`]])).status;
    expect(await send('GET', 'mine')).toBe(200);
    expect(await send('DELETE', 'mine')).toBe(202);
    expect(await send('GET', 'mine')).toBe(200);
    expect(await send('GET', 'other')).toBe(403);
    expect(await send('DELETE', 'other')).toBe(403);
  });
});
