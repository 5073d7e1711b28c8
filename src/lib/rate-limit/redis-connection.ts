import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import { isTimeout, toStoreError, wantsNewConnection } from './redis-failures.ts';
import { SCRIPTS, type ScriptName } from './redis-scripts.ts';
import type { RedisTarget } from './redis-url.ts';
import { OPEN_MS, StoreError, TIMEOUT_MS } from './store.ts';

type RunScript = (...keysAndArgs: (string | number)[]) => Promise<unknown>;

declare module 'ioredis' {
  interface Redis extends Record<ScriptName, RunScript> {}
}

/** A script's numbers, and when it was asked and replied, by the steady clock in milliseconds. */
interface Reply {
  readonly numbers: readonly [number, number, number];
  readonly sentMs: number;
  readonly repliedMs: number;
}

/** Between two tries to open a connection. */
const PAUSE_MS = 50;

/** One connection, made when it is needed. */
export class RedisConnection {
  readonly #target: RedisTarget;
  readonly #steadyMs: () => number;
  #client: Promise<Redis> | undefined;
  /** When to try again after a connection could not be opened. */
  #openAgainMs = Infinity;
  #answeredMs = -Infinity;

  constructor(target: RedisTarget, steadyMs: () => number) {
    this.#target = target;
    this.#steadyMs = steadyMs;
  }

  /**
   * Runs a script. If there is no reply in time (Redis is silent, or only this process was frozen), or
   * the connection is closed or leads to a Redis that says "not here", it tries again for `OPEN_MS`, and
   * at least once: on a new connection, unless this one has replied to something meanwhile.
   *
   * @throws StoreError
   */
  async run(script: ScriptName, keys: string[], args: number[]): Promise<Reply> {
    const endMs = this.#steadyMs() + OPEN_MS;
    for (let pauseMs = 0; ; pauseMs = PAUSE_MS) {
      if (this.#steadyMs() >= this.#openAgainMs) this.close();
      const opened = (this.#client ??= this.#open());
      const client = await opened;
      const sentMs = this.#steadyMs();
      try {
        return await this.#runOnce(client, script, keys, args);
      } catch (error) {
        if (!wantsNewConnection(error)) throw toStoreError(error);
        const isSlow = isTimeout(error) && this.#answeredMs > sentMs;
        if (!isSlow && this.#client === opened) this.close();
        if (pauseMs > 0 && this.#steadyMs() + pauseMs > endMs) throw toStoreError(error);
      }
      if (pauseMs > 0) await sleep(pauseMs);
    }
  }

  close(): void {
    this.#client?.then((client) => client.disconnect()).catch(() => undefined);
    this.#client = undefined;
    this.#openAgainMs = Infinity;
  }

  async #runOnce(
    client: Redis,
    script: ScriptName,
    keys: string[],
    args: number[],
  ): Promise<Reply> {
    const sentMs = this.#steadyMs();
    const reply = await client[script](...keys, ...args);
    const repliedMs = (this.#answeredMs = this.#steadyMs());
    if (repliedMs - sentMs > TIMEOUT_MS) throw new Error('timed out');
    const [a, b = 0, c = 0]: unknown[] = Array.isArray(reply) ? reply : [];
    if (![a, b, c].every(Number.isSafeInteger)) throw new StoreError('an unknown answer');
    return { numbers: [Number(a), Number(b), Number(c)], sentMs, repliedMs };
  }

  /** Tries for a while, so that a short silence or a restart costs no switch. */
  async #open(): Promise<Redis> {
    const endMs = this.#steadyMs() + OPEN_MS;
    for (;;) {
      try {
        return await connect(this.#target, endMs - this.#steadyMs());
      } catch (error) {
        const failure = toStoreError(error);
        const isOver = this.#steadyMs() + PAUSE_MS > endMs;
        if (!isOver && !failure.misconfiguration) {
          await sleep(PAUSE_MS);
          continue;
        }
        this.#openAgainMs = this.#steadyMs() + OPEN_MS;
        throw failure;
      }
    }
  }
}

/**
 * @returns a client that Redis has replied to
 * @throws the connection's error, or that of Redis if it refuses the user or the database
 */
async function connect(
  { host, port, tls, username, password, database }: RedisTarget,
  withinMs: number,
): Promise<Redis> {
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
    disconnectTimeout: 0,
    // A connection that closes is opened again once, at once, and what it carried is sent again.
    retryStrategy: (times) => (times === 1 ? 0 : null),
    // INFO and CLIENT may not be permitted; all versions, and proxies, speak protocol 2.
    enableReadyCheck: false,
    disableClientInfo: true,
    protocol: 2,
    scripts: SCRIPTS,
  });
  // A function must be able to end while it is connected.
  client.on('connect', () => client.stream.unref());
  // The reason is in the event: `connect` itself only says that the connection closed.
  const failed = new Promise<never>((_, reject) => {
    client.on('error', reject);
    setTimeout(() => reject(new Error('timed out')), withinMs).unref();
  });
  try {
    await Promise.race([failed, answered(client)]);
    return client;
  } catch (error) {
    client.disconnect();
    throw error;
  }
}

/** A refusal is a reply too, since PING may not be permitted; but not if a password is missing. */
async function answered(client: Redis): Promise<void> {
  await client.connect();
  await client.ping().catch((error: unknown) => {
    const isLockedOut = toStoreError(error).misconfiguration === 'redis-password';
    if (isLockedOut || wantsNewConnection(error)) throw error;
  });
}
