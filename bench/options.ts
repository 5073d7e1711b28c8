import { existsSync } from 'node:fs';
import path from 'node:path';

import { command } from '../scripts/cli/command.ts';
import { wrongUsage } from '../scripts/cli/command-line.ts';
import { ALL_SECTIONS, isSection, type Section } from './figures.ts';

export const bench = command('bench', {
  summary: 'Builds the gateway and its peers, and measures them side by side.',
  details:
    'The peers (bench/peers) do the same job, as others would build it. Each row is measured once, then each row again. Everything is on this machine, and other work on it shows in the figures. Prints tables in Markdown, the goals first. Takes some twelve minutes, and installs the packages of the peers if they are missing. Whatever is measured, it ends with 0: the first table says whether a goal is met.',
  examples: ['', '--quick --only start,first'],
  environment: [['PATH', 'fleet is left out if it has no redis-server']],
  exits: { unavailable: 'another Node, or the peers, cannot be had from the registry' },
})
  .option('--quick', 'less of everything: under two minutes')
  .option('--only <list>', `some tables alone, of ${ALL_SECTIONS.join(',')}`)
  .option(
    '--node <list>',
    'on other versions of Node too, such as 22,24, from the registry: start, first and memory',
  )
  .option('--json <file>', 'writes the figures there, as JSON')
  .option('--write-docs', 'puts the tables into docs/performance.md');

export interface Options {
  readonly isQuick: boolean;
  readonly sections: readonly Section[];
  /** Major versions, beside the Node that runs this. */
  readonly nodes: readonly string[];
  readonly json: string | undefined;
  readonly writesDocs: boolean;
}

/** @param values what Commander read @throws CommandError 64 */
export function readOptions(values: ReturnType<typeof bench.opts>): Options {
  const { quick: isQuick = false, writeDocs: writesDocs = false, json } = values;
  const nodes = values.node?.split(',') ?? [];
  if (nodes.some((node) => !/^\d\d$/.test(node))) {
    throw wrongUsage('--node takes major versions of Node, such as 22,24');
  }
  const asked = values.only?.split(',') ?? ALL_SECTIONS;
  const sections = asked.filter(isSection);
  if (sections.length < asked.length) {
    throw wrongUsage(`--only takes some of ${ALL_SECTIONS.join(',')}`);
  }
  if (writesDocs && (isQuick || values.only !== undefined)) {
    throw wrongUsage('--write-docs takes a whole run, with neither --quick nor --only');
  }
  if (json !== undefined && !existsSync(path.dirname(json))) {
    throw wrongUsage('--json takes a file in a folder that exists');
  }
  return { isQuick, sections, nodes, json, writesDocs };
}
