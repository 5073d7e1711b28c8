import { readFileSync } from 'node:fs';
import path from 'node:path';

import * as z from 'zod/mini';

import { SettingError } from './setting-error.ts';
import { toSentences } from '../validation.ts';

/** The kinds of values that settings have: each function parses one, or throws `SettingError`. */

export const wholeNumber = (least: number, most: number): ((value: string) => number) => {
  const schema = z.int().check(z.minimum(least), z.maximum(most));
  return (value) => {
    const parsed = schema.safeParse(/^\d{1,9}$/.test(value) ? Number(value) : Number.NaN);
    if (parsed.success) return parsed.data;
    throw new SettingError(`must be a whole number from ${least} to ${most}`);
  };
};

export const oneOf = <T extends string>(...values: readonly T[]): ((value: string) => T) => {
  const schema = z.enum(values);
  return (value) => {
    const parsed = schema.safeParse(value);
    if (parsed.success) return parsed.data;
    throw new SettingError(`must be one of ${values.join(', ')}`);
  };
};

export const matching = (pattern: RegExp, sentence: string): ((value: string) => string) => {
  return (value) => {
    if (pattern.test(value)) return value;
    throw new SettingError(sentence);
  };
};

const REGION = /^[a-z]{2,}(-[a-z0-9]+)+$/;
export const region = matching(REGION, 'must be a region such as ap-guangzhou');

/** Checks JSON against a schema; its reasons say where it does not fit, without quoting it. */
export function parseEntries<S extends z.ZodMiniType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingError(
    ...toSentences(parsed.error.issues).map(({ at, message }) =>
      at ? `${at} ${message}` : message,
    ),
  );
}

/** The members of a comma-separated list; empty ones are skipped. */
export function list(value: string): string[] {
  return value
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

const PRINCIPAL = /^((key|hook):[\w-]{1,64}|jwt:[\w-]{1,64}:(sub|client):.+)$/s;

/**
 * Principals, as a list or as a JSON array: a token's subject may have a comma in it. What is no
 * principal is refused: a typo here would block nobody.
 */
export function principals(value: string): string[] {
  const named = value.startsWith('[')
    ? parseEntries(z.array(z.string()), readJsonSetting(value, ''))
    : list(value);
  if (named.every((principal) => PRINCIPAL.test(principal))) return named;
  throw new SettingError('must name principals, such as key:reporting or jwt:idp:sub:alice');
}

/** An exact origin, as browsers send it. */
export function origin(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (url && /^https?:$/.test(url.protocol) && url.origin === value) return value;
  throw new SettingError('must be exact origins, such as https://app.example.org, without a path');
}

/** An absolute address that paths are put behind. */
export function baseUrl(value: string): string {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.search || url.hash) {
    throw new SettingError('must be an address such as https://gateway.example.org');
  }
  return value.replace(/\/+$/, '');
}

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
