import { byKey, settings } from '../callers.ts';
import { output, startDlc } from '../children.ts';
import { figure, figuresLess, type Figure } from '../figures.ts';
import { interleaved } from '../statistics.ts';
import type { Build } from '../subjects.ts';

const MB = 1_000_000;

interface Held {
  readonly rss: number;
  readonly heapUsed: number;
}

/** What a process holds when it is ready, and after so many requests, over what bare Node holds. */
export async function measureMemory(
  { subjects }: Build,
  rounds: number,
  requests: number,
): Promise<Figure[]> {
  const dlc = await startDlc();
  const env = settings(dlc.url);
  const after = new Map<string, number[]>();
  const held = async (name: string, args: readonly string[]): Promise<number> => {
    const said = await output(['memory', ...args], { env, flags: ['--expose-gc'] });
    const found: { ready: Held; after: Held } = JSON.parse(said);
    after.set(name, [...(after.get(name) ?? []), found.after.rss / MB]);
    return found.ready.rss / MB;
  };
  const event = JSON.stringify(byKey());
  const rows = subjects.map(
    ({ name, file }) => [name, () => held(name, [file, event, String(requests)])] as const,
  );
  try {
    const all = Object.fromEntries([['bare Node', () => held('bare Node', [])], ...rows]);
    const ready = await interleaved(rounds, all);
    return [
      ...figuresLess('memory', 'MB', 'bare Node', ready),
      ...figuresLess('memory', 'MB', 'bare Node', after).map((one) => ({
        ...one,
        row: `${one.row}, after ${requests} requests`,
      })),
      figure('memory', 'bare Node itself', 'MB', ready.get('bare Node') ?? []),
    ];
  } finally {
    dlc.stop();
  }
}
