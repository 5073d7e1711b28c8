import { readFileSync } from 'node:fs';
import { mkdir, readdir, rm } from 'node:fs/promises';
import path from 'node:path';

import type { Metafile } from 'esbuild';

import { replace } from './bundle.ts';
import { bundledPackages, importsOf, readObject } from './bundled-packages.ts';
import { toLicences } from './licences.ts';
import { toSbom } from './sbom.ts';
import { readSettingsFiles } from './settings-files.ts';
import { modeOf, zip, type ZipEntry } from './zip.ts';

/** What each package is for, by its name: the bundles in it, and what starts them. */
const PACKAGES = {
  function: {
    bundles: ['function.js', 'chinese.js', 'deliveries.js', 'jose.js', 'mcp.js', 'redis.js'],
    start: [],
  },
  web: {
    bundles: [
      'server.js',
      'chinese.js',
      'deliveries.js',
      'jose.js',
      'mcp.js',
      'redis.js',
      'metrics.js',
    ],
    start: ['scf_bootstrap'],
  },
} as const;

const LICENCES = 'THIRD-PARTY-LICENSES.txt';

/**
 * Makes of the bundles in `outdir` what is deployed: a zip for each form of the function, the same
 * files in a folder beside it, the licences, and the bill of materials.
 *
 * @param root the project's folder
 * @throws CommandError 65 where a package has no licence, or a file of `config/` a secret
 */
export async function makePackages(
  root: string,
  outdir: string,
  metafile: Metafile,
): Promise<void> {
  const packages = bundledPackages(metafile, root);
  const settings = readSettingsFiles(root, process.env);
  await replace(path.join(outdir, LICENCES), toLicences(packages));
  const read = (name: string): ZipEntry => entryOf(outdir, name);
  const zips: Record<string, Uint8Array> = {};
  for (const [name, { bundles, start }] of Object.entries(PACKAGES)) {
    const made = bundles.filter((file) => metafile.outputs[`dist/${file}`]);
    const entries = [
      ...start.map((file) => ({ ...entryOf(root, file), executable: true })),
      ...[...made, 'openapi.json', 'package.json', LICENCES].map(read),
      ...settings,
    ];
    const file = `${name}.zip`;
    zips[file] = zip(entries);
    await replace(path.join(outdir, file), zips[file]);
    await replaceFolder(path.join(outdir, name), entries);
  }
  // For `@config/…` of a server that is started from here: paths are relative to its bundle.
  const beside = settings.map((entry) => ({ ...entry, name: path.basename(entry.name) }));
  await replaceFolder(path.join(outdir, 'config'), beside);
  const { name, version, license } = readObject(path.join(root, 'package.json'));
  const product = { name: String(name), version: String(version), license: String(license) };
  const imports = importsOf(metafile, undefined);
  const sbom = toSbom({ ...product, imports, files: zips }, packages);
  await replace(path.join(outdir, 'sbom.json'), sbom);
}

function entryOf(folder: string, name: string): ZipEntry {
  return { name, contents: readFileSync(path.join(folder, name)) };
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
