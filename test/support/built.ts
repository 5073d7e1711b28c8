import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

/** The bundles that are shipped, made afresh from what the sources are now. */

const root = path.resolve(import.meta.dirname, '../..');
/** Far from any `node_modules`, which the bundles must not need. */
const cache = path.join(tmpdir(), `dlc-task-gateway-built-${userInfo().uid}`);

/** What the bundles are made of. */
const SOURCES = ['src', 'scripts/openapi', 'scripts/build', 'package.json', 'package-lock.json'];

/**
 * Builds, unless the same sources have been built already: jest's workers share what one of them made.
 *
 * @returns the directory that `function.js` and `server.js` are in
 */
export async function built(): Promise<string> {
  const target = path.join(cache, await digestOfSources());
  if (existsSync(target)) return target;
  const made = path.join(cache, `making-${randomUUID()}`);
  const script = `import { bundle } from './scripts/build/bundle.ts'; await bundle(${JSON.stringify(made)});`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  // The second process finds the directory there, with the same in it.
  await rename(made, target).catch(() => rm(made, { recursive: true }));
  await forgetOlder(target);
  return target;
}

/** Removes what earlier sources were built to, but not what a run may still use that began with them. */
async function forgetOlder(target: string): Promise<void> {
  for (const name of await readdir(cache)) {
    const directory = path.join(cache, name);
    const made = await stat(directory).catch(() => undefined);
    const isOld = made !== undefined && Date.now() - made.mtimeMs > 3_600_000;
    if (directory !== target && isOld) await rm(directory, { recursive: true, force: true });
  }
}

/** What a function gives back to its platform. */
export interface BuiltAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

async function digestOfSources(): Promise<string> {
  const hash = createHash('sha256');
  for (const source of SOURCES) {
    for (const file of await filesOf(source)) hash.update(`${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(source: string): Promise<string[]> {
  const full = path.join(root, source);
  if (path.extname(full) !== '') return [full];
  const entries = await readdir(full, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}
