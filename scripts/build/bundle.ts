import path from 'node:path';

import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

import { openApiText } from '../openapi/document.ts';
import { DIST, root } from '../places.ts';
import { replace } from './replace.ts';
import { standIns } from './stand-ins.ts';

const ENTRIES = ['src/function.ts', 'src/server.ts'];

/** Loaded only where a setting or a request asks for it: a file of its own beside the entries, which no start reads. */
const LAZY = [
  'jose/jwt/verify',
  'src/lib/chinese.ts',
  'src/handlers/mcp.ts',
  'src/lib/observability/metrics.ts',
  'src/lib/rate-limit/redis.ts',
];

/** `metrics` for a file `metrics.ts`, `jose` for a part of that package. */
const nameOf = (module: string): string =>
  module.endsWith('.ts') ? path.basename(module, '.ts') : module.replace(/\/.*/, '');

const lazyFiles: Plugin = {
  name: 'lazy files',
  setup(building) {
    const lazy = new Set(LAZY.map(nameOf));
    building.onResolve({ filter: /./ }, ({ kind, path: module }) =>
      kind === 'dynamic-import' && lazy.has(nameOf(module))
        ? { path: `./${nameOf(module)}.js`, external: true }
        : undefined,
    );
  },
};

export const OPTIONS: BuildOptions = {
  absWorkingDir: root,
  bundle: true,
  platform: 'node',
  target: 'node20.19',
  format: 'cjs',
  minify: true,
  sourcemap: 'external',
  legalComments: 'none',
  // CommonJS has no import.meta; `@path` settings are relative to the bundle.
  define: { 'import.meta.dirname': '__dirname' },
  // `import()` becomes a `require` when it is called: no other loader has to start for it.
  supported: { 'dynamic-import': false },
  plugins: [standIns, lazyFiles],
  logLevel: 'warning',
};

/**
 * Bundles the function, the server and what they load lazily into `outdir`. Nothing there needs `node_modules`.
 *
 * @returns what esbuild says of it: its paths start from the project's folder, its outputs are in `dist/`
 */
export async function bundle(outdir: string): Promise<Metafile> {
  const entryPoints = [...ENTRIES, ...LAZY].map((file) => ({ in: file, out: nameOf(file) }));
  // Named as if they were in `dist/`, wherever they go: a source map tells no path of this machine.
  const options = { ...OPTIONS, metafile: true, write: false, entryPoints, outdir: DIST } as const;
  const { outputFiles, metafile } = await build(options);
  for (const { path: file, contents } of outputFiles) {
    await replace(path.join(outdir, path.relative(DIST, file)), contents);
  }
  await replace(path.join(outdir, 'openapi.json'), openApiText());
  // Without it Node would read the bundles as ES modules wherever a package.json above says so.
  await replace(path.join(outdir, 'package.json'), '{"type":"commonjs"}\n');
  return metafile;
}
