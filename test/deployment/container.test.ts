import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { projectRoot, SOURCES } from '../support/checkout.ts';
import { settingsFor } from '../support/gateway.ts';
import { send } from '../support/http-client.ts';
import { built } from '../support/built.ts';
import { run, whenListening } from '../support/processes.ts';

/** The Dockerfile, as far as it can be tried without an engine: what it copies, and what it starts. */

const lines = readFileSync(path.join(projectRoot, 'Dockerfile'), 'utf8')
  .replaceAll(/\\\n\s*/g, '')
  .split('\n');
const after = (word: string): string[] =>
  lines.filter((line) => line.startsWith(`${word} `)).map((line) => line.slice(word.length + 1));

/** A command in the exec form, which is a JSON array. */
const command = (text = ''): string[] => JSON.parse(text.slice(text.indexOf('[')));

let emulator: Emulator;
beforeAll(async () => {
  emulator = await startEmulator({ cancelMs: 0 });
});
afterAll(() => emulator.close());

describe('the Dockerfile', () => {
  it('copies only what is there, and .dockerignore lets through', () => {
    const ignored = readFileSync(path.join(projectRoot, '.dockerignore'), 'utf8').split('\n');
    const sent = ignored.filter((line) => line.startsWith('!')).map((line) => line.slice(1));
    expect(ignored.find((line) => line !== '' && !line.startsWith('#'))).toBe('*');
    const [manifest = '', everything] = after('COPY');
    expect(everything).toBe('. .');
    expect(sent).toEqual(expect.arrayContaining(manifest.split(' ').slice(0, -1)));
    // What a build needs: the tests of the packages build from these alone.
    expect(sent).toEqual(expect.arrayContaining([...SOURCES]));
    expect(sent.filter((name) => !existsSync(path.join(projectRoot, name)))).toEqual([]);
  });

  it('runs what the build makes, as nobody in particular, on the same Node throughout', () => {
    expect(after('COPY').at(-1)).toBe('--from=build /build/dist/web ./');
    expect(after('USER')).toEqual(['10001:10001']);
    expect(after('FROM')).toEqual(['node:24-slim AS build', 'node:24-slim']);
  });

  it('starts a server that writes no file, and tells whether it is well', async () => {
    const folder = path.join(await built(), 'web');
    const [node, script = ''] = command(after('CMD')[0]);
    const check = command(lines.find((line) => line.startsWith('HEALTHCHECK'))?.split('CMD')[1]);
    expect([node, check[0]]).toEqual(['node', 'node']);
    // Node's own permissions stand in for a read-only root: nothing may be written anywhere.
    const flags = process.allowedNodeEnvironmentFlags;
    const permission = flags.has('--permission') ? '--permission' : '--experimental-permission';
    const args = [permission, '--allow-fs-read=*', path.join(folder, script)];
    const env = { HOST: '127.0.0.1', PORT: '0', ...settingsFor(emulator) };
    const server = await whenListening(run(env, args));
    const isWell = async (): Promise<boolean> => {
      const port = { PATH: process.env['PATH'], PORT: String(server.port) };
      const asked = promisify(execFile)(process.execPath, check.slice(1), { env: port });
      return asked.then(
        () => true,
        () => false,
      );
    };
    expect(await send(server.port, { path: '/tasks/a' })).toMatchObject({ status: 401 });
    expect(await isWell()).toBe(true);
    expect(await server.stop()).toBe(0);
    expect(await isWell()).toBe(false);
  });
});
