import { afterAll, beforeAll, beforeEach, expect } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

import { startDemo, type Demo } from './support/demo.ts';
import { itWith, type Need } from './support/needs.ts';

/** The examples that cancel one task, against `npm start`: what they say became of it, and when they repeat. */

const TASK = 'one-task';
const EXAMPLES: readonly (readonly [file: string, needs: Need[], ...command: string[]])[] = [
  ['cancel.js', [], process.execPath],
  ['cancel.py', ['python3'], 'python3', '-B'],
  ['cancel.go', ['go'], 'go', 'run'],
];

let demo: Demo;
let emulator = '';
let home = '';
beforeAll(async () => {
  home = await mkdtemp(path.join(tmpdir(), 'examples-'));
  demo = await startDemo({ EMULATOR_CANCEL_MS: '100' });
  emulator = `${demo.find(/emulator +(\S+)/)}/_emulator`;
});
afterAll(async () => {
  expect(await demo.end('SIGTERM')).toBe(0);
  await rm(home, { recursive: true });
});
beforeEach(() => control('/reset'));

const control = (way: string, body?: object): Promise<Response> =>
  fetch(emulator + way, { method: 'POST', ...(body && { body: JSON.stringify(body) }) });

const attempts = async (): Promise<unknown> =>
  Object(await (await fetch(`${emulator}/stats`)).json()).calls.CancelTask ?? 0;

interface Case {
  readonly name: string;
  readonly state?: string;
  readonly fault?: object;
  readonly key?: string;
  readonly says: string;
  readonly attempts: number;
}

const failed = { kind: 'code', code: 'FailedOperation' };
const CASES: readonly Case[] = [
  { name: 'what is accepted', says: 'cancelled', attempts: 1 },
  { name: 'what was cancelled', state: 'cancelled', says: 'cancelled', attempts: 1 },
  { name: 'what had ended', state: 'succeeded', says: 'succeeded', attempts: 1 },
  {
    name: 'what is refused for now, after Retry-After',
    fault: { kind: 'code', code: 'ResourceInUse' },
    says: 'cancelled',
    attempts: 2,
  },
  {
    name: 'what nobody knows, which took effect',
    fault: { ...failed, accept: true },
    says: 'cancelled',
    attempts: 1,
  },
  {
    name: 'what nobody knows, which did not take effect',
    fault: { ...failed, times: 'always' },
    says: 'not known to have ended: running',
    attempts: 1,
  },
  {
    name: 'what it may not do',
    key: 'another',
    says: 'not known to have ended: unauthenticated',
    attempts: 0,
  },
];

for (const [file, needs, program = '', ...args] of EXAMPLES) {
  const script = fileURLToPath(new URL(`../examples/${file}`, import.meta.url));
  for (const { name, state = 'running', fault, key, says, attempts: expected } of CASES) {
    itWith(
      needs,
      `${file} says what became of ${name}`,
      async () => {
        await control('/tasks', [{ id: TASK, state }]);
        if (fault) await control('/faults', { action: 'CancelTask', ...fault });
        const env = {
          PATH: process.env['PATH'],
          HOME: home,
          GOCACHE: path.join(tmpdir(), 'go'),
          GATEWAY_URL: demo.find(/gateway +(\S+)/),
          GATEWAY_API_KEY: key ?? demo.find(/X-API-Key: (\S+)'/),
        };
        const { code, said } = await run(program, [...args, script, TASK], env);
        expect([said, code, await attempts()]).toEqual([
          says,
          says === 'cancelled' ? 0 : 1,
          expected,
        ]);
      },
      60_000,
    );
  }
}

function run(
  program: string,
  args: string[],
  env: NodeJS.ProcessEnv,
): Promise<{ code: unknown; said: string }> {
  return new Promise((resolve) => {
    execFile(program, args, { env }, (error, stdout) =>
      resolve({ code: error?.code ?? 0, said: stdout.trim() }),
    );
  });
}
