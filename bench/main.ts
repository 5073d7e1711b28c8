import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { replace } from '../scripts/build/replace.ts';
import { root } from '../scripts/places.ts';
import { run } from '../scripts/cli/run.ts';
import { bench, readOptions, type Options } from './options.ts';
import { measure, measureOnNode } from './run.ts';
import { tables } from './table.ts';

/** `npm run bench`: see options.ts. */
async function main({ isQuick, sections, nodes, json, writesDocs }: Options): Promise<void> {
  process.once('SIGTERM', () => process.exit(143));
  const runs = [await measure(sections, isQuick)];
  for (const node of nodes) runs.push(measureOnNode(node, sections, isQuick));
  process.stdout.write(`${tables(runs)}\n`);
  if (json !== undefined) writeFileSync(json, `${JSON.stringify(runs, undefined, 2)}\n`);
  if (writesDocs) await writeToPage(tables(runs));
}

const PAGE = path.join(root, 'docs/performance.md');
const BEGIN = '<!-- npm run bench writes from here -->';
const END = '<!-- to here -->';

async function writeToPage(text: string): Promise<void> {
  const [before = '', rest = ''] = readFileSync(PAGE, 'utf8').split(BEGIN);
  await replace(PAGE, `${before}${BEGIN}\n\n${text}\n\n${rest.slice(rest.indexOf(END))}`);
}

await run(bench.action((values) => main(readOptions(values))));
