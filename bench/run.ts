import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { cpus, tmpdir } from 'node:os';
import path from 'node:path';

import { root } from '../scripts/places.ts';
import { CommandError } from '../scripts/cli/command-line.ts';
import { EXIT } from '../scripts/cli/exit-codes.ts';
import { say } from '../scripts/cli/terminal.ts';
import type { Figure, Results, Section } from './figures.ts';
import { arePeersInstalled } from './peers/build.ts';
import { measureLatency } from './sections/latency.ts';
import { measureBatches, measureBeside } from './sections/many.ts';
import { measureMemory } from './sections/memory.ts';
import { measureFleet, measureOverload } from './sections/overload.ts';
import { measureSize } from './sections/size.ts';
import { measureSlow } from './sections/slow.ts';
import { measureFirst, measureStart } from './sections/start.ts';
import { buildAll, type Build } from './subjects.ts';

type Measure = (build: Build, isQuick: boolean) => Promise<Figure[]> | Figure[];

/** How much of each: a whole run takes some twelve minutes, a quick one less than two. */
const MEASURES: Readonly<Record<Section, Measure>> = {
  start: (build, isQuick) => measureStart(build, isQuick ? 3 : 31),
  first: (build, isQuick) => measureFirst(build, isQuick ? 3 : 31),
  size: measureSize,
  memory: (build, isQuick) => measureMemory(build, isQuick ? 1 : 5),
  latency: (build, isQuick) => measureLatency(build, isQuick ? 1 : 5, isQuick ? 10 : 100),
  overload: (build, isQuick) => measureOverload(build, isQuick ? 1 : 3, isQuick ? 3 : 10),
  fleet: (build, isQuick) => measureFleet(build, isQuick ? 1 : 3, isQuick ? 4 : 12),
  many: async (build, isQuick) => [
    ...(await measureBatches(build, isQuick ? 1 : 3)),
    ...(await measureBeside(build, isQuick ? 1 : 3, isQuick ? 5 : 20)),
    ...(await measureSlow(build, isQuick ? 1 : 3, isQuick ? 3 : 10)),
  ],
};

/** Measures on this Node. @throws CommandError 69 if the peers cannot be installed */
export async function measure(sections: readonly Section[], isQuick: boolean): Promise<Results> {
  installPeers();
  say(`Node ${process.versions.node}: building …`);
  const build = await buildAll();
  const figures: Figure[] = [];
  try {
    for (const section of sections) {
      const begun = performance.now();
      const found = await MEASURES[section](build, isQuick);
      figures.push(...found);
      const seconds = ((performance.now() - begun) / 1000).toFixed(1);
      say(found.length > 0 ? `${section}: ${seconds} s` : `${section}: left out, no redis-server`);
    }
  } finally {
    build.remove();
  }
  return { ...environment(), isQuick, figures };
}

function installPeers(): void {
  if (arePeersInstalled()) return;
  say('Installing the peers (npm ci --prefix bench/peers) …');
  // npm's output is no result of the benchmark.
  const args = ['ci', '--prefix', 'bench/peers'];
  const { status } = spawnSync('npm', args, { cwd: root, stdio: ['ignore', 2, 2] });
  if (status !== 0) throw new CommandError(EXIT.unavailable, 'The peers cannot be installed.');
}

function environment(): Pick<Results, 'node' | 'machine' | 'date' | 'commit'> {
  const [cpu] = cpus();
  const git = spawnSync('git', ['rev-parse', '--short', 'HEAD'], { cwd: root, encoding: 'utf8' });
  return {
    node: process.versions.node,
    machine: `${cpus().length} × ${cpu?.model.trim() ?? 'unknown'}, ${process.platform} ${process.arch}`,
    date: new Date().toISOString().slice(0, 10),
    commit: git.status === 0 ? git.stdout.trim() : 'none',
  };
}

/** The sections that depend most on the version of Node. */
const OF_NODE: ReadonlySet<Section> = new Set(['start', 'first', 'memory']);

/**
 * Measures on another Node, from the registry's package `node`, in a process of its own.
 *
 * @throws CommandError 69 if the registry does not have it, or it fails
 */
export function measureOnNode(major: string, all: readonly Section[], isQuick: boolean): Results {
  const sections = all.filter((one) => OF_NODE.has(one)).join(',');
  const folder = mkdtempSync(path.join(tmpdir(), 'dlc-bench-node-'));
  try {
    const asked = ['--yes', `node@${major}`, '-p', 'process.execPath'];
    const node = spawnSync('npx', asked, { cwd: folder, encoding: 'utf8' }).stdout.trim();
    const json = path.join(folder, 'results.json');
    const args = ['--import', 'tsx', 'bench/main.ts', '--only', sections, '--json', json];
    const { status } = spawnSync(node, isQuick ? [...args, '--quick'] : args, {
      cwd: root,
      stdio: ['ignore', 'ignore', 'inherit'],
    });
    const message = `Node ${major} cannot be had from the registry, or does not run this.`;
    if (status !== 0) throw new CommandError(EXIT.unavailable, message);
    const [results]: Results[] = JSON.parse(readFileSync(json, 'utf8'));
    if (!results) throw new CommandError(EXIT.software, `Node ${major} has measured nothing.`);
    return results;
  } finally {
    rmSync(folder, { recursive: true });
  }
}
