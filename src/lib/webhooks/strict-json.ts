import { isJsonObject } from '../auth/json-pointer.ts';
import { invalidBody } from './unreadable.ts';

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COLON = 0x3a;

/**
 * Parses a body that is JSON in UTF-8 (RFC 8259). An object that has a member twice is refused: whoever
 * looked at the body before may have taken the other one (section 4). Linear in the body's length.
 *
 * @throws Unreadable
 */
export function parseStrictJson(body: Buffer, name = ''): unknown {
  const { text, value } = parse(body, name);
  // `JSON.parse` keeps one of two members: the text then has more colons than the value has members.
  if (colons(text) !== members(value)) {
    throw invalidBody('must not have a member twice in an object', name);
  }
  return value;
}

function parse(body: Buffer, name: string): { text: string; value: unknown } {
  try {
    const text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    return { text, value: JSON.parse(text) };
  } catch {
    throw invalidBody('must be JSON in UTF-8', name);
  }
}

/** The colons outside of texts: one for each member. */
function colons(json: string): number {
  let count = 0;
  let isInText = false;
  for (let at = 0; at < json.length; at += 1) {
    const char = json.charCodeAt(at);
    if (char === QUOTE) isInText = !isInText;
    else if (isInText && char === BACKSLASH) at += 1;
    else if (!isInText && char === COLON) count += 1;
  }
  return count;
}

/** The members of all objects. Without recursion: a body may be nested as deep as it is long. */
function members(value: unknown): number {
  let count = 0;
  const open: unknown[] = [value];
  while (open.length > 0) {
    const next = open.pop();
    if (Array.isArray(next)) {
      for (const one of next) if (typeof one === 'object') open.push(one);
    } else if (isJsonObject(next)) {
      // Twice as fast as `Object.values`. What `JSON.parse` makes inherits nothing that is enumerable.
      for (const name in next) {
        count += 1;
        if (typeof next[name] === 'object') open.push(next[name]);
      }
    }
  }
  return count;
}
