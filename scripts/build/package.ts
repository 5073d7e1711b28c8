import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

import type { Metafile } from 'esbuild';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { root } from '../places.ts';
import { bundledPackages } from './bundled-packages.ts';
import { toLicences } from './licences.ts';
import { replace } from './replace.ts';
import { toSbom } from './sbom.ts';
import { readSettingsFiles } from './settings-files.ts';
import { modeOf, zip, type ZipEntry } from './zip.ts';

/** The forms of the function, by the name of their package: the bundles in it, and what starts them. */
const FORMS = {
  function: {
    bundles: ['function.js', 'chinese.js', 'jose.js', 'mcp.js', 'redis.js'],
    start: [],
  },
  web: {
    bundles: ['server.js', 'chinese.js', 'jose.js', 'mcp.js', 'redis.js', 'metrics.js'],
    start: ['scf_bootstrap'],
  },
} as const;

const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/**
 * Gives what is deployed of a form: its bundles, what starts them, and the files of `config/` that settings name.
 *
 * @param dist has the bundles
 * @param work has `config/`
 * @throws CommandError 65 where a file of `config/` is wrong or has a secret
 */
export function filesOf(
  form: keyof typeof FORMS,
  dist: string,
  work: string,
  env: Environment = process.env,
): ZipEntry[] {
  const { bundles, start } = FORMS[form];
  return [
    ...start.map((name) => ({ ...entryOf(root, name), executable: true })),
    ...[...bundles, 'openapi.json', 'package.json', LICENCES].map((name) => entryOf(dist, name)),
    ...readSettingsFiles(work, env),
  ];
}

function entryOf(folder: string, name: string): ZipEntry {
  return { name, contents: readFileSync(path.join(folder, name)) };
}

/**
 * Makes of the bundles in `outdir` what is deployed: a zip for each form of the function, the same
 * files in a folder beside it, the licences, and the bill of materials.
 *
 * @throws CommandError 65 where a package has no licence, or a file of `config/` a secret
 */
export async function makePackages(outdir: string, metafile: Metafile): Promise<void> {
  const packages = bundledPackages(metafile, root);
  await replace(path.join(outdir, LICENCES), toLicences(packages));
  const zips: Record<string, Uint8Array> = {};
  for (const form of ['function', 'web'] as const) {
    const entries = filesOf(form, outdir, root);
    const file = `${form}.zip`;
    zips[file] = zip(entries);
    await replace(path.join(outdir, file), zips[file]);
    await replaceFolder(path.join(outdir, form), entries);
  }
  // For `@config/…` of a server that is started from here: paths are relative to its bundle.
  const settings = readSettingsFiles(root, process.env);
  const beside = settings.map((entry) => ({ ...entry, name: path.basename(entry.name) }));
  await replaceFolder(path.join(outdir, 'config'), beside);
  await replace(path.join(outdir, 'sbom.json'), toSbom(zips, metafile, packages));
}

/** Brings a folder to hold these files and no others. */
async function replaceFolder(folder: string, entries: readonly ZipEntry[]): Promise<void> {
  await mkdir(folder, { recursive: true });
  for (const entry of entries) {
    await replace(path.join(folder, entry.name), entry.contents, modeOf(entry));
  }
  const wanted = new Set(entries.map(({ name }) => path.join(folder, name)));
  for (const found of await readdir(folder, { recursive: true, withFileTypes: true })) {
    const file = path.join(found.parentPath, found.name);
    // Another build's file on its way is not ours to take.
    if (found.isFile() && !wanted.has(file) && !file.endsWith('.tmp'))
      await rm(file, { force: true });
  }
}
