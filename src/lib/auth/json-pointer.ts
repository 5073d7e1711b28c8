import { isJsonObject } from './json-object.ts';

/** JSON Pointer (RFC 6901), for claims: `/realm_access/roles`, `/https:~1~1example.com~1roles`. */

/** The members and indices on the way, unescaped. */
export type Pointer = readonly string[];

/** A pointer to a part of a document; the empty pointer, to the whole, is none. */
export const POINTER = /^(?:\/(?:[^~/]|~[01])*)+$/u;

/** @param text matches `POINTER` */
export function toPointer(text: string): Pointer {
  return text
    .split('/')
    .slice(1)
    .map((token) => token.replaceAll('~1', '/').replaceAll('~0', '~'));
}

/**
 * Gives the value that a pointer leads to, through own members and array indices alone.
 *
 * @returns `undefined` if it leads nowhere
 */
export function valueAt(document: unknown, pointer: Pointer): unknown {
  let value = document;
  for (const token of pointer) {
    const isIndex = Array.isArray(value) && /^(?:0|[1-9][0-9]*)$/.test(token);
    const isMember = isJsonObject(value) && Object.hasOwn(value, token);
    if (!isIndex && !isMember) return undefined;
    value = Reflect.get(Object(value), token);
  }
  return value;
}
