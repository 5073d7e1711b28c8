/** What is said of a number of measurements: the middle one, and where half of them lie. */
export interface Spread {
  readonly median: number;
  /** The quartiles. */
  readonly low: number;
  readonly high: number;
  readonly count: number;
}

/**
 * @param part 0 to 1, such as 0.99
 * @returns the value that this part of all does not exceed, between two of them by proportion (R's type 7); NaN of none
 */
export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const at = (sorted.length - 1) * part;
  const low = sorted[Math.floor(at)] ?? NaN;
  const high = sorted[Math.ceil(at)] ?? NaN;
  return low + (high - low) * (at - Math.floor(at));
}

export const median = (values: readonly number[]): number => quantile(values, 0.5);

export function spreadOf(values: readonly number[]): Spread {
  return {
    median: median(values),
    low: quantile(values, 0.25),
    high: quantile(values, 0.75),
    count: values.length,
  };
}

/**
 * Measures every row once, then every row again, and so on: what the machine does meanwhile meets all alike.
 *
 * @returns the measurements by row
 */
export async function interleaved<R extends string>(
  rounds: number,
  rows: Readonly<Record<R, () => Promise<number> | number>>,
): Promise<Map<string, number[]>> {
  const measured = new Map<string, number[]>(Object.keys(rows).map((row) => [row, []]));
  for (let round = 0; round < rounds; round += 1) {
    for (const [row, measure] of Object.entries<() => Promise<number> | number>(rows)) {
      measured.get(row)?.push(await measure());
    }
  }
  return measured;
}
