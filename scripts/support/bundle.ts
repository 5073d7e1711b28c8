import { chmod, mkdir, rename, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { build, type BuildOptions, type Metafile, type Plugin } from 'esbuild';

import { openApiText } from '../openapi/document.ts';

export const root = path.resolve(import.meta.dirname, '../..');
const stub = (name: string): string => path.join(root, 'scripts', 'stubs', name);

const ENTRIES = ['function', 'server'];

/** Loaded only where a setting asks for it: a file of its own beside the entries, which no start reads. */
const LAZY = ['metrics', 'redis'];

const lazyFiles: Plugin = {
  name: 'lazy files',
  setup(building) {
    building.onResolve(
      { filter: new RegExp(`/(${LAZY.join('|')})\\.ts$`) },
      ({ kind, path: file }) =>
        kind === 'dynamic-import'
          ? { path: `./${path.basename(file, '.ts')}.js`, external: true }
          : undefined,
    );
  },
};

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
    url: stub('url.cjs'),
    'https-proxy-agent': stub('never-used.cjs'),
    'form-data': stub('never-used.cjs'),
    // It would write every command to stderr, a password's too, where `DEBUG` says so.
    debug: stub('debug.cjs'),
  },
  // CommonJS has no import.meta; `@path` settings are relative to the bundle.
  define: { 'import.meta.dirname': '__dirname' },
  // `import()` becomes a `require` when it is called: no other loader has to start for it.
  supported: { 'dynamic-import': false },
  plugins: [lazyFiles],
  logLevel: 'warning',
};

/** Where `npm run build` puts what it makes. */
export const DIST = path.join(root, 'dist');

/**
 * Bundles the function, the server and what they load lazily into `outdir`. Nothing there needs `node_modules`.
 *
 * @returns what esbuild says of it: its paths start from the project's folder, its outputs are in `dist/`
 */
export async function bundle(outdir: string): Promise<Metafile> {
  const entryPoints = [...ENTRIES, ...LAZY].map((name) => `src/${name}.ts`);
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

/** Puts a whole file in place at once: somebody may be loading the one that is there. */
export async function replace(
  file: string,
  contents: string | Uint8Array,
  mode = 0o644,
): Promise<void> {
  const temporary = `${file}.${process.pid}.tmp`;
  await mkdir(path.dirname(file), { recursive: true });
  await writeFile(temporary, contents);
  await chmod(temporary, mode);
  await rename(temporary, file);
}
