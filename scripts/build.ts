import { stat } from 'node:fs/promises';
import path from 'node:path';

import { bundle, DIST, root } from './support/bundle.ts';
import { runAsScript } from './support/command-line.ts';
import { makePackages } from './support/package.ts';

/**
 * `npm run build`: `dist/function.js` for SCF and Lambda, `dist/server.js` for web functions and
 * containers, what they load lazily, and both packed for deployment, with licences and a bill of materials.
 */
async function main(args: string[]): Promise<number> {
  await makePackages(root, DIST, await bundle(DIST), { codeCache: args.includes('--code-cache') });
  for (const name of [
    'function.js',
    'server.js',
    'jose.js',
    'metrics.js',
    'redis.js',
    'function.zip',
    'web.zip',
    'sbom.json',
  ]) {
    const { size } = await stat(path.join(DIST, name));
    process.stdout.write(`dist/${name}  ${Math.round(size / 1000)} KB\n`);
  }
  return 0;
}

await runAsScript(import.meta.url, main);
