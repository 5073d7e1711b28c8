import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';

/**
 * Where the project's files are. In a checkout this module is in `scripts/`; in the installed package it is a part of
 * `dist/cli.js`. Both are one folder below the root.
 */
export const root = path.resolve(import.meta.dirname, '..');

/** Where `npm run build` puts what it makes. */
export const DIST = path.join(root, 'dist');

/** In the package, `dist/` is complete: there is nothing to build from. */
export const isCheckout = path.basename(import.meta.dirname) === 'scripts';

/**
 * What `@path` settings are relative to: in a checkout the bundles, beside which the build puts `config/`; in the package
 * the folder where the command runs.
 */
export const settingsBase = isCheckout ? DIST : process.cwd();

/** A file of the project; for the package, one in the folder where the command runs comes first. */
export function projectFile(name: string): string {
  const [own, ours] = [path.resolve(name), path.resolve(root, name)];
  return isCheckout || (existsSync(ours) && !existsSync(own)) ? ours : own;
}

export const { version }: { readonly version: string } = JSON.parse(
  readFileSync(path.join(root, 'package.json'), 'utf8'),
);
