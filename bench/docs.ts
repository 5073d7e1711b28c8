import { readFileSync } from 'node:fs';
import path from 'node:path';

import { bundle, DIST, replace, root } from '../scripts/build/bundle.ts';
import type { Results } from './figures.ts';
import { barsSvg } from './plot.ts';
import { tables } from './table.ts';
import { treemapSvg } from './treemap.ts';

/** What a run leaves in the documents: its tables between two marks, and its figures and plots beside them. */

const PAGE = path.join(root, 'docs/performance.md');
const FOLDER = path.join(root, 'docs/bench');
const BEGIN = '<!-- npm run bench writes from here -->';
const END = '<!-- to here -->';

/** The page's text with these runs in it. */
export function withRuns(page: string, runs: readonly Results[]): string {
  const [before = '', rest = ''] = page.split(BEGIN);
  const after = rest.slice(rest.indexOf(END));
  return `${before}${BEGIN}\n\n${runs.map(tables).join('\n\n')}\n\n${after}`;
}

export async function writeDocs(runs: readonly Results[]): Promise<void> {
  const [run] = runs;
  if (!run) return;
  await replace(path.join(FOLDER, 'results.json'), `${JSON.stringify(runs, undefined, 2)}\n`);
  await replace(path.join(FOLDER, 'peers.svg'), barsSvg(run));
  await replace(path.join(FOLDER, 'function.svg'), await functionTreemap());
  await replace(PAGE, withRuns(readFileSync(PAGE, 'utf8'), runs));
}

async function functionTreemap(): Promise<string> {
  const { outputs } = await bundle(DIST);
  const { bytes = 0, inputs = {} } = outputs['dist/function.js'] ?? {};
  const parts = Object.entries(inputs).map(
    ([file, { bytesInOutput }]) => [file, bytesInOutput] as const,
  );
  return treemapSvg(`function.js: ${bytes} bytes, by module`, Object.fromEntries(parts));
}
