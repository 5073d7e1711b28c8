import { execFileSync } from 'node:child_process';
import { cpSync, mkdirSync, readdirSync, readFileSync, type CopySyncOptions } from 'node:fs';
import path from 'node:path';

/** Copies of the project elsewhere, as a clone and `npm ci` make them, and what is built there. */

export const projectRoot = path.resolve(import.meta.dirname, '../..');

/** What a build is made of, beside what npm installs. */
const BUILT = ['config', 'emulator', 'scf_bootstrap', 'scripts', 'src', 'tsconfig.json'];
/** What the package has as it is, and where the version stands. */
const PACKED = ['README.md', 'CHANGELOG.md', 'LICENSE', 'deploy', 'docs', 'playground'];
export const SOURCES = ['package-lock.json', 'package.json', ...BUILT];
/** Heavy, and no part of a build. */
const UNUSED = new Set(['typescript', '@typescript', '@swc', '@babel', '@jest', '@types', 'jest']);

export function checkOut(folder: string): void {
  mkdirSync(folder, { recursive: true });
  const copy = (name: string, options: CopySyncOptions = {}): void =>
    cpSync(path.join(projectRoot, name), path.join(folder, name), { recursive: true, ...options });
  for (const name of [...SOURCES, ...PACKED]) copy(name);
  const modules = path.join(projectRoot, 'node_modules');
  const isUsed = (file: string): boolean => !UNUSED.has(path.relative(modules, file));
  copy('node_modules', { filter: isUsed, verbatimSymlinks: true });
}

/** Runs one of the commands there, with no more environment than is given. */
export function runIn(
  folder: string,
  command: string,
  env: Record<string, string> = {},
  umask = '022',
): void {
  const line = `umask ${umask}; exec "$0" --import tsx scripts/main.ts ${command}`;
  execFileSync('/bin/sh', ['-c', line, process.execPath], {
    cwd: folder,
    env: { PATH: process.env['PATH'], ...env },
    stdio: 'pipe',
  });
}

/** Every file beneath a folder, by its name from there. */
export function filesIn(folder: string): Map<string, Buffer> {
  const found = readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => path.join(entry.parentPath, entry.name))
    .toSorted();
  return new Map(found.map((file) => [path.relative(folder, file), readFileSync(file)]));
}
