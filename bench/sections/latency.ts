import path from 'node:path';

import { keyOf, settings } from '../callers.ts';
import { output, startDlc, startListening } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { interleaved, quantile } from '../statistics.ts';
import type { Build } from '../subjects.ts';

/** As fast as DLC can be from the same region: the less it takes, the more the gateway's part shows. */
const DLC_MS = 20;

/** Measures from a caller's request to its response, one at once: over HTTP through the gateway, and by the SDK directly. */
export async function measureLatency(
  { dist }: Build,
  rounds: number,
  count: number,
): Promise<Figure[]> {
  const dlc = await startDlc(DLC_MS);
  const env = settings(dlc.url, { HOST: '127.0.0.1', PORT: '0' });
  const server = await startListening([path.join(dist, 'server.js')], env);
  const client = { ...env, GATEWAY: `http://127.0.0.1:${server.port}`, KEY: keyOf(0) };
  const slowest = new Map<string, number[]>();
  const times = async (way: string): Promise<number> => {
    const took: number[] = JSON.parse(await output(['load', way, String(count)], { env: client }));
    slowest.set(way, [...(slowest.get(way) ?? []), quantile(took, 0.99)]);
    return quantile(took, 0.5);
  };
  const ways = ['gateway', 'SDK directly'];
  try {
    const rows = ways.map((way) => [way, () => times(way)] as const);
    const middle = await interleaved(rounds, Object.fromEntries(rows));
    return ways.flatMap((way) => [
      figure('latency', `${way}: p50`, 'ms', middle.get(way) ?? []),
      figure('latency', `${way}: p99`, 'ms', slowest.get(way) ?? []),
    ]);
  } finally {
    await server.stop();
    dlc.stop();
  }
}
