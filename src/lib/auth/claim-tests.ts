import { toPointer, valueAt, type Pointer } from './json-pointer.ts';

/** Conditions on the claims of a verified token: `when` of a grant and `require` of an issuer. */

type ClaimValue = string | number | boolean;

/** Conditions as an entry has them: `{"/roles": ["canceller", "admin"], "/tid": "…"}`. */
export type ClaimConditions = Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>;

export interface ClaimTest {
  /** The pointer as it was written, for messages. */
  readonly name: string;
  readonly pointer: Pointer;
  readonly values: ReadonlySet<unknown>;
}

export function toClaimTests(conditions: ClaimConditions): readonly ClaimTest[] {
  return Object.entries(conditions).map(([name, values]) => ({
    name,
    pointer: toPointer(name),
    values: new Set([values].flat()),
  }));
}

/** RFC 8693 section 4.2: `scope` is a space-separated list; several providers write `scp` so too. */
const LISTS_OF_WORDS = new Set(['/scope', '/scp']);

/**
 * Finds the first condition that the claims do not meet. A claim meets it if it equals one of the values,
 * or is an array that has one, or, for `/scope` and `/scp`, a space-separated list that has one. Values are
 * compared strictly: no number equals a text, no text equals a part of one.
 */
export function unmetTest(tests: readonly ClaimTest[], claims: unknown): ClaimTest | undefined {
  return tests.find(({ name, pointer, values }) => {
    const claim = valueAt(claims, pointer);
    const isWords = typeof claim === 'string' && LISTS_OF_WORDS.has(name);
    const words = isWords ? claim.split(' ') : [];
    const candidates: readonly unknown[] = Array.isArray(claim) ? claim : [claim, ...words];
    return !candidates.some((candidate) => values.has(candidate));
  });
}
