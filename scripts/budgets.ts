import { readFileSync } from 'node:fs';
import path from 'node:path';

import { compareBytes, compareCancellation, compareSize, type Record } from './budgets/compare.ts';
import { probe } from './budgets/probe.ts';
import { bytesByModule, sizeOf, weigh } from './budgets/weigh.ts';
import { bundle } from './build/bundle.ts';
import { replace } from './build/replace.ts';
import { DIST, root } from './places.ts';
import { EXIT } from './cli/exit-codes.ts';
import { makePackages } from './build/package.ts';

/** Bytes. A function's start is the time to read it: V8 goes over every one before it runs the first. */
const LIMITS = {
  'function.js': 190_000,
  'function.js, deflated': 64_000,
  'server.js': 190_000,
  'chinese.js': 40_000,
  'jose.js': 20_000,
  'mcp.js': 25_000,
  'metrics.js': 80_000,
  'redis.js': 200_000,
  'function.zip': 175_000,
  'web.zip': 200_000,
} as const;

/** What a platform engineer reads before trusting the gateway with cloud keys. */
const SOURCES = { lines: 10_420, files: 90 };

const RECORD = path.join(root, 'scripts/budgets/record.json');
const [MAJOR = ''] = process.versions.node.split('.');

interface Recorded {
  readonly modules: Record['modules'];
  readonly onNode: { readonly [major: string]: Record['cancellation'] };
}

/** Builds, and compares the build with its budgets. @returns the exit code */
export async function budgets(options: { readonly write: boolean }): Promise<number> {
  const metafile = await bundle(DIST);
  await makePackages(DIST, metafile);
  const is: Record = {
    bytes: weigh(DIST, Object.keys(LIMITS)),
    modules: bytesByModule(metafile, 'dist/function.js'),
    cancellation: await probe(DIST),
  };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- written below
  const was = JSON.parse(readFileSync(RECORD, 'utf8')) as Recorded;
  if (options.write) return (await write(is, was), 0);
  const verdicts = [
    compareSize(SOURCES, sizeOf(path.join(root, 'src'))),
    ...compareBytes(LIMITS, is, was),
    ...compareCancellation(is.cancellation, was.onNode[MAJOR]),
  ];
  for (const { isWithin, line } of verdicts) {
    process.stdout.write(`${isWithin ? 'ok' : 'OVER'}: ${line}\n`);
  }
  return verdicts.every(({ isWithin }) => isWithin) ? 0 : EXIT.failed;
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
