import { toPointer, valueAt, type Pointer } from './json-pointer.ts';

type ClaimValue = string | number | boolean;

/** Conditions on claims as an entry has them: `{"/roles": ["canceller", "admin"], "/tid": "…"}`. */
export type ClaimConditions = Readonly<Record<string, ClaimValue | readonly ClaimValue[]>>;

/** One condition: of `when` of a grant, or of `require` of an issuer. */
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

/**
 * Finds the first condition that the claims do not meet. A claim meets it if it equals one of the values, strictly, or
 * is an array that has one, or, for `/scope` and `/scp` (RFC 8693 section 4.2), a space-separated list that has one.
 */
export function unmetTest(tests: readonly ClaimTest[], claims: unknown): ClaimTest | undefined {
  return tests.find(({ name, pointer, values }) => {
    const claim = valueAt(claims, pointer);
    const isList = typeof claim === 'string' && (name === '/scope' || name === '/scp');
    const candidates: readonly unknown[] = [claim, ...(isList ? claim.split(' ') : [])].flat();
    return !candidates.some((candidate) => values.has(candidate));
  });
}
