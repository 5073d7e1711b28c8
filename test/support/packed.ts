import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll } from '@jest/globals';

import { projectRoot } from './checkout.ts';

let made: Promise<string> | undefined;

/**
 * Builds and packs the current sources, once for each test file.
 *
 * @returns a folder with the contents of `dist/`, removed after the tests
 */
export function packed(): Promise<string> {
  made ??= make();
  return made;
}

async function make(): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'dlc-packed-'));
  const script = `
    import { bundle, root } from './scripts/build/bundle.ts';
    import { makePackages } from './scripts/build/package.ts';
    const folder = ${JSON.stringify(folder)};
    await makePackages(root, folder, await bundle(folder));`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  await promisify(execFile)(process.execPath, args, { cwd: projectRoot });
  return folder;
}

afterAll(async () => {
  if (made) rmSync(await made, { recursive: true, force: true });
});
