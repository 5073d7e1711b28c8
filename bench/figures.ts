import { spreadOf, type Spread } from './statistics.ts';

/** One row of a table: what was measured of whom. */
export interface Figure extends Spread {
  /** Of which table. */
  readonly section: Section;
  /** Whom: `gateway`, `hono`, … */
  readonly row: string;
  readonly unit: 'ms' | 'MB' | 'bytes' | 'us' | '/s' | 'ratio' | 'requests';
}

/** The tables, in their order, with what stands above each. */
export const SECTIONS = {
  start: 'Start: from process to handler ready, less bare Node, ms',
  first: 'First cancellation: from process to its arrival at DLC, less bare Node, ms',
  size: 'What is deployed, bytes',
  memory: 'Memory over bare Node, MB',
  cpu: 'CPU of a warm request, us',
  latency: 'End to end, DLC answering after 20 ms, ms',
  overload: 'One server, far more offered than DLC takes',
  fleet: 'Four servers that share Redis, ten callers of whom one sends half of everything',
  growth:
    'What grows with the configuration and the burst: CPU of a request, us; from process to the first cancellation, ms',
} as const;

export type Section = keyof typeof SECTIONS;

export const isSection = (name: string): name is Section => Object.hasOwn(SECTIONS, name);

export function figure(
  section: Section,
  row: string,
  unit: Figure['unit'],
  values: readonly number[],
): Figure {
  return { section, row, unit, ...spreadOf(values) };
}

/** A figure for each row, less the median of the row that all have in common. */
export function figuresLess(
  section: Section,
  unit: Figure['unit'],
  base: string,
  measured: ReadonlyMap<string, readonly number[]>,
): Figure[] {
  const common = spreadOf(measured.get(base) ?? []).median;
  return [...measured]
    .filter(([row]) => row !== base)
    .map(([row, values]) =>
      figure(
        section,
        row,
        unit,
        values.map((value) => value - common),
      ),
    );
}

/** Everything that a run has found, as it is written to a file. */
export interface Results {
  readonly node: string;
  readonly machine: string;
  readonly date: string;
  readonly commit: string;
  readonly isQuick: boolean;
  readonly figures: readonly Figure[];
}

/** @returns the median; undefined where it was not measured */
export function valueOf(
  figures: readonly Figure[],
  section: Section,
  row: string,
): number | undefined {
  return figures.find((one) => one.section === section && one.row === row)?.median;
}
