import { isJsonObject } from '../auth/json-pointer.ts';
import { Problem } from '../problems.ts';
import { invalid } from '../tasks.ts';

/** Reads the body of a verified delivery: strict JSON, or a form. */

/** @param name of the part of the body; empty: the body itself */
export function invalidBody(message: string, name = ''): Problem {
  return invalid([{ in: 'body', name, message }]);
}

const JSON_TYPE = /^application\/([\w.+-]+\+)?json[\t ]*(;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded[\t ]*(;|$)/i;

/** @throws Problem `unsupported-media-type`, `invalid-request` */
export function readJson(contentType: string, body: Buffer): unknown {
  if (JSON_TYPE.test(contentType)) return parseStrictJson(body);
  const detail =
    'The body must be JSON: choose application/json as the content type at the sender.';
  throw new Problem('unsupported-media-type', { detail });
}

const MOST_FIELDS = 100;

/**
 * Reads the fields of a form; `payload`, which buttons send, is JSON.
 *
 * @throws Problem `unsupported-media-type`, `invalid-request`
 */
export function readForm(contentType: string, body: Buffer): unknown {
  if (!FORM_TYPE.test(contentType)) {
    const detail =
      'The body must be a form (application/x-www-form-urlencoded), as Slack sends it.';
    throw new Problem('unsupported-media-type', { detail });
  }
  const fields = new Map<string, unknown>();
  const text = body.toString();
  // Checked before they are decoded: Slack has some twenty.
  if (text.split('&', MOST_FIELDS + 1).length > MOST_FIELDS) {
    throw invalidBody(`must have at most ${MOST_FIELDS} fields`);
  }
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw invalidBody('must not have a field twice');
    fields.set(name, name === 'payload' ? parseStrictJson(Buffer.from(value), name) : value);
  }
  return Object.fromEntries(fields);
}

/**
 * Parses a body that is JSON in UTF-8 (RFC 8259). An object that has a member twice is refused: something
 * in front of the gateway may have read the other one (section 4). Linear in the body's length.
 */
function parseStrictJson(body: Buffer, name = ''): unknown {
  let text: string;
  let value: unknown;
  try {
    text = new TextDecoder('utf-8', { fatal: true }).decode(body);
    value = JSON.parse(text);
  } catch {
    throw invalidBody('must be JSON in UTF-8', name);
  }
  // `JSON.parse` keeps one of two members: the text then has more colons than the value has members.
  if (colons(text) !== members(value)) {
    throw invalidBody('must not have a member twice in an object', name);
  }
  return value;
}

/** The colons outside of texts: one for each member. */
function colons(json: string): number {
  return json.replace(/"[^"\\]*(?:\\.[^"\\]*)*"/g, '').split(':').length - 1;
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
