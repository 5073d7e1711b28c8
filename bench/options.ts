import { parseArgs } from 'node:util';

import { parsing, wrongUsage } from '../scripts/support/command-line.ts';
import { readCostInputs, type CostInputs } from './cost.ts';
import { isSection, SECTIONS, type Section } from './figures.ts';

export const HELP = `Usage: npm run bench [-- options]

Builds the gateway and its peers (bench/peers: the same job, as others would build it), and measures them side by side, each
row once, then each row again. Everything is on this machine; the peers' packages are installed where they are missing.
Prints tables in Markdown on stdout; progress is on stderr. Takes some ten minutes; other work on the machine shows in the figures.

  --quick          less of everything: under a minute
  --only LIST      some tables alone, such as start,first; all are
                   ${Object.keys(SECTIONS).join(', ')}
  --node LIST      on other versions of Node too, such as 22,24, from the registry: start, first and memory
  --json FILE      the figures as JSON as well
  --write-docs     the tables into docs/performance.md, plots and figures into docs/bench
  --cost LIST      measures nothing: what a million cancellations cost, by memory=MB,ms=N,per-million=PRICE,per-gb-second=PRICE
                   and, where wanted, step=MS,cold-share=0..1,cold-ms=N (docs/performance.md)
  -h, --help       this

"fleet" needs a redis-server on the PATH, and is left out where there is none.

Ends with 0 when it has measured, whatever came out; 64 for wrong options.
`;

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
  help: { type: 'boolean', short: 'h' },
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
  return {
    isQuick: values.quick ?? false,
    sections,
    nodes,
    json: values.json,
    writesDocs: values['write-docs'] ?? false,
    cost: values.cost === undefined ? undefined : readCostInputs(values.cost),
  };
}
