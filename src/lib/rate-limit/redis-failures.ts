import { isStoreError, StoreError, TIMEOUT_MS, type Misconfiguration } from './store.ts';

type Row = readonly [pattern: RegExp, misconfiguration?: Misconfiguration];

/** Words of a Redis that is the wrong one by now: a new connection may lead to the right one. */
const NOT_HERE = /\b(MOVED|ASK|READONLY|MASTERDOWN|LOADING)\b/;

/**
 * By the words of Redis and the codes of Node and OpenSSL; the first that matches counts. Redis may
 * quote what was sent, so only the words of this table are ever logged.
 */
const FAILURES: readonly Row[] = [
  [/\b(MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)\b/, 'redis-cluster'],
  [/\b(WRONGPASS|NOAUTH|invalid password)\b/, 'redis-password'],
  [/\b(NOPERM)\b/, 'redis-permission'],
  [/(DB index is out of range)/, 'redis-database'],
  [/\b([A-Z_]*(?:CERT|SELF_SIGNED|UNABLE_TO_VERIFY)[A-Z_]*)\b/, 'redis-certificate'],
  [/\b(READONLY|MASTERDOWN|LOADING|OOM|MISCONF|NOREPLICAS|BUSY|UNKILLABLE|ERR)\b/],
];

const CODES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'connection refused',
  ENOTFOUND: 'host not found',
  EAI_AGAIN: 'host not found',
  ETIMEDOUT: 'no connection in time',
};

/** Whether a new connection may help: also after silence, and after the end of a connection. */
export function wantsNewConnection(error: unknown): boolean {
  const { name, message } = Object(error);
  if (isStoreError(error)) return false;
  return name !== 'ReplyError' || NOT_HERE.test(String(message));
}

/** ioredis's own words, and ours. */
export function isTimeout(error: unknown): boolean {
  return /timed out/.test(String(Object(error).message));
}

/** @param error Redis's, ioredis's, or the connection's */
export function toStoreError(error: unknown): StoreError {
  if (isStoreError(error)) return error;
  const { code, message, name } = Object(error);
  const text = `${code} ${message}`;
  for (const [pattern, misconfiguration] of FAILURES) {
    const [, word] = pattern.exec(text) ?? [];
    if (word !== undefined) return new StoreError(word, misconfiguration);
  }
  if (isTimeout(error)) return new StoreError(`no answer within ${TIMEOUT_MS} ms`);
  return new StoreError(
    CODES[String(code)] ?? (name === 'ReplyError' ? 'refused' : 'connection closed'),
  );
}
