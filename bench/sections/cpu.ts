import path from 'node:path';

import { root } from '../../scripts/build/bundle.ts';
import { byKey, byToken, byWebhook, everyKind } from '../callers.ts';
import { output, startDlc, type Environment } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { interleaved, median } from '../statistics.ts';
import type { Build } from '../subjects.ts';

const SDK = path.join(root, 'bench/children/sdk.cjs');

/** What one answer takes, in us of CPU, warm. */
export async function cpuOf(
  file: string,
  events: readonly object[],
  count: number,
  env: Environment,
): Promise<number> {
  return Number(await output(['cpu', file, String(count)], { env, input: JSON.stringify(events) }));
}

/** The gateway's own work, beside the SDK's call that it makes: for each kind of caller, and of every peer with a key. */
export async function measureCpu(
  { dist, subjects }: Build,
  rounds: number,
  count: number,
): Promise<Figure[]> {
  const dlc = await startDlc();
  const env = everyKind(dlc.url);
  const gateway = path.join(dist, 'function.js');
  const token = await byToken();
  const rows = {
    'SDK call alone': () => cpuOf(SDK, [{}], count, env),
    'gateway, API key': () => cpuOf(gateway, [byKey()], count, env),
    'gateway, token': () => cpuOf(gateway, [token], count, env),
    'gateway, webhook': () => cpuOf(gateway, [byWebhook()], count, env),
    ...Object.fromEntries(
      subjects
        .filter(({ name }) => !name.startsWith('gateway'))
        .map(({ name, file }) => [name, () => cpuOf(file, [byKey()], count, env)] as const),
    ),
  };
  try {
    const measured = await interleaved(rounds, rows);
    const call = median(measured.get('SDK call alone') ?? []);
    return [...measured].flatMap(([row, values]) => {
      const shares = values.map((value) => (value - call) / call);
      const all = figure('cpu', row, 'us', values);
      if (!row.startsWith('gateway')) return [all];
      return [all, figure('cpu', `${row}: own, to one of the call`, 'ratio', shares)];
    });
  } finally {
    dlc.stop();
  }
}
