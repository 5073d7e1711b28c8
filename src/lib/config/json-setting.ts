import { readFileSync } from 'node:fs';
import path from 'node:path';

import { explainJson } from './explain-json.ts';
import { SettingError } from './setting-error.ts';

const BYTE_ORDER_MARK = '\ufeff';

/**
 * Gives the value of a setting that is JSON, or `@path` to a JSON file in UTF-8. A byte order mark is skipped.
 *
 * @param baseDir what a relative path starts from: the bundle's directory
 * @throws SettingError which quotes the path, but neither the value nor the file: both may hold secrets
 */
export function readJsonSetting(value: string, baseDir: string): unknown {
  const setting = value.startsWith(BYTE_ORDER_MARK) ? value.slice(1) : value;
  if (!setting.startsWith('@')) {
    if (looksLikePath(setting)) {
      throw new SettingError(
        'is not JSON, but looks like the path of a file without the @ before it',
      );
    }
    return parse(setting, 'is');
  }
  const file = path.resolve(baseDir, setting.slice(1));
  const subject = `points to ${isShown(setting.slice(1)) ? printable(file) : 'a file'}, which`;
  return parse(decode(readBytes(file, subject), subject), `${subject} is`);
}

function parse(text: string, subject: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingError(`${subject} not JSON: ${explainJson(text)}`);
  }
}

function readBytes(file: string, subject: string): Buffer {
  try {
    return readFileSync(file);
  } catch (error) {
    const code = String(Object(error).code ?? 'no code');
    throw new SettingError(`${subject} ${REASONS[code] ?? `cannot be read (${code})`}`);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'is not there',
  EISDIR: 'is a folder',
  EACCES: 'the gateway may not read (EACCES)',
};

/** Every JSON text has ASCII characters, of which UTF-16 makes a zero byte each. */
function decode(bytes: Buffer, subject: string): string {
  if (bytes.includes(0)) throw new SettingError(`${subject} is UTF-16: save it as UTF-8`);
  try {
    // The decoder skips a byte order mark.
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw new SettingError(`${subject} is not UTF-8: save it as UTF-8`);
  }
}

const looksLikePath = (text: string): boolean => /^[^[{"'\s]*(\.json|[/\\])[^[{"'\s]*$/.test(text);

/** A secret may begin with `@` too, and must not be quoted in the place of a path. */
const isShown = (file: string): boolean =>
  /^\/|\.(json[c5]?|ya?ml|txt)$/i.test(file) && file.length <= 200;

const printable = (file: string): string => file.replace(/[^\p{L}\p{N} _./\\:@+~-]/gu, '?');
