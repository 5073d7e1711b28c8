import { execFile } from 'node:child_process';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { readCache, sealCache } from '../../src/lib/code-cache.ts';
import { root } from './bundle.ts';

/**
 * Makes V8's code cache for a bundle of the function: a process of its own loads it, cancels a task of the emulator, and
 * writes what V8 has compiled until then. It fits the Node that runs this.
 *
 * @param before where a build before may have left one: V8 never makes the same bytes twice, and what still fits stays
 *   the same, so that a deployment sees that nothing has changed
 * @returns the sealed cache (`src/lib/code-cache.ts`)
 */
export async function makeCodeCache(bundle: string, before: string): Promise<Buffer> {
  if (readCache(await readFile(bundle), before)) return readFile(before);
  const folder = await mkdtemp(path.join(tmpdir(), 'dlc-code-cache-'));
  try {
    const out = path.join(folder, 'cache');
    const warmUp = path.join(root, 'scripts/build/warm-up.ts');
    const args = ['--import', 'tsx', warmUp, bundle, out];
    // Nothing of this shell: its settings, its credentials and its flags are not to be in the cache.
    await promisify(execFile)(process.execPath, args, { cwd: root, env: {} });
    return sealCache(await readFile(bundle), await readFile(out));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}
