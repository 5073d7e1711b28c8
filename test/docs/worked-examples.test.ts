import { afterAll, beforeAll, expect, it, jest } from '@jest/globals';
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import path from 'node:path';
import { promisify } from 'node:util';

import { readDocument } from '../support/documents.ts';
import { hasProgram } from '../support/paste.ts';
import { makeWorkingCopy, type WorkingCopy } from '../support/working-copy.ts';

/** The three changes of `CONTRIBUTING.md`, made in a copy: they apply, compile, and their tests pass. */

// Builds, copies and servers, on a machine that may have more to do.
jest.setTimeout(120_000);

const examples = readDocument('CONTRIBUTING.md').blocks.filter(
  ({ language }) => language === 'diff',
);
const whereGitIs = hasProgram('git') ? it : it.skip;

let copy: WorkingCopy;
beforeAll(() => {
  copy = makeWorkingCopy();
});
afterAll(() => copy.remove());

async function run(command: string, ...args: string[]): Promise<void> {
  const ran = promisify(execFile)(command, args, { cwd: copy.folder });
  await ran.catch(({ stdout, stderr }: { stdout: string; stderr: string }) => {
    throw new Error(`${command} ${args.join(' ')}:\n${stdout}${stderr}`);
  });
}

it('are three', () => {
  expect(examples.map(({ heading }) => heading)).toEqual([
    'A route',
    'An error code',
    'An event family',
  ]);
});

whereGitIs.each(examples)('$heading can be applied', async ({ text }) => {
  writeFileSync(path.join(copy.folder, 'example.diff'), `${text}\n`);
  await run('git', 'apply', 'example.diff');
});

whereGitIs('all three compile, and their tests pass', async () => {
  const bin = (name: string): string => path.join('node_modules', '.bin', name);
  await run(bin('tsc'), '-p', '.');
  const flags = ['--experimental-vm-modules', 'node_modules/jest/bin/jest.js'];
  const those = ['test/regions', 'test/lib/dlc/errors', 'test/problem-pages', 'test/docs/tables'];
  await run(process.execPath, ...flags, ...those, 'test/lib/http/events', 'test/function');
});
