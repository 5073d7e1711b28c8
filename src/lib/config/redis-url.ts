import { SettingError } from './setting-error.ts';

/** Where the shared limits are kept. */
export interface RedisTarget {
  readonly host: string;
  readonly port: number;
  readonly tls: boolean;
  readonly username?: string;
  readonly password?: string;
  readonly database: number;
}

const DEFAULT_PORT = 6379;

/** @throws SettingError which never quotes the value: it may hold a password */
export function parseRedisUrl(value: string): RedisTarget {
  const url = URL.canParse(value) ? new URL(value) : undefined;
  if (!url || !/^rediss?:$/.test(url.protocol) || !url.hostname) {
    throw new SettingError('must be like redis://host:6379/0, or rediss: for TLS');
  }
  if (url.search || url.hash) throw new SettingError('must end with the number of the database');
  const [, database] = /^\/?$|^\/(\d{1,5})$/.exec(url.pathname) ?? [undefined, 'none'];
  if (database === 'none') throw new SettingError('must have a number as its path, the database');
  if (url.port === '0') throw new SettingError('must have a port above 0');
  if (url.username && !url.password) throw new SettingError('must have a password with its user');
  return {
    // An IPv6 address has brackets in an address only.
    host: decoded(url.hostname).replace(/^\[(.*)\]$/, '$1'),
    port: url.port ? Number(url.port) : DEFAULT_PORT,
    tls: url.protocol === 'rediss:',
    ...(url.username && { username: decoded(url.username) }),
    ...(url.password && { password: decoded(url.password) }),
    database: Number(database ?? 0),
  };
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    throw new SettingError('must have its user and password percent-encoded');
  }
}
