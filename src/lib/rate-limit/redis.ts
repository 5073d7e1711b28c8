import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';

import { Redis } from 'ioredis';

import type { RedisTarget } from '../config/redis-url.ts';
import { MOST_UNITS, quotaDecision, type QuotaDecision, type QuotaRule } from './quota.ts';
import { SCRIPTS, type ScriptName } from './redis-scripts.ts';
import { holderId, shareOf, type Holder, type SlotRule } from './slots.ts';
import {
  OPEN_MS,
  slotAfter,
  StoreError,
  TIMEOUT_MS,
  type Misconfiguration,
  type NoSlot,
  type Slot,
  type Store,
} from './store.ts';

// The file `redis.js` has all that is needed only if `REDIS_URL` is set.
export { SharedStore } from './shared-store.ts';

declare module 'ioredis' {
  interface Redis extends Record<ScriptName, (...args: (string | number)[]) => Promise<unknown>> {}
}

/** A script's numbers, and when it was asked and replied, by the steady clock in milliseconds. */
interface Reply {
  readonly numbers: readonly [number, number, number];
  readonly sentMs: number;
  readonly repliedMs: number;
}

interface Connection {
  readonly client: Redis;
  /** Redis has replied. Before that no script is sent: a silent Redis would run it later, for nobody. */
  readonly ready: Promise<unknown>;
}

/** Between two tries. */
const PAUSE_MS = 50;

/** The limits in Redis, without what happens while it fails. It connects at the first call. */
export class RedisStore implements Store {
  readonly #target: RedisTarget;
  /** The first arguments of the scripts about slots. */
  readonly #rule: readonly number[];
  readonly #steadyMs: () => number;
  #connection: Connection | undefined;
  /** Until then, no connection is tried. */
  #unreachable = { untilMs: -Infinity, error: new StoreError('') };
  /** By region: the first free slot, by the last reply of Redis. */
  readonly #known = new Map<string, number>();

  constructor(target: RedisTarget, rule: SlotRule, steadyMs: () => number) {
    this.#target = target;
    this.#rule = [rule.spacing, rule.maxWait, rule.quiet];
    this.#steadyMs = steadyMs;
  }

  async acquire(region: string, holder: Holder, reachMs: number): Promise<Slot | NoSlot> {
    const { numbers, sentMs, repliedMs } = await this.#run(
      'acquireSlot',
      [`dlcgw:{${region}}:slots`, `dlcgw:{${region}}:held:${hashed(holderId(holder))}`],
      [...this.#rule, Math.floor(reachMs * 1000), shareOf(holder), this.#known.get(region) ?? 0],
    );
    const [next, us, granted] = numbers;
    this.#known.set(region, next);
    if (granted === 1) return slotAfter(us / 1000, sentMs, repliedMs);
    return { granted: false, retryInMs: us / 1000, isQuiet: false };
  }

  async backOff(region: string): Promise<void> {
    await this.#run('backOff', [`dlcgw:{${region}}:slots`], [...this.#rule]);
  }

  async spend(
    key: string,
    rule: QuotaRule,
    units: number,
    isAdmitted = false,
  ): Promise<QuotaDecision> {
    const args = [rule.limit, rule.windowMs, units, MOST_UNITS, Number(isAdmitted)];
    const { numbers } = await this.#run('spendQuota', [`dlcgw:quota:{${hashed(key)}}`], args);
    return quotaDecision(numbers[1] === 1, numbers[0], rule);
  }

  close(): void {
    this.#connection?.client.disconnect();
  }

  /**
   * Runs a script. A silence, the end of a connection and a Redis that says "not here" may pass in a
   * moment (a thawed process, a restart, a failover): it tries again for `OPEN_MS`, and at least once
   * after a connection that was open.
   *
   * @throws StoreError
   */
  async #run(script: ScriptName, keys: string[], args: number[]): Promise<Reply> {
    const begunMs = this.#steadyMs();
    if (begunMs < this.#unreachable.untilMs) throw this.#unreachable.error;
    for (let tries = 1; ; tries += 1) {
      if (!this.#connection || this.#connection.client.status === 'end') {
        this.#connection = connect(this.#target);
      }
      const { client, ready } = this.#connection;
      let isOpen = false;
      try {
        await ready;
        isOpen = true;
        const sentMs = this.#steadyMs();
        const numbers = toNumbers(await client[script](...keys, ...args));
        return { numbers, sentMs, repliedMs: this.#steadyMs() };
      } catch (error) {
        const failure = toStoreError(error);
        const isElsewhere = NOT_HERE.test(failure.message);
        if (isElsewhere) client.disconnect();
        const mayPass = isElsewhere || (!failure.misconfiguration && !isReply(error));
        const isOver = this.#steadyMs() + PAUSE_MS > begunMs + OPEN_MS;
        if (!mayPass || (isOver && (tries > 1 || !isOpen))) {
          if (!isOpen) this.#unreachable = { untilMs: this.#steadyMs() + OPEN_MS, error: failure };
          throw failure;
        }
      }
      await sleep(PAUSE_MS);
    }
  }
}

/** Keys name no caller. 128 bits do not collide by chance. */
const hashed = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

function toNumbers(reply: unknown): Reply['numbers'] {
  const [a, b = 0, c = 0]: unknown[] = Array.isArray(reply) ? reply : [];
  if (![a, b, c].every(Number.isSafeInteger)) throw new StoreError('an unknown answer');
  return [Number(a), Number(b), Number(c)];
}

function connect({ host, port, tls, username, password, database }: RedisTarget): Connection {
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
  const ready = Promise.race([failed, open()]);
  ready.catch(() => client.disconnect());
  return { client, ready };
}

/** Words of a Redis that is the wrong one by now: a new connection may lead to the right one. */
const NOT_HERE = /^(MOVED|ASK|READONLY|MASTERDOWN|LOADING)$/;

/**
 * By the words of Redis, and the words and codes of ioredis, Node and OpenSSL; the first that matches
 * counts. Redis may quote what was sent, so only what matches here, or the third column, is ever logged.
 */
const FAILURES: readonly (readonly [RegExp, (Misconfiguration | undefined)?, string?])[] = [
  [/\b(MOVED|ASK|CLUSTERDOWN|CROSSSLOT|TRYAGAIN)\b/, 'redis-cluster'],
  [/\b(WRONGPASS|NOAUTH|invalid password)\b/, 'redis-password'],
  // Inside of a script, Redis 6 and 7.0 say it in the second way, later ones in the third.
  [
    /\bNOPERM\b|user executing the script can't|ACL failure in script/,
    'redis-permission',
    'NOPERM',
  ],
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

/** Whether Redis has replied, in whatever way. */
function isReply(error: unknown): boolean {
  return error instanceof StoreError || Object(error).name === 'ReplyError';
}

/** @param error Redis's, ioredis's, or the connection's */
function toStoreError(error: unknown): StoreError {
  if (error instanceof StoreError) return error;
  const { code, name, message } = Object(error);
  const text = `${code} ${name} ${message}`;
  const [pattern, misconfiguration, says] = FAILURES.find(([one]) => one.test(text)) ?? [/^/];
  return new StoreError(says ?? pattern.exec(text)?.[0] ?? '', misconfiguration);
}
