import { stat } from 'node:fs/promises';
import path from 'node:path';

import { buildDist } from './build/build-dist.ts';
import { buildCli } from './build/cli.ts';
import { unnamedFiles } from './build/settings-files.ts';
import { say } from './cli/terminal.ts';
import { DIST, root } from './places.ts';

const FILES = [
  'function.js',
  'server.js',
  'chinese.js',
  'jose.js',
  'mcp.js',
  'metrics.js',
  'redis.js',
  'function.zip',
  'web.zip',
  'sbom.json',
  'cli.js',
];

/** Builds `dist/`, and prints what each file weighs. @throws CommandError 65 */
export async function build(): Promise<void> {
  await buildDist();
  await buildCli();
  for (const file of unnamedFiles(root, process.env)) {
    say(`config/${file} is not packed: no setting names it, such as API_KEYS=@config/${file}.`);
  }
  for (const name of FILES) {
    const { size } = await stat(path.join(DIST, name));
    process.stdout.write(`dist/${name}  ${Math.round(size / 1000)} KB\n`);
  }
}
