import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildDist } from './build/build-dist.ts';
import { DIST } from './build/bundle.ts';
import { parsing, print, runAsScript } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';

const HELP = `Makes dist/ of the sources: function.js for SCF and Lambda, server.js for web functions and containers,
what they load lazily, both packed for deployment, openapi.json, the licences, and a bill of materials.
Prints what each file weighs.

  npm run build

Options
  -h, --help   this text

Environment
  none: the same sources give the same files, to the byte

${exitCodes({ data: 'a source or a file of config/ is wrong; a secret in config/ too' })}`;

const FILES = [
  'function.js',
  'server.js',
  'jose.js',
  'metrics.js',
  'redis.js',
  'function.zip',
  'web.zip',
  'sbom.json',
];

const OPTIONS = { help: { type: 'boolean' } } as const;

async function main(args: string[]): Promise<number> {
  const { values } = parsing(() => parseArgs({ args, options: OPTIONS }));
  if (values.help) return (print(false, undefined, HELP), 0);
  await buildDist();
  for (const name of FILES) {
    const { size } = await stat(path.join(DIST, name));
    process.stdout.write(`dist/${name}  ${Math.round(size / 1000)} KB\n`);
  }
  return 0;
}

await runAsScript(import.meta.url, main);
