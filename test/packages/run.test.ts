import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { built } from '../support/built.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { send } from '../support/http-client.ts';
import { run, startFunction, whenListening } from '../support/processes.ts';
import { unpack } from '../support/zip-file.ts';

/**
 * The zips, unpacked into an empty folder and started as a platform starts them: on this Node, and in CI
 * on the others that platforms have. `OTHER_NODES=22,24` asks for those elsewhere.
 */
const inCi = Boolean(process.env['CI']);
const asked = process.env['OTHER_NODES'] ?? (inCi ? '20,22,24' : '');
const NODES = ['this one', ...asked.split(',').filter((version) => /^\d+$/.test(version))];

/** Where a Node of this version is, from the registry's package `node`; undefined where it cannot be had. */
async function pathOf(version: string): Promise<string | undefined> {
  if (version === 'this one') return process.execPath;
  const args = ['--yes', `node@${version}`, '-p', 'process.execPath'];
  try {
    const { stdout } = await promisify(execFile)('npx', args, { cwd: tmpdir() });
    return stdout.trim();
  } catch {
    if (inCi) throw new Error(`node@${version} cannot be had from the registry`);
    process.stderr.write(`Not tried on Node ${version}: the registry does not give it.\n`);
    return undefined;
  }
}

const nodes = await Promise.all(NODES.map(async (name) => ({ name, node: await pathOf(name) })));

let emulator: Emulator;
const folders: string[] = [];
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0, rate: 100_000 });
});
afterAll(() => emulator.close());
afterEach(async () => {
  await emulator.reset();
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
});

async function unpacked(zip: string): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'dlc-unpacked-'));
  folders.push(folder);
  unpack(readFileSync(path.join(await built(), zip)), folder);
  return folder;
}

const request = {
  httpMethod: 'DELETE',
  path: '/tasks/a',
  headers: { 'x-api-key': KEYS.both },
  queryString: {},
  body: '',
};
const lambdaRequest = {
  version: '2.0',
  rawPath: '/tasks/a',
  rawQueryString: '',
  headers: request.headers,
  requestContext: { http: { method: 'DELETE', path: '/tasks/a' }, stage: '$default' },
  isBase64Encoded: false,
};

/** Ends what a script may have left behind. */
function killGroup(leader: number | undefined): void {
  if (leader === undefined) return;
  try {
    process.kill(-leader, 'SIGKILL');
  } catch {
    // Nothing was left.
  }
}

describe.each(nodes.filter(({ node }) => node !== undefined))(
  'on Node: $name',
  ({ name, node }) => {
    it('is the Node that was asked for', async () => {
      const { stdout } = await promisify(execFile)(node ?? '', ['--version']);
      expect(stdout).toMatch(name === 'this one' ? process.version : new RegExp(`^v${name}\\.`));
    });

    it('function.zip answers SCF and Lambda', async () => {
      const settings = settingsFor(emulator);
      const fn = await startFunction(settings, {
        folder: await unpacked('function.zip'),
        ...(node && { node }),
      });
      try {
        for (const [exported, event] of [
          ['main_handler', request],
          ['handler', lambdaRequest],
        ] as const) {
          await emulator.reset();
          emulator.addTasks({ id: 'a', state: 'running' });
          const response = await fn.invoke(event, { getRemainingTimeInMillis: 'none' }, exported);
          expect(response).toMatchObject({ statusCode: 202 });
          expect(JSON.parse(response.body)).toMatchObject({ outcome: 'cancel_requested' });
          expect(emulator.stats().cancelled).toEqual(['a']);
        }
        expect(fn.output.stderr).toBe('');
      } finally {
        await fn.stop();
      }
    });

    it('web.zip serves, started by scf_bootstrap, and ends when SCF says so', async () => {
      emulator.addTasks({ id: 'a', state: 'running' });
      const command = path.join(await unpacked('web.zip'), 'scf_bootstrap');
      // The one thing that is not as on SCF: where Node is.
      const script = readFileSync(command, 'utf8');
      writeFileSync(command, script.replace('/var/lang/node24/bin/node', node ?? ''));
      const env = { HOST: '127.0.0.1', PORT: '0', ...settingsFor(emulator) };
      const server = await whenListening(run(env, [], { command, detached: true }));
      const exited = once(server.child, 'exit');
      try {
        const response = await send(server.port, {
          method: 'DELETE',
          path: '/tasks/a',
          headers: { 'X-API-Key': KEYS.both },
        });
        expect(response).toMatchObject({ status: 202, body: { outcome: 'cancel_requested' } });
        server.child.kill('SIGTERM');
        expect(await exited).toEqual([0, null]);
        expect(server.output.stderr).toBe('');
      } finally {
        killGroup(server.child.pid);
      }
    });
  },
);
