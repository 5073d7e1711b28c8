import type { Cancellation } from './probe.ts';
import type { Size, Weights } from './weigh.ts';

/** What is compared: how a build is, and how it was when its budget was last written down. */
export interface Record {
  /** Bytes of a file by name. */
  readonly bytes: Weights;
  /** Bytes of `function.js` by module. */
  readonly modules: Weights;
  readonly cancellation: Cancellation;
}

export interface Verdict {
  readonly line: string;
  readonly isWithin: boolean;
}

/** So much more may a cancellation allocate before it is too much: what another patch of Node may change. */
const ALLOCATION_TOLERANCE = 1.03;

/** @param limits bytes of a file by name */
export function compareBytes(
  limits: Weights,
  is: Record,
  was: Pick<Record, 'modules'> | undefined,
): Verdict[] {
  return Object.entries(limits).map(([name, limit]) => {
    const bytes = is.bytes[name] ?? Infinity;
    const isWithin = bytes <= limit;
    const blame =
      isWithin || !name.startsWith('function') ? '' : grown(is.modules, was?.modules ?? {});
    return { isWithin, line: `dist/${name}: ${bytes} of ${limit} bytes${blame}` };
  });
}

/** A later feature that does not fit says in its commit why it is worth more lines. */
export function compareSize(limits: Size, is: Size): Verdict {
  const isWithin = is.lines <= limits.lines && is.files <= limits.files;
  const line = `src: ${is.lines} of ${limits.lines} lines in ${is.files} of ${limits.files} files`;
  return { isWithin, line };
}

/** @param was absent where nobody has written down what this version of Node does */
export function compareCancellation(is: Cancellation, was: Cancellation | undefined): Verdict[] {
  if (!was) {
    const line =
      'a cancellation: no record for this version of Node (npm run budgets -- --write makes one)';
    return [{ isWithin: true, line }];
  }
  const loaded = [...is.builtins, ...is.files];
  const known = new Set([...was.builtins, ...was.files]);
  const added = loaded.filter((name) => !known.has(name));
  const limit = Math.round(was.allocated * ALLOCATION_TOLERANCE);
  const isWithin = is.allocated <= limit;
  const blame = isWithin ? '' : grown(is.allocatedBy, was.allocatedBy);
  return [
    {
      isWithin: added.length === 0,
      line: `a cancellation loads ${loaded.length} modules${added.length > 0 ? `; new: ${added.join(', ')}` : ''}`,
    },
    {
      isWithin,
      line: `a cancellation allocates ${Math.round(is.allocated)} of ${limit} bytes${blame}`,
    },
  ];
}

/** What grew most, for people. */
function grown(is: Weights, was: Weights): string {
  const growth = Object.entries(is)
    .map(([name, bytes]) => [name, Math.round(bytes - (was[name] ?? 0))] as const)
    .filter(([, more]) => more > 0)
    .toSorted(([, a], [, b]) => b - a)
    .slice(0, 5);
  if (growth.length === 0) return '';
  return `; grown since the record: ${growth.map(([name, more]) => `${name} +${more}`).join(', ')}`;
}
