import { readFileSync } from 'node:fs';
import path from 'node:path';

import { SettingError } from './setting-error.ts';

/**
 * Gives the value of a setting that is JSON, or `@path` to a JSON file in UTF-8. A byte order mark is skipped.
 *
 * @param baseDir what a relative path starts from: the bundle's directory
 * @throws SettingError which quotes the path, but neither the value nor the file: both may hold secrets
 */
export function readJsonSetting(value: string, baseDir: string): unknown {
  const setting = value.replace(/^\ufeff/, '');
  if (setting.startsWith('@')) return readJsonFile(setting.slice(1), baseDir);
  if (/^[^[{"'\s]*(\.json|[/\\])[^[{"'\s]*$/.test(setting)) {
    throw new SettingError(
      'is not JSON, but looks like the path of a file without the @ before it',
    );
  }
  return parse(setting, 'is');
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EISDIR: 'is a folder',
  EACCES: 'the gateway may not read (EACCES)',
};

function readJsonFile(name: string, baseDir: string): unknown {
  const file = path.resolve(baseDir, name);
  // A secret may begin with `@` too, and must not be quoted in the place of a path.
  const isShown = /^\/|\.(json[c5]?|ya?ml|txt)$/i.test(name) && name.length <= 200;
  const subject = `points to ${isShown ? file.replace(/[^\p{L}\p{N} _./\\:@+~-]/gu, '?') : 'a file'}, which`;
  const text = new TextDecoder().decode(readBytes(file, subject));
  // Every JSON text has ASCII characters, of which UTF-16 makes a zero byte each.
  if (text.includes('\0')) throw new SettingError(`${subject} is UTF-16: save it as UTF-8`);
  if (text.includes('\ufffd')) throw new SettingError(`${subject} is not UTF-8: save it as UTF-8`);
  return parse(text, `${subject} is`);
}

function readBytes(file: string, subject: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = String(Object(error).code);
    throw new SettingError(`${subject} ${REASONS[code] ?? `cannot be read (${code})`}`);
  }
}

function parse(text: string, subject: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingError(`${subject} not JSON: ${explainJson(text)}`);
  }
}

/** A token of JSON (RFC 8259), after blanks. */
const TOKEN =
  /[ \t\n\r]*([[\]{}:,]|"(?:[^"\\\p{Cc}]|[\u007f-\u009f]|\\(?:["\\/bfnrt]|u[\dA-Fa-f]{4}))*"|(?:-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[Ee][+-]?\d+)?|true|false|null)(?![\w.]))/uy;

/** An array or object that is complete, if each text in it is written as `t`, and each other value as `v`. */
const COMPLETE = /\[[tv]?\]$|\{(t:[tv](,t:[tv])*)?\}$/;
/** An array's member that another one follows. */
const FORMER = /(?<=\[)[tv],(?=[tv]$)/;
/** What JSON can begin with, if what is complete is written so and former members are left out. */
const BEGINNING = /^(\[([tv],)?|\{(t:[tv],)*t:)*([tv]|\{(t:[tv],)*(t(:[tv])?)?)?$/;

/**
 * Says where a text stops being JSON, and which slip that most likely is. Node's own message quotes the text, which may
 * hold a secret, and mostly has no position.
 *
 * @returns `line 2, column 5: …`, both from 1; quotes nothing of the text
 */
export function explainJson(text: string): string {
  let [read, end] = ['', 0];
  for (;;) {
    TOKEN.lastIndex = end;
    const [match = '', token = ''] = TOKEN.exec(text) ?? [];
    const symbol = token.startsWith('"') ? 't' : token.replace(/^[\w-].*$/, 'v');
    const next = (read + symbol).replace(COMPLETE, 'v').replace(FORMER, '');
    if (token === '' || !BEGINNING.test(next)) break;
    [read, end] = [next, end + match.length];
  }
  const at = text.slice(end).search(/[^ \t\n\r]|$/) + end;
  const lines = text.slice(0, at).split('\n');
  const place = `line ${lines.length}, column ${(lines.at(-1) ?? '').length + 1}`;
  return `${place}: ${slipAt(text.slice(at), read, text)}`;
}

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^$/, 'the text ends too early: a bracket is not closed, or it was cut off'],
  [/^'/, 'single quotes: JSON takes double quotes alone'],
  [/^[`\u2018\u2019\u201c\u201d]/, 'quotes of another kind: JSON takes double quotes (") alone'],
  [/^(\/[/*]|#)/, 'JSON has no comments'],
  [/^"(?:[^"\\]|\\.)*$/s, 'the text that begins here is not closed'],
  [/^"(?:[^"\\]|\\.)*[\p{Cc}]/su, 'the text that begins here has a line break or tab in it'],
  [/^\\/, 'a backslash too many: the quotes are escaped twice'],
  [/^[\u00a0\u2000-\u200b\u3000\ufeff]/, 'a character that looks like a blank and is none'],
  [/^[:,]/, 'something is missing before the colon or comma'],
  [/^"/, 'a comma or a colon is missing before this text'],
];

function slipAt(rest: string, read: string, text: string): string {
  if (/^[tv]$/.test(read)) return 'something follows after the end';
  if (read.endsWith(',') && /^[\]}]/.test(rest)) return 'a trailing comma before this bracket';
  const slip = SLIPS.find(([pattern]) => pattern.test(rest))?.[1];
  if (slip !== undefined) return slip;
  return text.includes('"')
    ? 'a comma or double quotes are missing, or this character does not belong here'
    : 'the double quotes are missing: put the value in single quotes, or the shell takes them off';
}
