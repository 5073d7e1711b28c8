/** JSON that others send: pointers into it, and conditions on what they lead to. */

export type JsonObject = Readonly<Record<string, unknown>>;

/** Tells a JSON object from everything else that `JSON.parse` can give. */
export function isJsonObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A JSON Pointer (RFC 6901) as members and indices, unescaped: `/realm_access/roles`, `/https:~1~1a.example~1roles`. */
export type Pointer = readonly string[];

/** A pointer to a part of a document; the empty pointer, to the whole, is none. */
export const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/u;

/** Also the empty pointer, which is the whole document. */
export const POINTER_OR_WHOLE = /^(?:\/(?:[^~/]|~[01])*)*$/u;

/** @param text matches `POINTER_OR_WHOLE` */
export function toPointer(text: string): Pointer {
  const [, ...tokens] = text.split('/');
  return tokens.map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/** Gives the value that a pointer leads to, through own members and array indices alone, if there is one. */
export function valueAt(document: unknown, pointer: Pointer): unknown {
  let value = document;
  for (const token of pointer) {
    const isContainer = typeof value === 'object' && value !== null;
    const isLength = Array.isArray(value) && token === 'length';
    if (!isContainer || isLength || !Object.hasOwn(Object(value), token)) return undefined;
    value = Reflect.get(Object(value), token);
  }
  return value;
}

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
