import { existsSync } from 'node:fs';
import path from 'node:path';

import { command } from '../scripts/cli/command.ts';
import { wrongUsage } from '../scripts/cli/command-line.ts';
import { readCostInputs, type CostInputs } from './cost.ts';
import { isSection, SECTIONS, type Section } from './figures.ts';

export const bench = command('bench', {
  summary: 'Builds the gateway and its peers, and measures them side by side.',
  details:
    'The peers (bench/peers) do the same job, as others would build it. Each row is measured once, then each row again. Everything is on this machine, and other work on it shows in the figures. Prints tables in Markdown. Takes some ten minutes, and installs the packages of the peers if they are missing. Whatever is measured, it ends with 0: the first table says whether a goal is met.',
  examples: ['', '--quick --only start,first'],
  environment: [['PATH', 'fleet is left out if it has no redis-server']],
  exits: { unavailable: 'another Node, or the peers, cannot be had from the registry' },
})
  .option('--quick', 'less of everything: under a minute')
  .option('--only <list>', `some tables alone, of ${Object.keys(SECTIONS).join(',')}`)
  .option(
    '--node <list>',
    'on other versions of Node too, such as 22,24, from the registry: start, first and memory',
  )
  .option('--json <file>', 'writes the figures there, as JSON')
  .option(
    '--write-docs',
    'puts the tables into docs/performance.md, the figures and plots into docs/bench',
  )
  .option(
    '--cost <list>',
    'measures nothing, and prints what a million cancellations cost: memory=MB,ms=N,per-million=PRICE,per-gb-second=PRICE and, if wanted, step=MS,cold-share=0..1,cold-ms=N (docs/performance.md)',
  );

export interface Options {
  readonly isQuick: boolean;
  readonly sections: readonly Section[];
  /** Major versions, beside the Node that runs this. */
  readonly nodes: readonly string[];
  readonly json: string | undefined;
  readonly writesDocs: boolean;
  readonly cost: CostInputs | undefined;
}

/** @param values what Commander read @throws CommandError 64 */
export function readOptions(values: ReturnType<typeof bench.opts>): Options {
  const nodes = values.node?.split(',') ?? [];
  if (nodes.some((node) => !/^\d\d$/.test(node))) {
    throw wrongUsage('--node takes major versions of Node, such as 22,24');
  }
  const asked = values.only?.split(',') ?? Object.keys(SECTIONS);
  const sections = asked.filter(isSection);
  if (sections.length < asked.length) {
    throw wrongUsage(`--only takes some of ${Object.keys(SECTIONS).join(',')}`);
  }
  if (values.writeDocs && (values.quick || values.only !== undefined)) {
    throw wrongUsage('--write-docs takes a whole run, with neither --quick nor --only');
  }
  if (values.json !== undefined && !existsSync(path.dirname(values.json))) {
    throw wrongUsage('--json takes a file in a folder that is there');
  }
  return {
    isQuick: values.quick ?? false,
    sections,
    nodes,
    json: values.json,
    writesDocs: values.writeDocs ?? false,
    cost: values.cost === undefined ? undefined : readCostInputs(values.cost),
  };
}
