import { readFileSync } from 'node:fs';
import path from 'node:path';

import { SettingError } from './setting-error.ts';

/**
 * Gives the value of a setting that is JSON, or `@path` to a JSON file.
 *
 * @param baseDir what a relative path starts from: the bundle's directory
 * @throws SettingError which quotes neither the value nor the file: both may hold secrets
 */
export function readJsonSetting(value: string, baseDir: string): unknown {
  const text = value.startsWith('@') ? readText(path.resolve(baseDir, value.slice(1))) : value;
  try {
    return JSON.parse(text);
  } catch {
    throw new SettingError(
      value.startsWith('@') ? 'points to a file that is not JSON' : 'is neither JSON nor "@path"',
    );
  }
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw new SettingError(`points to a file that cannot be read (${code})`);
  }
}
