import { execFile } from 'node:child_process';
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, readFile, rename, rm, stat } from 'node:fs/promises';
import { tmpdir, userInfo } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';

import { build, stop, type Plugin } from 'esbuild';

/** What is shipped, and the commands, made afresh from what the sources are now: once, for all of jest's workers. */

const root = path.resolve(import.meta.dirname, '../..');
/** Far from any `node_modules`, which the bundles must not need. */
const cache = path.join(tmpdir(), `dlc-task-gateway-built-${userInfo().uid}`);

/** What the bundles and packages are made of. */
const SOURCES = ['src', 'scripts/openapi', 'scripts/build', 'config', 'scf_bootstrap'];

/** @returns a folder with the contents of `dist/`, to be read only */
export async function built(): Promise<string> {
  return madeOnce(cache, SOURCES, async (folder) => {
    const script = `
      import { bundle } from './scripts/build/bundle.ts';
      import { makePackages } from './scripts/build/package.ts';
      const folder = ${JSON.stringify(folder)};
      await makePackages(folder, await bundle(folder));`;
    const args = ['--import', 'tsx', '--input-type=module', '--eval', script];
    await promisify(execFile)(process.execPath, args, { cwd: root });
  });
}

/**
 * `scripts/main.ts` and all that it imports, packages too, as one program: it starts in a fifth of the time that tsx takes.
 * That `npm run` starts the same by tsx is tested with real npm.
 *
 * @returns the file to run
 */
export async function builtCommands(): Promise<string> {
  // Beneath the project, where it finds the packages that it does not contain.
  const beside = path.join(root, '.tmp', 'commands');
  const sources = ['src', 'scripts', 'emulator'];
  return path.join(await madeOnce(beside, sources, bundleCommands), 'main.mjs');
}

async function bundleCommands(outdir: string): Promise<void> {
  await build({
    absWorkingDir: root,
    entryPoints: ['scripts/main.ts'],
    outdir,
    outExtension: { '.js': '.mjs' },
    bundle: true,
    splitting: true,
    platform: 'node',
    target: 'node20.19',
    format: 'esm',
    external: ['esbuild'],
    // What is CommonJS requires Node's own modules.
    banner: {
      js: `import * as nodeModule from 'node:module'; const require = nodeModule.createRequire(import.meta.url);`,
    },
    plugins: [inPlace],
    logLevel: 'warning',
  });
  await stop();
}

/** The sources find what lies beside them, although they are in a bundle elsewhere. */
const inPlace: Plugin = {
  name: 'in place',
  setup(building) {
    building.onLoad({ filter: /\.ts$/ }, async ({ path: file }) => {
      const source = await readFile(file, 'utf8');
      const where = { url: pathToFileURL(file).href, dirname: path.dirname(file) };
      // Not in a text, which has it for a bundle of its own.
      const contents = source.replaceAll(/(?<!')import\.meta\.(url|dirname)/g, (_, name) =>
        JSON.stringify(name === 'url' ? where.url : where.dirname),
      );
      return { contents, loader: 'ts' };
    });
  },
};

/** Makes a folder of these sources, unless it is there already. */
async function madeOnce(
  folder: string,
  sources: readonly string[],
  make: (made: string) => Promise<void>,
): Promise<string> {
  const target = path.join(
    folder,
    await digestOf([...sources, 'package.json', 'package-lock.json']),
  );
  if (existsSync(target)) return target;
  const made = path.join(folder, `making-${randomUUID()}`);
  await make(made);
  // The second process finds the folder there, with the same in it.
  await rename(made, target).catch(() => rm(made, { recursive: true }));
  await forgetOlder(folder, target);
  return target;
}

/** Removes what earlier sources were built to, but not what a run may still use that began with them. */
async function forgetOlder(folder: string, target: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const directory = path.join(folder, name);
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

async function digestOf(sources: readonly string[]): Promise<string> {
  const hash = createHash('sha256');
  for (const source of sources) {
    for (const file of await filesOf(source)) hash.update(`${file}\0`).update(await readFile(file));
  }
  return hash.digest('hex').slice(0, 16);
}

async function filesOf(source: string): Promise<string[]> {
  const full = path.join(root, source);
  if ((await stat(full)).isFile()) return [full];
  const entries = await readdir(full, { recursive: true, withFileTypes: true });
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
}
