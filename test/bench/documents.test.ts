import { describe, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { withRuns } from '../../bench/docs.ts';
import type { Results } from '../../bench/figures.ts';
import { barsSvg } from '../../bench/plot.ts';
import { tables } from '../../bench/table.ts';
import { treemapSvg } from '../../bench/treemap.ts';
import { projectRoot } from '../support/checkout.ts';
import { itWith, NEEDS_PEERS } from '../support/needs.ts';

/** The benchmark as people run it, and what of it stands in the documents. */

const inProject = (name: string): string => readFileSync(path.join(projectRoot, name), 'utf8');

describe('docs/performance.md', () => {
  const runs: Results[] = JSON.parse(inProject('docs/bench/results.json'));

  it('has the tables of the run whose figures are beside it', () => {
    const page = inProject('docs/performance.md');
    expect(page).toBe(withRuns(page, runs));
    expect(withRuns(page, runs.slice(1))).not.toBe(page);
  });

  it('has its plot', () => {
    const [run] = runs;
    expect(run && barsSvg(run)).toBe(inProject('docs/bench/peers.svg'));
  });

  it('shows a whole run, with all peers, on three versions of Node', () => {
    expect(runs.map(({ node, isQuick }) => [node.split('.')[0], isQuick])).toEqual([
      ['20', false],
      ['22', false],
      ['24', false],
    ]);
    expect(new Set(runs[0]?.figures.map(({ section }) => section)).size).toBe(9);
  });
});

it('draws every module, and escapes what is no text', () => {
  const svg = treemapSvg('a & b', { 'src/x.ts': 10, 'node_modules/@a/b/c<d.js': 20 });
  expect(svg).toContain('<title>a &#38; b</title>');
  expect(svg).toContain('<title>src/x.ts: 10 bytes</title>');
  expect(svg).toContain('<title>@a/b/c&#60;d.js: 20 bytes</title>');
});

itWith(
  [NEEDS_PEERS],
  'npm run bench measures side by side, as tables and as JSON',
  async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'dlc-bench-test-'));
    try {
      const json = path.join(folder, 'results.json');
      const args = [
        '--import',
        'tsx',
        'bench/main.ts',
        '--quick',
        '--only',
        'start,size',
        '--json',
        json,
      ];
      const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: projectRoot });
      const [run]: Results[] = JSON.parse(readFileSync(json, 'utf8'));
      if (!run) throw new Error('no run');
      expect(stdout).toBe(`${tables(run)}\n`);
      expect(run).toMatchObject({ node: process.versions.node, isQuick: true });
      const started = run.figures.filter(({ section }) => section === 'start');
      expect(started.map(({ row }) => row)).toEqual([
        'gateway',
        'whole-sdk',
        'express',
        'hono',
        'powertools',
        'middy',
        'by-hand',
      ]);
      for (const one of started) expect(one).toMatchObject({ unit: 'ms', count: 3 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  },
  120_000,
);
