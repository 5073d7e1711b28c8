import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { build } from 'esbuild';

import { DIST, root } from '../places.ts';
import { OPTIONS } from './bundle.ts';
import { bundledPackages } from './bundled-packages.ts';
import { toLicences } from './licences.ts';
import { replace } from './replace.ts';
import { toSbom } from './sbom.ts';

/** Adds to `dist/` what only the npm package needs: its command and its types. */
export async function buildCli(): Promise<void> {
  const { outputFiles, metafile } = await build({
    ...OPTIONS,
    entryPoints: [{ in: 'scripts/package-main.ts', out: 'cli' }],
    outdir: DIST,
    sourcemap: false,
    // It never runs there: the package is built already.
    external: ['./build/build-dist.ts'],
    metafile: true,
    write: false,
  });
  const command = outputFiles[0]?.contents ?? new Uint8Array();
  await replace(path.join(DIST, 'cli.js'), command, 0o755);
  const packages = bundledPackages(metafile, root);
  await replace(path.join(DIST, 'CLI-LICENSES.txt'), toLicences(packages));
  await replace(
    path.join(DIST, 'cli-sbom.json'),
    toSbom({ 'cli.js': command }, metafile, packages),
  );
  const types = await readFile(path.join(import.meta.dirname, 'index.d.ts'));
  await replace(path.join(DIST, 'index.d.ts'), types);
}
