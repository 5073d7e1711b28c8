import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { promisify } from 'node:util';

/** The bundles that are shipped, made afresh from what the sources are now. */

const root = path.resolve(import.meta.dirname, '../..');
const cache = path.join(root, 'node_modules', '.cache', 'built-for-tests');

/** What the bundles are made of. */
const SOURCES = ['src', 'scripts/support/bundle.ts', 'scripts/stubs', 'package-lock.json'];

/**
 * Builds, unless the same sources have been built already: jest's workers share what one of them made.
 *
 * @returns the directory that `function.js` and `server.js` are in
 */
export async function built(): Promise<string> {
  const target = path.join(cache, await digestOfSources());
  if (existsSync(target)) return target;
  const made = path.join(cache, `making-${randomUUID()}`);
  const script = `import { bundle } from './scripts/support/bundle.ts'; await bundle(${JSON.stringify(made)});`;
  const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
  await promisify(execFile)(process.execPath, args, { cwd: root });
  // Whoever comes second finds the directory there, with the same in it.
  await rename(made, target).catch(() => rm(made, { recursive: true }));
  return target;
}

export type Handler = (event: unknown, context?: unknown) => Promise<BuiltAnswer>;

/** What a function gives back to its platform. */
export interface BuiltAnswer {
  readonly statusCode: number;
  readonly headers?: Readonly<Record<string, string>>;
  readonly multiValueHeaders?: Readonly<Record<string, readonly string[]>>;
  readonly body: string;
  readonly isBase64Encoded: boolean;
}

/** Loads `function.js` as a platform does: with `require`, once in a process. */
export async function requireFunction(): Promise<{ main_handler: Handler; handler: Handler }> {
  const directory = await built();
  return createRequire(import.meta.url)(path.join(directory, 'function.js'));
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
