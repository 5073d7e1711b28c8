import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import type { Metafile } from 'esbuild';

import { badData } from '../cli/command-line.ts';

/** A package of which at least a byte is in a bundle. */
export interface BundledPackage {
  /** Where it is installed, such as `node_modules/@middy/core`: its key in the lock file, too. */
  readonly folder: string;
  readonly name: string;
  readonly version: string;
  /** An SPDX identifier or expression. */
  readonly license: string;
  /** The text of its licence, and of its notice where it has one. */
  readonly text: string;
  /** Of what the registry serves, as the lock file has it: `sha512-` and base64. */
  readonly integrity: string;
  /** Folders of bundled packages that it imports. */
  readonly imports: readonly string[];
}

/** Licences of packages that ship none, by exact version: another version has to be looked at anew. */
const KEPT_HERE: Readonly<Record<string, string>> = {
  '@middy/core@6.4.5': 'scripts/build/licences/middy-core.txt',
};

/** Reads a JSON file as an object: a package's own account of itself, or npm's. */
export function readObject(file: string): Record<string, unknown> {
  return Object(JSON.parse(readFileSync(file, 'utf8')));
}

/**
 * The packages that are really in the bundles, sorted by folder.
 *
 * @param root the project's folder, which the paths of the metafile start from
 * @throws CommandError 65 where a package says no licence, ships no text of it, or is not in the lock file
 */
export function bundledPackages(metafile: Metafile, root: string): BundledPackage[] {
  const folders = new Set<string>();
  for (const { inputs } of Object.values(metafile.outputs)) {
    for (const [input, { bytesInOutput }] of Object.entries(inputs)) {
      const folder = folderOf(input);
      if (folder !== undefined && bytesInOutput > 0) folders.add(folder);
    }
  }
  const locked = Object(readObject(path.join(root, 'package-lock.json'))['packages']);
  return [...folders].toSorted().map((folder) => {
    const imports = importsOf(metafile, folder).filter((other) => folders.has(other));
    const { integrity } = Object(locked[folder]);
    if (typeof integrity !== 'string') throw badData(`${folder} is not in package-lock.json`);
    return { folder, imports, integrity, ...describe(root, folder) };
  });
}

/** The folder of the package that a bundled file belongs to; undefined for the project's own. */
function folderOf(input: string): string | undefined {
  return /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(input)?.[0];
}

/**
 * What a package imports, or the project itself, for `folder` undefined.
 *
 * @returns folders, sorted
 */
export function importsOf(metafile: Metafile, folder: string | undefined): string[] {
  const found = new Set<string>();
  for (const [input, { imports }] of Object.entries(metafile.inputs)) {
    if (folderOf(input) !== folder) continue;
    for (const { path: imported } of imports) {
      const other = folderOf(imported);
      if (other !== undefined && other !== folder) found.add(other);
    }
  }
  return [...found].toSorted();
}

function describe(
  root: string,
  folder: string,
): Pick<BundledPackage, 'name' | 'version' | 'license' | 'text'> {
  const { name, version, license } = readObject(path.join(root, folder, 'package.json'));
  if (typeof name !== 'string' || typeof version !== 'string' || typeof license !== 'string') {
    throw badData(`${folder}/package.json does not say its name, its version and its licence`);
  }
  const kept = KEPT_HERE[`${name}@${version}`];
  const own = readdirSync(path.join(root, folder))
    .filter((file) => /^(licen[cs]e|copying|notice)([.-]|$)/i.test(file))
    .toSorted()
    .map((file) => path.join(folder, file));
  const files = own.length === 0 && kept !== undefined ? [kept] : own;
  if (files.length === 0) {
    throw badData(
      `${name} ${version} ships no text of its licence (${license}): look it up, and add it to KEPT_HERE`,
    );
  }
  const texts = files.map((file) => readFileSync(path.join(root, file), 'utf8'));
  return { name, version, license, text: texts.map(toLines).join('\n') };
}

/** With line feeds alone, and one at the end. */
function toLines(text: string): string {
  return `${text.replaceAll(/\r\n?/g, '\n').trim()}\n`;
}
