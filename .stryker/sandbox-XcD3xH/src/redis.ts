import { createHash } from 'node:crypto';

import type { PaceRule } from './lib/rate-limit/pace.ts';
import { quotaDecision } from './lib/rate-limit/quota.ts';
import { StoreError, type LimitStore } from './lib/rate-limit/store.ts';
import { RedisConnection } from './lib/rate-limit/redis-connection.ts';
import { GIVE_BACK, PROBE, PUSH_BACK, SPEND, TAKE_TURN, type Script } from './lib/rate-limit/redis-scripts.ts';
import type { RedisTarget } from './lib/rate-limit/redis-url.ts';

/** The shared limits in Redis: a file of its own (`redis.js`), loaded where `REDIS_URL` is set. */
export function openStore(target: RedisTarget, steadyMs: () => number): LimitStore {
  const connection = new RedisConnection(target, steadyMs);
  /** By region: the first turn that nobody had, as it was told last. */
  const seen = new Map<string, number>();
  const run = async (
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<{ numbers: readonly [number, number, number, number]; sentMs: number }> => {
    const { reply, sentMs } = await connection.run(script, keys, args);
    return { numbers: toNumbers(reply), sentMs };
  };
  const told = async (
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<{ nowUs: number; sentMs: number }> => {
    const { numbers, sentMs } = await run(script, keys, args);
    return { nowUs: numbers[0], sentMs };
  };
  return {
    async takeTurn({ region, principal, reach }, rule) {
      const args = [...paceArgs(rule), reach, seen.get(region) ?? 0];
      const { numbers, sentMs } = await run(TAKE_TURN, paceKeys(region, principal), args);
      const [granted, us, nowUs, next] = numbers;
      seen.set(region, next);
      return granted === 1
        ? { granted: true, at: us, nowUs, sentMs }
        : { granted: false, retryIn: us, nowUs, sentMs };
    },
    async giveBack({ region, principal, at }, rule) {
      const args = [...paceArgs(rule), at];
      const { numbers, sentMs } = await run(GIVE_BACK, paceKeys(region, principal), args);
      const [nowUs, next] = numbers;
      seen.set(region, next);
      return { nowUs, sentMs };
    },
    pushBack: (region, rule) => told(PUSH_BACK, [paceKey(region)], paceArgs(rule)),
    async spend(key, rule) {
      const args = [rule.limit, rule.windowMs];
      const { numbers, sentMs } = await run(SPEND, [`dlcgw:quota:{${hashed(key)}}`], args);
      const [allowed, debt, nowUs] = numbers;
      return { ...quotaDecision(allowed === 1, debt, rule), nowUs, sentMs };
    },
    probe: () => told(PROBE, ['dlcgw:probe'], []),
    reconnect: () => connection.close(),
  };
}

/** One hash tag a region, for a cluster keeps the keys of one script in one place. */
const paceKey = (region: string): string => `dlcgw:{${region}}:pace`;

function paceKeys(region: string, principal: string): string[] {
  return [paceKey(region), `dlcgw:{${region}}:held:${hashed(principal)}`];
}

const paceArgs = ({ spacing, maxWait, hold }: PaceRule): number[] => [spacing, maxWait, hold];

/** Who calls is nobody's business who can read the keys; 128 bits do not meet by chance. */
function hashed(text: string): string {
  return createHash('sha256').update(text).digest('hex').slice(0, 32);
}

function toNumbers(reply: unknown): readonly [number, number, number, number] {
  const [a, b = 0, c = 0, d = 0]: unknown[] = Array.isArray(reply) ? reply : [];
  if (![a, b, c, d].every((one) => typeof one === 'number')) {
    throw new StoreError('an answer that is none of its scripts’');
  }
  return [Number(a), Number(b), Number(c), Number(d)];
}
