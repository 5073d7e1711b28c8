import { Redis, ReplyError } from 'ioredis';

import { StoreError } from './store.ts';
import { toReason } from './redis-reason.ts';
import type { Script } from './redis-scripts.ts';
import type { RedisTarget } from './redis-url.ts';

/** A connection that nobody used for longer may be dead without a trace: a function was frozen. */
const TRUSTED_MS = 10_000;

const CONNECT_MS = 100;

interface Link {
  readonly redis: Redis;
  readonly ready: Promise<void>;
  /** By the time of day, which goes on while a machine stands still. */
  usedAt: number;
}

/** One connection at a time, made when it is needed, and never by itself. */
export class RedisConnection {
  readonly #target: RedisTarget;
  readonly #steadyMs: () => number;
  #link: Link | undefined;

  constructor(target: RedisTarget, steadyMs: () => number) {
    this.#target = target;
    this.#steadyMs = steadyMs;
  }

  /**
   * Runs a script; once more on a new connection where one that was there already fails.
   *
   * @returns its reply, and when it was sent on the steady clock
   * @throws StoreError
   */
  async run(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<{ reply: unknown; sentMs: number }> {
    const known = this.#link;
    const isTrusted = known && Math.abs(Date.now() - known.usedAt) < TRUSTED_MS;
    if (known && !isTrusted) this.#drop(known);
    try {
      return await this.#runOnce(script, keys, args);
    } catch (error) {
      if (!isTrusted || error instanceof ReplyError) throw new StoreError(toReason(error));
      this.#drop(known);
    }
    try {
      return await this.#runOnce(script, keys, args);
    } catch (error) {
      throw new StoreError(toReason(error));
    }
  }

  close(): void {
    if (this.#link) this.#drop(this.#link);
  }

  async #runOnce(
    { lua, sha }: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<{ reply: unknown; sentMs: number }> {
    const link = (this.#link ??= connect(this.#target));
    const { redis } = link;
    try {
      await link.ready;
    } catch (error) {
      this.#drop(link);
      throw error;
    }
    link.usedAt = Date.now();
    let sentMs = this.#steadyMs();
    try {
      return { reply: await redis.evalsha(sha, keys.length, ...keys, ...args), sentMs };
    } catch (error) {
      if (!isReply(error, /^NOSCRIPT/)) throw error;
    }
    sentMs = this.#steadyMs();
    return { reply: await redis.eval(lua, keys.length, ...keys, ...args), sentMs };
  }

  #drop(link: Link): void {
    if (this.#link === link) this.#link = undefined;
    link.redis.disconnect();
    link.redis.stream?.destroy();
  }
}

function connect(target: RedisTarget): Link {
  const { host, port, tls } = target;
  const redis = new Redis({
    host,
    port,
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
    retryStrategy: () => null,
    maxRetriesPerRequest: 0,
    enableOfflineQueue: false,
    enableReadyCheck: false,
    disableClientInfo: true,
    // What every Redis, and every proxy in front of one, has spoken since Redis 1.
    protocol: 2,
  });
  return { redis, ready: makeReady(redis, target), usedAt: Date.now() };
}

/** Connects and authenticates. ioredis would do the second too, but writes its failures to the console. */
async function makeReady(
  redis: Redis,
  { username, password, database }: RedisTarget,
): Promise<void> {
  let cause: unknown;
  redis.on('error', (error: unknown) => (cause ??= error));
  // A function must be able to end while it is connected.
  redis.once('connect', () => redis.stream.unref());
  try {
    await redis.connect();
  } catch (error) {
    throw cause ?? error;
  }
  const user = username === undefined ? [] : [username];
  await Promise.all([
    password && redis.call('AUTH', ...user, password).catch(unlessOpen),
    database > 0 && redis.select(database),
  ]);
}

/** A password for a Redis that asks for none is no reason to do without it. */
function unlessOpen(error: unknown): void {
  if (!isReply(error, /without any password|no password is set/)) throw error;
}

function isReply(error: unknown, pattern: RegExp): boolean {
  return error instanceof Error && error instanceof ReplyError && pattern.test(error.message);
}
