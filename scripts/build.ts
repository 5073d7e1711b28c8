import { mkdir, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { build, type BuildOptions } from 'esbuild';

/** `npm run build`: bundles the two entries into `dist/`. Nothing there needs `node_modules`. */

const root = path.resolve(import.meta.dirname, '..');
const dist = path.join(root, 'dist');
const stub = (name: string): string => path.join(root, 'scripts', 'stubs', name);

/**
 * What the SDK brings along and the gateway never uses (docs/decisions/0003): node-fetch's own URL
 * parser, where Node has one; a proxy and multipart bodies, whose stand-ins throw.
 */
const alias = {
  'whatwg-url': stub('whatwg-url.cjs'),
  'https-proxy-agent': stub('never-used.cjs'),
  'form-data': stub('never-used.cjs'),
};

const options: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  alias,
  // CommonJS has no import.meta; `@path` settings are relative to the bundle.
  define: { 'import.meta.dirname': '__dirname' },
  logLevel: 'warning',
  outdir: dist,
};

await rm(dist, { recursive: true, force: true });
await mkdir(dist, { recursive: true });
await build({ ...options, entryPoints: ['src/function.ts', 'src/server.ts'] });
// Without it Node would read the bundles as ES modules wherever a package.json above says so.
await writeFile(path.join(dist, 'package.json'), '{"type":"commonjs"}\n');
