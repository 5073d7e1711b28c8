import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { parsing, wrongUsage } from '../scripts/cli/command-line.ts';
import { exitCodes } from '../scripts/cli/exit-codes.ts';
import { readCostInputs, type CostInputs } from './cost.ts';
import { isSection, SECTIONS, type Section } from './figures.ts';

export const HELP = `Builds the gateway and its peers (bench/peers: the same job, as others would build it), and measures them side
by side, each row once, then each row again. Everything is on this machine, and other work on it shows in the figures.
Prints tables in Markdown. Takes some ten minutes, and installs the peers' packages where they are missing.

  npm run bench
  npm run bench -- --quick --only start,first

Options
  --quick        less of everything: under a minute
  --only LIST    some tables alone, of ${Object.keys(SECTIONS).join(',')}
  --node LIST    on other versions of Node too, such as 22,24, from the registry: start, first and memory
  --json FILE    writes the figures there, as JSON
  --write-docs   puts the tables into docs/performance.md, the figures and plots into docs/bench
  --cost LIST    measures nothing, and says what a million cancellations cost: memory=MB,ms=N,per-million=PRICE,
                 per-gb-second=PRICE and, where wanted, step=MS,cold-share=0..1,cold-ms=N (docs/performance.md)
  -h, --help     this text

Environment
  PATH           fleet is left out where it has no redis-server
Whatever is measured, it ends with 0: whether a goal is met stands in the first table.

${exitCodes({ unavailable: 'another Node, or the peers, cannot be had from the registry' })}`;

export interface Options {
  readonly isQuick: boolean;
  readonly sections: readonly Section[];
  /** Major versions, beside the Node that runs this. */
  readonly nodes: readonly string[];
  readonly json: string | undefined;
  readonly writesDocs: boolean;
  readonly cost: CostInputs | undefined;
}

const OPTIONS = {
  quick: { type: 'boolean' },
  only: { type: 'string' },
  node: { type: 'string' },
  json: { type: 'string' },
  'write-docs': { type: 'boolean' },
  cost: { type: 'string' },
  help: { type: 'boolean' },
} as const;

/** @returns nothing where help is asked for @throws CommandError 64 */
export function readOptions(args: string[]): Options | undefined {
  const { values } = parsing(() => parseArgs({ args, options: OPTIONS }));
  if (values.help) return undefined;
  const nodes = values.node?.split(',') ?? [];
  if (nodes.some((node) => !/^\d\d$/.test(node))) {
    throw wrongUsage('--node takes major versions of Node, such as 22,24');
  }
  const asked = values.only?.split(',') ?? Object.keys(SECTIONS);
  const sections = asked.filter(isSection);
  if (sections.length < asked.length) {
    throw wrongUsage(`--only takes some of ${Object.keys(SECTIONS).join(',')}`);
  }
  if (values['write-docs'] && (values.quick || values.only !== undefined)) {
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
    writesDocs: values['write-docs'] ?? false,
    cost: values.cost === undefined ? undefined : readCostInputs(values.cost),
  };
}
