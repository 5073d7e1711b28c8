import path from 'node:path';

import { keyOf, settings } from '../callers.ts';
import { output, startDlc, startListening } from '../children.ts';
import { figure, type Figure } from '../figures.ts';
import { interleaved, quantile } from '../statistics.ts';
import type { Build } from '../subjects.ts';

/** As fast as DLC can be from the same region; the less it takes, the more the gateway's part shows. */
const DLC_MS = 20;

/** From a caller's request to its answer, over HTTP and through the gateway, and by the SDK directly. */
export async function measureLatency(
  { dist }: Build,
  rounds: number,
  perCaller: number,
): Promise<Figure[]> {
  const dlc = await startDlc(DLC_MS);
  const env = settings(dlc.url, { HOST: '127.0.0.1', PORT: '0' });
  const server = await startListening([path.join(dist, 'server.js')], env);
  const client = { ...env, GATEWAY: `http://127.0.0.1:${server.port}`, KEY: keyOf(0) };
  try {
    const figures: Figure[] = [];
    for (const concurrency of [1, 16, 128]) {
      const slowest = new Map<string, number[]>();
      const times = async (way: string): Promise<number> => {
        const count = Math.max(perCaller * Math.min(concurrency, 16), 2 * concurrency);
        const said = await output(['load', way, String(concurrency), String(count)], {
          env: client,
        });
        const took: number[] = JSON.parse(said);
        slowest.set(way, [...(slowest.get(way) ?? []), quantile(took, 0.99)]);
        return quantile(took, 0.5);
      };
      const ways = { gateway: () => times('gateway'), sdk: () => times('sdk') };
      const middle = await interleaved(rounds, ways);
      for (const [way, values] of middle) {
        const row = `${way === 'sdk' ? 'SDK directly' : 'gateway'}, ${concurrency} at once`;
        figures.push(figure('latency', `${row}: p50`, 'ms', values));
        figures.push(figure('latency', `${row}: p99`, 'ms', slowest.get(way) ?? []));
      }
    }
    return figures;
  } finally {
    await server.stop();
    dlc.stop();
  }
}
