import { settings } from '../callers.ts';
import { output } from '../children.ts';
import { figuresLess, type Figure } from '../figures.ts';
import { interleaved } from '../statistics.ts';
import type { Build } from '../subjects.ts';

const BARE = 'bare Node';

/** Measures the resident memory of a process at ready, over that of bare Node. */
export async function measureMemory({ subjects }: Build, rounds: number): Promise<Figure[]> {
  const env = settings('http://127.0.0.1:9');
  const megabytes = async (file: string): Promise<number> => {
    const bytes = await output(['memory', file], { env, flags: ['--expose-gc'] });
    return Number(bytes) / 1_000_000;
  };
  const rows = subjects.map(({ name, file }) => [name, () => megabytes(file)] as const);
  const all = Object.fromEntries([[BARE, () => megabytes('')], ...rows]);
  const measured = await interleaved(rounds, all);
  return figuresLess('memory', 'MB', BARE, measured);
}
