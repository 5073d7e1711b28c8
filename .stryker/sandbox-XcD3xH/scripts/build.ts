import { stat } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { buildDist } from './build/build-dist.ts';
import { DIST } from './build/bundle.ts';
import { parsing, print, runAsScript } from './cli/command-line.ts';
import { exitCodes } from './cli/exit-codes.ts';
import { say } from './cli/terminal.ts';

const HELP = `Makes dist/ of the sources: function.js for SCF and Lambda, server.js for web functions and containers,
what they load lazily, both packed for deployment, openapi.json, the licences, and a bill of materials.
Prints what each file weighs.

  npm run build
  npm run build -- --code-cache

Options
  --code-cache  puts V8's code cache of this Node into the function's package: it starts sooner on the same
                Node, and as ever on another (docs/deploy.md)
  -h, --help    this text

Environment
  none: the same sources give the same files, to the byte, but for a code cache

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

const OPTIONS = { 'code-cache': { type: 'boolean' }, help: { type: 'boolean' } } as const;

async function main(args: string[]): Promise<number> {
  const { values } = parsing(() => parseArgs({ args, options: OPTIONS }));
  if (values.help) return (print(false, undefined, HELP), 0);
  await buildDist({ codeCache: values['code-cache'] ?? false });
  for (const name of FILES) {
    const { size } = await stat(path.join(DIST, name));
    process.stdout.write(`dist/${name}  ${Math.round(size / 1000)} KB\n`);
  }
  if (values['code-cache'])
    say(
      `function.zip has the code cache of Node ${process.versions.node}, ${process.arch}, which no other uses.`,
    );
  return 0;
}

await runAsScript(import.meta.url, main);
