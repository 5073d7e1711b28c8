import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { simulate } from '../simulation/model.ts';
import { perSecond, plotOutage, plotRows } from '../simulation/plot.ts';
import { GROUPS, toRow, type Group, type Row } from '../simulation/scenarios.ts';
import { toTable } from '../simulation/table.ts';
import { CommandError, parsing, print, runAsScript } from './cli/command-line.ts';
import { EXIT, exitCodes } from './cli/exit-codes.ts';
import { isUnread } from './cli/manners.ts';
import { progressLine } from './cli/terminal.ts';

const HELP = `Simulates the pace upstream: many instances and callers, a network, and Redis with its outages, under the
limiter's own decisions. Prints tables; the same in every run.

  npm run simulate
  npm run simulate -- --plots docs/simulation

Options
  --plots DIR   writes the plots there, as SVG
  --json        all figures, for programs; start with npm run --silent simulate -- --json
  -h, --help    this text

Environment
  none: the same in every run
Takes about a minute, on one core. What is assumed stands in docs/performance.md.

${exitCodes({ cannotCreate: 'the plots cannot be written' })}`;

async function main(args: string[]): Promise<number> {
  const { values } = parsing(() =>
    parseArgs({
      args,
      options: {
        plots: { type: 'string' },
        json: { type: 'boolean' },
        help: { type: 'boolean' },
      },
    }),
  );
  if (values.help) return (print(false, undefined, HELP), 0);
  const results: { group: Group; rows: Row[] }[] = [];
  const plots: [string, string][] = [];
  const tell = progressLine();
  for (const group of GROUPS) {
    const rows: Row[] = [];
    for (const scenario of group.scenarios) {
      if (isUnread()) return 0;
      tell(`${group.title}: ${rows.length + 1} of ${group.scenarios.length}`);
      const run = await simulate(scenario);
      rows.push(toRow(scenario, group, run));
      const outage = scenario.redis?.outage;
      if (outage && scenario.instances === 16) {
        plots.push(['outage.svg', plotOutage(perSecond(run.arrivals), outage)]);
      }
    }
    tell('');
    results.push({ group, rows });
    if (!values.json) process.stdout.write(`${group.title}\n\n${toTable(group, rows)}\n\n`);
  }
  if (values.json) {
    const figures = results.map(({ group: { title, varied }, rows }) => ({ title, varied, rows }));
    process.stdout.write(`${JSON.stringify(figures, undefined, 2)}\n`);
  }
  plots.unshift(['growth.svg', plotRows(results)]);
  if (values.plots !== undefined) await writeAll(values.plots, plots);
  return 0;
}

async function writeAll(directory: string, files: readonly [string, string][]): Promise<void> {
  try {
    await mkdir(directory, { recursive: true });
    for (const [name, content] of files) await writeFile(path.join(directory, name), content);
  } catch {
    throw new CommandError(
      EXIT.cannotCreate,
      `--plots: the plots cannot be written to ${directory}; name another folder`,
    );
  }
}

await runAsScript(import.meta.url, main);
