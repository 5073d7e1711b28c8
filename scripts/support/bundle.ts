import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { build, type BuildOptions } from 'esbuild';

const root = path.resolve(import.meta.dirname, '../..');
const stub = (name: string): string => path.join(root, 'scripts', 'stubs', name);

const OPTIONS: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  // What the SDK brings along and the gateway never uses (docs/decisions/0003-sdk.md).
  alias: {
    'whatwg-url': stub('whatwg-url.cjs'),
    'https-proxy-agent': stub('never-used.cjs'),
    'form-data': stub('never-used.cjs'),
  },
  // CommonJS has no import.meta; `@path` settings are relative to the bundle.
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
};

/** Where `npm run build` puts what it makes. */
export const DIST = path.join(root, 'dist');

/** Bundles the function and the server into `outdir`, afresh. Nothing there needs `node_modules`. */
export async function bundle(outdir: string): Promise<void> {
  await rm(outdir, { recursive: true, force: true });
  await mkdir(outdir, { recursive: true });
  await build({ ...OPTIONS, entryPoints: ['src/function.ts', 'src/server.ts'], outdir });
  // Without it Node would read the bundles as ES modules wherever a package.json above says so.
  await writeFile(path.join(outdir, 'package.json'), '{"type":"commonjs"}\n');
}
