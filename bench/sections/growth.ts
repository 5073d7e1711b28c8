import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import {
  byKey,
  byToken,
  byWebhook,
  everyKind,
  issuerEntries,
  keyEntries,
  settings,
} from '../callers.ts';
import { startDlc, type Environment } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { interleaved } from '../statistics.ts';
import type { Build } from '../subjects.ts';
import { cpuOf } from './cpu.ts';

/** How the cost of a request, and of a start, grows with keys, issuers, and tasks in a burst of webhooks. */
export async function measureGrowth(
  { dist }: Build,
  rounds: number,
  count: number,
): Promise<Figure[]> {
  const dlc = await startDlc();
  const file = path.join(dist, 'function.js');
  const folder = await mkdtemp(path.join(tmpdir(), 'dlc-bench-callers-'));
  /** As a mounted file: all variables of a function together have 4 KB. */
  const inFile = async (name: string, entries: readonly object[]): Promise<string> => {
    const where = path.join(folder, `${name}-${entries.length}.json`);
    await writeFile(where, JSON.stringify(entries));
    return `@${where}`;
  };
  const rows: Record<string, () => Promise<number>> = {};
  const row = (name: string, events: readonly object[], env: Environment): void => {
    rows[`${name}: request`] = () => cpuOf(file, events, count, env);
    // With bare Node's start in it: settings are read at the first one.
    rows[`${name}: first cancellation`] = async () =>
      dlc.firstArrival(['first', file, JSON.stringify(events[0])], env);
  };
  try {
    for (const keys of [1, 100, 10_000]) {
      const API_KEYS = await inFile('keys', keyEntries(keys));
      row(`${keys} keys`, [byKey('a', keys - 1)], settings(dlc.url, { API_KEYS }));
    }
    for (const issuers of [1, 100]) {
      const JWT_ISSUERS = await inFile('issuers', issuerEntries(issuers));
      row(`${issuers} issuers`, [await byToken(issuers - 1)], settings(dlc.url, { JWT_ISSUERS }));
    }
    for (const tasks of [1, 100, 1000]) {
      const burst = Array.from({ length: tasks }, (_, i) => byWebhook(`t${i}`));
      row(`webhooks for ${tasks} tasks`, burst, everyKind(dlc.url));
    }
    const measured = await interleaved(rounds, rows);
    return [...measured].map(([name, values]) =>
      figure('growth', name, name.endsWith('request') ? 'us' : 'ms', values),
    );
  } finally {
    dlc.stop();
    await rm(folder, { recursive: true });
  }
}
