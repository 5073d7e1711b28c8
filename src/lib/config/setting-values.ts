import * as z from 'zod/mini';

import { toSentences } from '../validation.ts';
import { readJsonSetting } from './json-setting.ts';
import { checkSecret, type Environment } from './secret-reference.ts';
import { faultsIn, SettingError } from './setting-error.ts';

/** Where settings come from. */
export interface Source {
  readonly env: Environment;
  /** What the path in `@path` is relative to: the bundle's directory. */
  readonly baseDir: string;
}

/** The kind of value that a setting takes. */
export interface Kind<T> {
  /** Follows "must be" in an error, and stands in the documents. */
  readonly form: string;
  /** @throws SettingError which never quotes the text */
  readonly parse: (text: string, source: Source) => T;
}

/** @param read gives `undefined` for a text of another form */
export const kind = <T>(form: string, read: (text: string) => T | undefined): Kind<T> => ({
  form,
  parse(text) {
    const value = read(text);
    if (value === undefined) throw new SettingError(`must be ${form}`);
    return value;
  },
});

/** A setting without a default: an empty text is `undefined`. */
export const optional = <T>({ form, parse }: Kind<T>): Kind<T | undefined> => ({
  form,
  parse: (text, source) => (text === '' ? undefined : parse(text, source)),
});

export const wholeNumber = (least: number, most: number): Kind<number> =>
  kind(`a whole number from ${least} to ${most}`, (text) => {
    const number = /^\d{1,9}$/.test(text) ? Number(text) : Number.NaN;
    return number >= least && number <= most ? number : undefined;
  });

export const oneOf = <T extends string>(...values: readonly T[]): Kind<T> =>
  kind(`one of ${values.join(', ')}`, (text) => values.find((value) => value === text));

export const onOrOff: Kind<boolean> = kind('on or off', (text) =>
  /^(on|off)$/.test(text) ? text === 'on' : undefined,
);

export const matching = (pattern: RegExp, form: string): Kind<string> =>
  kind(form, (text) => (pattern.test(text) ? text : undefined));

export const secret: Kind<string> = { form: 'a secret', parse: (text) => checkSecret(text) };

/** An exact origin, as browsers send it. */
export const origin = kind(
  'an exact origin such as https://app.example.org, without a path',
  (text) => (httpUrl(text)?.origin === text ? text : undefined),
);

/** An absolute address that paths are put behind; slashes at its end do not count. */
export const baseUrl = kind('an address such as https://gateway.example.org', (text) => {
  const url = httpUrl(text);
  return !url || url.username || url.search || url.hash ? undefined : url.href.replace(/\/+$/, '');
});

function httpUrl(text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  return url && /^https?:$/.test(url.protocol) ? url : undefined;
}

/** 127.0.0.0/8, ::1 and localhost, as `URL` spells a host name. */
export const isLoopback = (hostname: string): boolean =>
  /^(localhost|\[::1\]|127(\.\d{1,3}){3})$/.test(hostname);

/** Where the shared limits are kept. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

export const redis: Kind<RedisTarget> = {
  form: 'redis://host:6379/0, or rediss: for TLS',
  parse(text) {
    // `URL` would drop a line break silently.
    const target = parseRedisUrl(checkSecret(text));
    checkSecret(target.password ?? '', 'its password ');
    return target;
  },
};

/** @throws SettingError which never quotes the value: it may hold a password */
export function parseRedisUrl(text: string): RedisTarget {
  const url = URL.canParse(text) ? new URL(text) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname) {
    throw new SettingError('must be like redis://host:6379/0, or rediss: for TLS');
  }
  const { hostname, port, protocol, pathname, search, hash, username, password } = url;
  const database = /^\/?(\d{0,5})$/.exec(pathname)?.[1];
  const faults = faultsIn({
    'must end with the number of the database': database === undefined || search + hash !== '',
    'must have a port above 0': port === '0',
    'must have a password with its user': username !== '' && password === '',
  });
  if (faults.length > 0) throw new SettingError(...faults);
  return {
    // An IPv6 address has brackets in an address only.
    host: decoded(hostname).replace(/^\[(.*)\]$/, '$1'),
    port: Number(port || 6379),
    tls: protocol === 'rediss:',
    ...(username && { username: decoded(username) }),
    ...(password && { password: decoded(password) }),
    database: Number(database),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SettingError('must have its user and password percent-encoded');
  }
}

const split = (text: string): string[] => text.split(',').flatMap((one) => one.trim() || []);

/** Members between commas; empty ones are skipped. */
export const setOf = <T>({ form, parse }: Kind<T>): Kind<ReadonlySet<T>> => ({
  form: `${form}; several with commas between them`,
  parse: (text, source) => new Set(split(text).map((one) => parse(one, source))),
});

const PRINCIPAL = /^((key|hook):[\w-]{1,64}|jwt:[\w-]{1,64}:(sub|client):.+)$/s;
const principal = matching(PRINCIPAL, 'a principal such as key:reporting or jwt:idp:sub:alice');

/** A token's subject may have a comma in it. A misspelt principal would block no caller, so it is refused. */
export const principals: Kind<ReadonlySet<string>> = {
  form: `${setOf(principal).form}, or as a JSON array`,
  parse(text, source) {
    if (!text.startsWith('[')) return setOf(principal).parse(text, source);
    const members = fitting(z.array(z.string()), readJsonSetting(text, ''));
    return new Set(members.map((one) => principal.parse(one, source)));
  },
};

/**
 * A list of entries, as JSON or `@path`.
 *
 * @param make throws SettingError for what is wrong with an entry apart from its form
 */
export const entries = <S extends z.ZodMiniType, T>(
  schema: S,
  make: (list: z.output<S>, env: Environment) => T,
  none: NoInfer<T>,
): Kind<T> => ({
  form: 'a JSON array, or @path to a file with one',
  parse: (text, { env, baseDir }) =>
    text === '' ? none : make(fitting(schema, readJsonSetting(text, baseDir)), env),
});

/** Checks JSON against a schema; the reasons say where it does not fit, without quoting it. */
export function fitting<S extends z.ZodMiniType>(schema: S, value: unknown): z.output<S> {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const sentences = toSentences(parsed.error.issues);
  throw new SettingError(...sentences.map(({ at, message }) => `${at} ${message}`.trim()));
}
