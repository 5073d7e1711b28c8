import { createHash } from 'node:crypto';

import { Redis } from 'ioredis';

import { MOST_UNITS, quotaDecision } from './quota.ts';
import { toStoreError, wantsNewConnection } from './redis-failures.ts';
import { ACQUIRE, BACK_OFF, RELEASE, SPEND } from './redis-scripts.ts';
import type { RedisTarget } from './redis-url.ts';
import { holderId, shareOf, type Holder, type SlotRule } from './slots.ts';
import { CONNECT_MS, StoreError, TIMEOUT_MS, type Store } from './store.ts';

/** The script's numbers, and when it was asked and answered, by the steady clock in milliseconds. */
interface Reply {
  readonly numbers: readonly [number, number, number];
  readonly sentMs: number;
  readonly repliedMs: number;
}

const SCRIPTS = {
  acquireSlot: { lua: ACQUIRE, numberOfKeys: 2 },
  releaseSlot: { lua: RELEASE, numberOfKeys: 2 },
  backOff: { lua: BACK_OFF, numberOfKeys: 1 },
  spendQuota: { lua: SPEND, numberOfKeys: 1 },
} as const;
type ScriptName = keyof typeof SCRIPTS;

type RunScript = (...keysAndArgs: (string | number)[]) => Promise<unknown>;

declare module 'ioredis' {
  interface Redis extends Record<ScriptName, RunScript> {}
}

/**
 * The limits shared in Redis: a file of its own (`redis.js`), loaded only if `REDIS_URL` is set. It
 * connects at the first call; a call takes at most `ANSWER_MS`.
 */
export function openStore(target: RedisTarget, rule: SlotRule, steadyMs: () => number): Store {
  const connection = new Connection(target, steadyMs);
  const { spacing, maxWait, quiet } = rule;
  /** By region: the first free slot, as Redis told it last. */
  const known = new Map<string, number>();
  const runFor = async (
    region: string,
    script: ScriptName,
    holder: Holder | undefined,
    args: number[],
  ) => {
    const keys = [`dlcgw:{${region}}:slots`];
    if (holder) keys.push(`dlcgw:{${region}}:held:${hashed(holderId(holder))}`);
    const reply = await connection.run(script, keys, [spacing, maxWait, quiet, ...args]);
    known.set(region, reply.numbers[0]);
    return reply;
  };
  return {
    async acquire(region, holder, reachMs) {
      const args = [
        Math.floor(Math.min(reachMs * 1000, maxWait)),
        shareOf(holder),
        known.get(region) ?? 0,
      ];
      const { numbers, sentMs, repliedMs } = await runFor(region, 'acquireSlot', holder, args);
      const [next, us, granted] = numbers;
      if (granted !== 1) return { granted: false, retryInMs: us / 1000 };
      return { granted: true, at: next - spacing, delayMs: us / 1000, sentMs, repliedMs };
    },
    async release({ region, holder, at }) {
      await runFor(region, 'releaseSlot', holder, [at]);
    },
    async backOff(region) {
      await runFor(region, 'backOff', undefined, []);
    },
    async spend(key, { limit, windowMs }, units) {
      const args = [limit, windowMs, units, MOST_UNITS];
      const { numbers } = await connection.run(
        'spendQuota',
        [`dlcgw:quota:{${hashed(key)}}`],
        args,
      );
      return quotaDecision(numbers[1] === 1, numbers[0], { limit, windowMs });
    },
    close: () => connection.close(),
  };
}

/** Keys name no caller. 128 bits do not collide by chance. */
function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

/** A call that ends later than its timeout by so much shows that this process stood still. */
const STALL_MS = 40;

interface Link {
  readonly client: Redis;
  readonly ready: Promise<void>;
}

/** One connection, made when it is needed. */
class Connection {
  readonly #target: RedisTarget;
  readonly #steadyMs: () => number;
  #link: Link | undefined;

  constructor(target: RedisTarget, steadyMs: () => number) {
    this.#target = target;
    this.#steadyMs = steadyMs;
  }

  /**
   * Runs a script; once more on a new connection if the one that was there is silent, closed, or leads
   * to a Redis that says "not here". If this process stood still meanwhile (a function may be frozen at
   * any time), the silence proves nothing, and it asks again.
   *
   * @throws StoreError
   */
  async run(script: ScriptName, keys: string[], args: number[]): Promise<Reply> {
    for (let [failures, stalls] = [0, 0]; ;) {
      const link = (this.#link ??= connect(this.#target));
      try {
        await link.ready;
      } catch (error) {
        this.#drop(link);
        throw toStoreError(error);
      }
      const sentMs = this.#steadyMs();
      try {
        return await this.#runOnce(link.client, script, keys, args);
      } catch (error) {
        const stoodStill = this.#steadyMs() - sentMs > TIMEOUT_MS + STALL_MS;
        if (stoodStill && (stalls += 1) === 1) continue;
        const mayHelp = wantsNewConnection(error);
        if (mayHelp) this.#drop(link);
        if (!mayHelp || (failures += 1) > 1) throw toStoreError(error);
      }
    }
  }

  close(): void {
    if (this.#link) this.#drop(this.#link);
  }

  async #runOnce(
    client: Redis,
    script: ScriptName,
    keys: string[],
    args: number[],
  ): Promise<Reply> {
    const sentMs = this.#steadyMs();
    const reply = await client[script](...keys, ...args);
    const repliedMs = this.#steadyMs();
    if (repliedMs - sentMs > TIMEOUT_MS) throw new Error('timed out');
    const [a, b = 0, c = 0]: unknown[] = Array.isArray(reply) ? reply : [];
    if (![a, b, c].every(Number.isSafeInteger)) throw new StoreError('an unknown answer');
    return { numbers: [Number(a), Number(b), Number(c)], sentMs, repliedMs };
  }

  #drop(link: Link): void {
    if (this.#link !== link) return;
    this.#link = undefined;
    link.client.disconnect();
  }
}

function connect({ host, port, tls, username, password, database }: RedisTarget): Link {
  const client = new Redis({
    host,
    port,
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    db: database,
    ...(tls && { tls: {} }),
    lazyConnect: true,
    connectTimeout: CONNECT_MS,
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
  const ready = new Promise<void>((resolve, reject) => {
    // The reason is in the event: `connect` itself only tells that the connection closed.
    client.on('error', reject);
    client.connect().then(resolve, reject);
    setTimeout(() => reject(new Error('timed out')), CONNECT_MS).unref();
  });
  return { client, ready };
}
