import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';

import { root } from '../scripts/build/bundle.ts';
import { CommandError } from '../scripts/cli/command-line.ts';
import { EXIT } from '../scripts/cli/exit-codes.ts';
import { run } from '../scripts/cli/run.ts';
import { say } from '../scripts/cli/terminal.ts';
import { costOfMillion } from './cost.ts';
import { writeDocs } from './docs.ts';
import type { Figure, Results, Section } from './figures.ts';
import { MEASURES } from './measures.ts';
import { bench, readOptions, type Options } from './options.ts';
import { arePeersInstalled } from './peers/build.ts';
import { buildAll } from './subjects.ts';
import { shown, tables } from './table.ts';

/** `npm run bench`: see options.ts. */
async function main(options: Options): Promise<void> {
  if (options.cost) {
    process.stdout.write(`${shown(costOfMillion(options.cost))}\n`);
    return;
  }
  process.once('SIGTERM', () => process.exit(143));
  const runs = [await measure(options), ...options.nodes.map((node) => onNode(node, options))];
  process.stdout.write(`${runs.map(tables).join('\n\n')}\n`);
  if (options.json !== undefined) writeFileSync(options.json, asJson(runs));
  if (options.writesDocs) await writeDocs(runs);
}

const asJson = (runs: readonly Results[]): string => `${JSON.stringify(runs, undefined, 2)}\n`;

async function measure({ isQuick, sections }: Options): Promise<Results> {
  if (!arePeersInstalled()) {
    say('Installing the peers (npm ci --prefix bench/peers) …');
    // Its output is no result of this.
    const asked = ['ci', '--prefix', 'bench/peers'];
    const { status } = spawnSync('npm', asked, { cwd: root, stdio: ['ignore', 2, 2] });
    if (status !== 0) throw new CommandError(EXIT.unavailable, 'The peers cannot be installed.');
  }
  say(`Node ${process.versions.node}: building …`);
  const build = await buildAll();
  const figures: Figure[] = [];
  try {
    for (const section of sections) {
      const begun = performance.now();
      const found = await MEASURES[isQuick ? 'quick' : 'full'][section](build);
      figures.push(...found);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      say(found.length > 0 ? `${section}: ${seconds} s` : `${section}: left out, no redis-server`);
    }
  } finally {
    build.remove();
  }
  return { ...surroundings(), isQuick, figures };
}

function surroundings(): Pick<Results, 'node' | 'machine' | 'date' | 'commit'> {
  const [cpu] = cpus();
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    node: process.versions.node,
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
    commit: git.status === 0 ? git.stdout.trim() : 'none',
  };
}

/** What does not depend on much but Node. */
const OF_NODE: ReadonlySet<Section> = new Set(['start', 'first', 'memory']);

/** The same on another Node, from the registry's package of that name, in a process of its own. @throws CommandError 69 */
function onNode(major: string, { isQuick, sections }: Options): Results {
  const [only, folder] = [
    sections.filter((one) => OF_NODE.has(one)).join(','),
    mkdtempSync(path.join(tmpdir(), 'dlc-bench-node-')),
  ];
  try {
    const asked = ['--yes', `node@${major}`, '-p', 'process.execPath'];
    const node = spawnSync('npx', asked, { cwd: folder, encoding: 'utf8' }).stdout.trim();
    const json = path.join(folder, 'results.json');
    const args = ['--import', 'tsx', 'bench/main.ts', '--only', only, '--json', json];
    const { status } = spawnSync(node, isQuick ? [...args, '--quick'] : args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    if (status !== 0) {
      throw new CommandError(
        EXIT.unavailable,
        `Node ${major} cannot be had from the registry, or does not run this.`,
      );
    }
    const [results]: Results[] = JSON.parse(readFileSync(json, 'utf8'));
    if (!results) throw new CommandError(EXIT.software, `Node ${major} has measured nothing.`);
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

await run(bench.action((values) => main(readOptions(values))));
