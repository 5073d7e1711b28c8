import { execFile } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { afterAll } from '@jest/globals';

import { projectRoot } from './checkout.ts';

/** What `npm run build` makes of the sources as they are now, in a folder that goes with the tests. */
const made = new Map<boolean, Promise<string>>();

/** @returns the folder that would be `dist/` */
export function packed({ codeCache = false } = {}): Promise<string> {
  const folder = made.get(codeCache) ?? make(codeCache);
  made.set(codeCache, folder);
  return folder;
}

async function make(codeCache: boolean): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'dlc-packed-'));
  const script = `
    import { bundle, root } from './scripts/build/bundle.ts';
    import { makePackages } from './scripts/build/package.ts';
    const folder = ${JSON.stringify(folder)};
    await makePackages(root, folder, await bundle(folder), { codeCache: ${codeCache} });`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  await promisify(execFile)(process.execPath, args, { cwd: projectRoot });
  return folder;
}

afterAll(async () => {
  for (const folder of made.values()) rmSync(await folder, { recursive: true, force: true });
});
