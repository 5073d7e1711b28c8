import { readFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { compareBytes, compareCancellation, type Record } from './budgets/compare.ts';
import { probe } from './budgets/probe.ts';
import { bytesByModule, weigh } from './budgets/weigh.ts';
import { bundle, DIST, replace, root } from './support/bundle.ts';
import { parsing, runAsScript } from './support/command-line.ts';
import { makePackages } from './support/package.ts';

const HELP = `Usage: npm run budgets [-- --write]

Builds, and compares with scripts/budgets/record.json what the build weighs, what a cancellation loads and what it
allocates. Says which module grew where something is over its budget.

  --write   makes what is now the record, for this major version of Node; the limits in bytes stay
  --help    this

Ends with 0 where all is within its budget, 1 where something is not.
`;

/** Bytes. A function's start is the time to read it: V8 goes over every one before it runs the first. */
const LIMITS = {
  'function.js': 160_000,
  'function.js, deflated': 55_000,
  'server.js': 160_000,
  'jose.js': 20_000,
  'metrics.js': 80_000,
  'redis.js': 200_000,
  'function.zip': 150_000,
  'web.zip': 175_000,
} as const;

const RECORD = path.join(root, 'scripts/budgets/record.json');
const [MAJOR = ''] = process.versions.node.split('.');

interface Recorded {
  readonly modules: Record['modules'];
  readonly onNode: { readonly [major: string]: Record['cancellation'] };
}

async function main(args: string[]): Promise<number> {
  const options = { write: { type: 'boolean' }, help: { type: 'boolean', short: 'h' } } as const;
  const { values } = parsing(() => parseArgs({ args, options }));
  if (values.help) return (process.stdout.write(HELP), 0);
  const metafile = await bundle(DIST);
  await makePackages(root, DIST, metafile);
  const is: Record = {
    bytes: weigh(DIST, Object.keys(LIMITS)),
    modules: bytesByModule(metafile, 'dist/function.js'),
    cancellation: await probe(DIST),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below
  const was = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
  if (values.write) return (await write(is, was), 0);
  const verdicts = [
    ...compareBytes(LIMITS, is, was),
    ...compareCancellation(is.cancellation, was.onNode[MAJOR]),
  ];
  for (const { isWithin, line } of verdicts) {
    process.stdout.write(`${isWithin ? 'ok' : 'OVER'}: ${line}\n`);
  }
  return verdicts.every(({ isWithin }) => isWithin) ? 0 : 1;
}

async function write(is: Record, was: Recorded): Promise<void> {
  const rounded = Object.entries(is.cancellation.allocatedBy).map(
    ([name, bytes]) => [name, Math.round(bytes)] as const,
  );
  const allocated = Math.round(is.cancellation.allocated);
  const cancellation = { ...is.cancellation, allocated, allocatedBy: Object.fromEntries(rounded) };
  const record: Recorded = {
    modules: is.modules,
    onNode: { ...was.onNode, [MAJOR]: cancellation },
  };
  await replace(RECORD, `${JSON.stringify(record, undefined, 2)}\n`);
  process.stdout.write(`Written to ${path.relative(root, RECORD)}, for Node ${MAJOR}.\n`);
}

await runAsScript(import.meta.url, main);
