import { rmSync } from 'node:fs';
import { mkdtemp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { bundle } from '../scripts/build/bundle.ts';
import { makePackages } from '../scripts/build/package.ts';
import { buildPeers } from './peers/build.ts';

/** What is measured side by side: the gateway and its peers. */
export interface Subject {
  readonly name: string;
  /** The file that a platform would load, with `handler`. */
  readonly file: string;
  readonly bundled: boolean;
}

export interface Build {
  /** Where the gateway was built, as `dist/` is. */
  readonly dist: string;
  readonly subjects: readonly Subject[];
  remove(): void;
}

/** Builds all of them into a folder of the run's own. */
export async function buildAll(): Promise<Build> {
  const folder = await mkdtemp(path.join(tmpdir(), 'dlc-bench-'));
  // Ctrl-C too leaves nothing behind.
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  process.once('exit', remove);
  const dist = path.join(folder, 'dist');
  await makePackages(dist, await bundle(dist));
  const peers = await buildPeers(path.join(folder, 'peers'));
  return {
    dist,
    remove,
    subjects: [{ name: 'gateway', file: path.join(dist, 'function.js'), bundled: true }, ...peers],
  };
}
