import { createHash } from 'node:crypto';

import { MOST_UNITS, quotaDecision } from './quota.ts';
import { RedisConnection } from './redis-connection.ts';
import type { ScriptName } from './redis-scripts.ts';
import type { RedisTarget } from './redis-url.ts';
import { holderId, shareOf, type Holder, type SlotRule } from './slots.ts';
import { SharedStore, type SharedStoreDeps } from './shared-store.ts';
import type { Store } from './store.ts';

/**
 * The limits shared in Redis: a file of its own (`redis.js`), loaded only if `REDIS_URL` is set. It
 * connects at the first call.
 */
export function openSharedStore(
  target: RedisTarget,
  rule: SlotRule,
  deps: Omit<SharedStoreDeps, 'open'>,
): Store {
  return new SharedStore({ ...deps, open: async () => openStore(target, rule, deps.steadyMs) });
}

/** Redis itself, without what happens while it fails. */
export function openStore(target: RedisTarget, rule: SlotRule, steadyMs: () => number): Store {
  const connection = new RedisConnection(target, steadyMs);
  const { spacing, maxWait, quiet } = rule;
  /** By region: the first free slot, by the last reply of Redis. */
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
      const [, us, granted] = numbers;
      if (granted !== 1) return { granted: false, retryInMs: us / 1000, isQuiet: false };
      return { granted: true, delayMs: us / 1000, sentMs, repliedMs };
    },
    async backOff(region) {
      await runFor(region, 'backOff', undefined, []);
    },
    async spend(key, { limit, windowMs }, units, isAdmitted = false) {
      const args = [limit, windowMs, units, MOST_UNITS, Number(isAdmitted)];
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
