import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import type { RedisTarget } from '../config/setting-values.ts';
import { SCRIPTS, type ScriptName } from './redis-scripts.ts';

declare module 'ioredis' {
  interface Redis extends Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>> {}
}

/** A Redis that replies later than this counts as silent: the window of a slot would be empty. */
export const TIMEOUT_MS = 60;

/** A call, and the opening of a connection, are tried for so long; then no connection is tried for so long. */
export const OPEN_MS = 400;

/** Between two tries. */
const PAUSE_MS = 50;

/** What to do about settings of Redis that are wrong. */
export const REMEDIES = {
  'redis-password': 'put the user and password that Redis expects into REDIS_URL',
  'redis-certificate': 'name the CA of Redis in NODE_EXTRA_CA_CERTS, and its own host in REDIS_URL',
  'redis-cluster': 'use a Redis without cluster mode, or a proxy that hides the cluster',
  'redis-permission': 'permit the user the keys dlcgw:* and the commands of docs/decisions/0008',
  'redis-database': 'name a database that this Redis has in REDIS_URL, such as /0',
} as const;
export type Misconfiguration = keyof typeof REMEDIES;

/** A Redis that does not reply, or cannot decide. `message` is safe to log: it quotes nothing. */
export class StoreError extends Error {
  readonly misconfiguration: Misconfiguration | undefined;
  /** No reply came, so the next call would wait for none, too. */
  readonly isSilence: boolean;

  constructor(message: string, misconfiguration?: Misconfiguration, isSilence = false) {
    super(message);
    this.misconfiguration = misconfiguration;
    this.isSilence = isSilence;
  }
}

/** The way to Redis. It connects when the first script is run. */
export function createRedisConnection(target: RedisTarget, steadyMs: () => number) {
  let connection: ReturnType<typeof connect> | undefined;
  /** Until then, no connection is tried. */
  let unreachable = { untilMs: -Infinity, failure: new StoreError('') };

  /**
   * Runs a script. A silence, the end of a connection and a Redis that says "not here" may pass in a
   * moment (a thawed process, a restart, a failover): it tries again for `OPEN_MS`, and at least once
   * after a connection that was open.
   *
   * @returns what the script gives, and when it was asked and replied
   * @throws StoreError
   */
  const run = async (script: ScriptName, keys: readonly string[], args: readonly number[]) => {
    const begunMs = steadyMs();
    if (begunMs < unreachable.untilMs) throw unreachable.failure;
    for (let tries = 1; ; tries += 1) {
      if (!connection || connection.client.status === 'end') connection = connect(target);
      const { client, ready } = connection;
      let isOpen = false;
      try {
        await ready;
        isOpen = true;
        const sentMs = steadyMs();
        const numbers = toNumbers(await client[script](...keys, ...args));
        return { numbers, sentMs, repliedMs: steadyMs() };
      } catch (error) {
        const failure = toStoreError(error);
        const isElsewhere = NOT_HERE.test(failure.message);
        if (isElsewhere) client.disconnect();
        const mayPass = isElsewhere || (failure.isSilence && !failure.misconfiguration);
        const isOver = steadyMs() + PAUSE_MS > begunMs + OPEN_MS;
        if (!mayPass || (isOver && (tries > 1 || !isOpen))) {
          if (!isOpen) unreachable = { untilMs: steadyMs() + OPEN_MS, failure };
          throw failure;
        }
      }
      await sleep(PAUSE_MS);
    }
  };

  return { run, close: () => connection?.client.disconnect() };
}

function connect({ host, port, tls, username, password, database }: RedisTarget) {
  const client = new Redis({
    host,
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: OPEN_MS,
    commandTimeout: TIMEOUT_MS,
    // Ends a connection that is silent, not one that is slow.
    socketTimeout: TIMEOUT_MS,
    disconnectTimeout: 0,
    retryStrategy: () => null,
    // INFO and CLIENT may not be permitted; all versions, and proxies, speak protocol 2.
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    scripts: SCRIPTS,
  });
  // A function must be able to end while it is connected.
  client.on('connect', () => client.stream.unref());
  // The reason is in the event: `connect` itself says only that the connection closed.
  const failed = new Promise<never>((_, reject) => client.on('error', reject));
  const open = async (): Promise<void> => {
    await client.connect();
    // PING may not be permitted; that is a reply too.
    await client.ping().catch((error: unknown) => {
      if (toStoreError(error).misconfiguration !== 'redis-permission') throw error;
    });
  };
  /** Redis has replied. Before that no script is sent: a silent Redis would run it later, for nobody. */
  const ready = Promise.race([failed, open()]);
  ready.catch(() => client.disconnect());
  return { client, ready };
}

/** Words of a Redis that is the wrong one by now: a new connection may lead to the right one. */
const NOT_HERE = /^(MOVED|ASK|READONLY|MASTERDOWN|LOADING)$/;

function toNumbers(reply: unknown): readonly [number, number, number] {
  const [a, b = 0, c = 0]: unknown[] = Array.isArray(reply) ? reply : [];
  if (![a, b, c].every(Number.isSafeInteger)) throw new StoreError('an unknown answer');
  return [Number(a), Number(b), Number(c)];
}

/**
 * By the words of Redis, and the words and codes of ioredis, Node and OpenSSL; the first that matches
 * counts. Redis may quote what was sent, so only what matches here, or the third column, is ever logged.
 */
const FAILURES: readonly (readonly [RegExp, (Misconfiguration | undefined)?, string?])[] = [
  [/\b(MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)\b/, 'redis-cluster'],
  [/\b(WRONGPASS|NOAUTH|invalid password)\b/, 'redis-password'],
  [/\bNOPERM\b/, 'redis-permission'],
  // Inside of a script: Redis 6 and 7.0 say it in the first way, later ones in the second.
  [/user executing the script can't|ACL failure in script/, 'redis-permission', 'NOPERM'],
  [/DB index is out of range/, 'redis-database'],
  [/\b[A-Z_]*(CERT|SELF_SIGNED|UNABLE_TO_VERIFY)[A-Z_]*\b/, 'redis-certificate'],
  [/\b(READONLY|MASTERDOWN|LOADING|OOM|MISCONF|NOREPLICAS|BUSY|UNKILLABLE)\b/],
  [/\bERR\b/],
  [/ReplyError/, undefined, 'refused'],
  [/ECONNREFUSED/, undefined, 'connection refused'],
  [/ENOTFOUND|EAI_AGAIN/, undefined, 'host not found'],
  [/timed ?out|timeout/i, undefined, `no answer within ${TIMEOUT_MS} ms`],
  [/^/, undefined, 'connection closed'],
];

/** @param error Redis's, ioredis's, or the connection's */
function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, name, message } = Object(error);
  const text = `${code} ${name} ${message}`;
  const [pattern, misconfiguration, says] = FAILURES.find(([one]) => one.test(text)) ?? [/^/];
  const isSilence = name !== 'ReplyError';
  return new StoreError(says ?? pattern.exec(text)?.[0] ?? '', misconfiguration, isSilence);
}
