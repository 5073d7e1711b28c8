import { spreadOf, type Spread } from './statistics.ts';

/** One row of a table: what was measured of which program. */
export interface Figure extends Spread {
  readonly section: Section;
  /** The program, such as `gateway` or `hono`, and what of it. */
  readonly row: string;
  readonly unit: 'ms' | 's' | 'MB' | 'bytes' | '/s' | 'ratio' | 'requests';
}

/** The tables, in their order, with their titles. */
export const SECTIONS = {
  start: 'Start: from process to handler ready, less bare Node, ms',
  first: 'First cancellation: from process to its arrival at DLC, less bare Node, ms',
  size: 'What is deployed, bytes',
  memory: 'Memory over bare Node, MB',
  latency: 'End to end, DLC answering after 20 ms, ms',
  overload: 'One server, far more requests than DLC accepts',
  fleet: 'Four servers that share Redis, ten callers, one of which sends half of all requests',
  many: 'Many tasks of one caller, and many connections of strangers',
} as const;

export type Section = keyof typeof SECTIONS;

export const isSection = (name: string): name is Section => Object.hasOwn(SECTIONS, name);

export const ALL_SECTIONS = Object.keys(SECTIONS).filter(isSection);

export function figure(
  section: Section,
  row: string,
  unit: Figure['unit'],
  values: readonly number[],
): Figure {
  return { section, row, unit, ...spreadOf(values) };
}

/** A figure for each row but `base`, whose median is subtracted from all. */
export function figuresLess(
  section: Section,
  unit: Figure['unit'],
  base: string,
  measured: ReadonlyMap<string, readonly number[]>,
): Figure[] {
  const common = spreadOf(measured.get(base) ?? []).median;
  const less = (values: readonly number[]): number[] => values.map((value) => value - common);
  return [...measured]
    .filter(([row]) => row !== base)
    .map(([row, values]) => figure(section, row, unit, less(values)));
}

/** What a run has found, as `--json` writes it. */
export interface Results {
  readonly node: string;
  readonly machine: string;
  readonly date: string;
  readonly commit: string;
  readonly isQuick: boolean;
  readonly figures: readonly Figure[];
}

/** @returns the median; undefined if it was not measured */
export function valueOf(
  { figures }: Pick<Results, 'figures'>,
  section: Section,
  row: string,
): number | undefined {
  return figures.find((one) => one.section === section && one.row === row)?.median;
}
