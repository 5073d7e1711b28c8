import { cancelEvent, settings } from '../callers.ts';
import { lifetime, startDlc } from '../children.ts';
import { figuresLess, type Figure } from '../figures.ts';
import { interleaved } from '../statistics.ts';
import type { Build } from '../subjects.ts';

const BARE = 'bare Node';

/** Measures from process start to handler ready. */
export async function measureStart({ subjects }: Build, rounds: number): Promise<Figure[]> {
  const env = settings('http://127.0.0.1:9');
  const rows = subjects.map(
    ({ name, file }) => [name, () => lifetime(['ready', file], env)] as const,
  );
  const bare = [BARE, () => lifetime(['ready'], env)] as const;
  const measured = await interleaved(rounds, Object.fromEntries([bare, ...rows]));
  return figuresLess('start', 'ms', BARE, measured);
}

/** Measures from process start to the first CancelTask's arrival at DLC, which includes all deferred work. */
export async function measureFirst({ subjects }: Build, rounds: number): Promise<Figure[]> {
  const dlc = await startDlc();
  const env = settings(dlc.url);
  const rows = subjects.map(
    ({ name, file }) =>
      [name, () => dlc.firstArrival(['first', file, JSON.stringify(cancelEvent())], env)] as const,
  );
  const bare = [BARE, () => lifetime(['ready'], env)] as const;
  try {
    const measured = await interleaved(rounds, Object.fromEntries([bare, ...rows]));
    return figuresLess('first', 'ms', BARE, measured);
  } finally {
    dlc.stop();
  }
}
