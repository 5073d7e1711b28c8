import { createHash } from 'node:crypto';

import type { RedisTarget } from '../config/setting-values.ts';
import type { Log } from '../observability/log.ts';
import { MOST_UNITS, quotaDecision, type QuotaDecision, type Quotas } from './quota.ts';
import { createRedisConnection, OPEN_MS, REMEDIES, StoreError } from './redis-connection.ts';
import { TIMEOUT_MS, type Misconfiguration } from './redis-connection.ts';
import type { ScriptName } from './redis-scripts.ts';
import { holderId, SHARES, slotAfter } from './slots.ts';
import type { NoSlot, OwnSlots, Slot, SlotQuestion, SlotRule } from './slots.ts';

/** Keys name no caller. 128 bits do not collide by chance. */
const hashed = (text: string): string =>
  createHash('sha256').update(text).digest('hex').slice(0, 32);

export type RedisStore = ReturnType<typeof createRedisStore>;

/** The limits in Redis, without what happens while it fails. Its calls may reject with a `StoreError`. */
export function createRedisStore(
  target: RedisTarget,
  { spacing, maxWait, quiet }: SlotRule,
  steadyMs: () => number,
) {
  const { run, close } = createRedisConnection(target, steadyMs);
  const rule = [spacing, maxWait, quiet];
  /** By region: the first free slot, by the last reply of Redis. */
  const known = new Map<string, number>();
  const runSlots = async (script: ScriptName, region: string, keys: string[], args: number[]) => {
    const next = known.get(region) ?? 0;
    const reply = await run(script, [`dlcgw:{${region}}:slots`, ...keys], [...rule, next, ...args]);
    known.set(region, reply.numbers[0]);
    return reply;
  };

  return {
    async acquire(...[region, holder, reachMs]: SlotQuestion): Promise<Slot | NoSlot> {
      const keys = [`dlcgw:{${region}}:held:${hashed(holderId(holder))}`];
      const args = [Math.floor(reachMs * 1000), SHARES[holder.kind]];
      const { numbers, sentMs, repliedMs } = await runSlots('acquireSlot', region, keys, args);
      const [, us, granted] = numbers;
      if (granted === 1) return slotAfter(us / 1000, sentMs, repliedMs);
      return { granted: false, retryInMs: us / 1000, isQuiet: granted < 0 };
    },

    async backOff(region: string): Promise<void> {
      await runSlots('backOff', region, [], []);
    },

    async spend(...spending: Parameters<Quotas['spend']>): Promise<QuotaDecision> {
      const [key, { limit, windowMs }, units = 1, isAdmitted = false] = spending;
      const args = [limit, windowMs, units, MOST_UNITS, Number(isAdmitted)];
      const { numbers } = await run('spendQuota', [`dlcgw:quota:{${hashed(key)}}`], args);
      const [debt, allowed] = numbers;
      return quotaDecision(allowed === 1, debt, { limit, windowMs });
    },

    close,
  };
}

/** Redis is asked again for a region after so many milliseconds. */
export const RETRY_MS = 1000;

/** After Redis works again, a try may fail for so long: it began before, or no connection is tried yet. */
export const NOTICE_MS = 3 * OPEN_MS + TIMEOUT_MS;

/** A region returns to Redis so often at most: each return costs a quiet period. */
const RETURN_EVERY_MS = 60_000;

interface Failing {
  /** Why this instance goes by its own limit. */
  readonly failure?: StoreError;
  /** Asks Redis again. */
  readonly again?: () => Promise<unknown>;
}

/** How a region's slots are kept. Each change makes another object. */
interface Region extends Failing {
  /** Before this time, Redis is not asked: the own share counts, or a quiet period passes after a return. */
  readonly askAtMs: number;
  readonly returnedAtMs: number;
}

const SHARED: Region = { askAtMs: -Infinity, returnedAtMs: -Infinity };

const quiet = (retryInMs: number): NoSlot => ({ granted: false, retryInMs, isQuiet: true });

/**
 * The limits of all instances together, in Redis. If Redis does not keep a caller's quota, this instance
 * does, for that call. If Redis does not grant a region's slots, the region goes by this instance's
 * share, until the same operation on the same region works: a circuit breaker for each region.
 *
 * Slots reach `MAX_WAIT_MS` ahead. So after each switch of a region a quiet period passes, until all
 * slots from before are past. Each instance has its own: one with a bad network must not stop the others.
 *
 * @param quietMs after this time no slot from before a switch matters: `MAX_WAIT_MS` + 1 s + M
 */
export function createSharedStore(
  redis: RedisStore,
  own: OwnSlots & Pick<Quotas, 'spend'>,
  quietMs: number,
  { steadyMs, log }: { readonly steadyMs: () => number; readonly log: Pick<Log, 'write'> },
) {
  /** After a return, the others may use their own shares until they notice too. */
  const returnMs = quietMs + RETRY_MS + NOTICE_MS;
  const regions = new Map<string, Region>();
  const stateOf = (region: string): Region => regions.get(region) ?? SHARED;
  /** The quota that failed last. If none has failed for a while, all count as shared. */
  let quota: Failing & { readonly key?: string; readonly forgetAtMs?: number } = {};
  /** What the log says of the quotas, from when; a Redis that comes and goes does not fill it. */
  let logged: { readonly failure: StoreError; readonly sinceMs: number } | undefined;
  /** Before this time, Redis is not asked for quotas: it was silent, and each request would wait for it. */
  let askQuotasAtMs = -Infinity;

  /** Says so once: when it begins, and if it turns out to be a wrong setting. */
  const report = (event: string, failure: StoreError, before?: StoreError, fields = {}): void => {
    const { message: reason, misconfiguration } = failure;
    if (before && (before.misconfiguration || !misconfiguration)) return;
    const remedy = misconfiguration && { misconfiguration, remedy: REMEDIES[misconfiguration] };
    log.write(remedy ? 'error' : 'warn', event, { reason, ...remedy, ...fields });
  };

  /** @returns nothing if the region goes by this instance's share */
  const askRedis = async (...asked: SlotQuestion): Promise<Slot | NoSlot | undefined> => {
    const [region] = asked;
    const before = stateOf(region);
    const waitMs = before.askAtMs - steadyMs();
    if (waitMs > 0) return before.failure ? undefined : quiet(waitMs);
    let reply: Slot | NoSlot | undefined;
    try {
      reply = await redis.acquire(...asked);
      if (before.failure && stateOf(region) === before) {
        regions.set(region, { askAtMs: steadyMs() + returnMs, returnedAtMs: steadyMs() });
        log.write('info', 'limits-shared', { region, quietMs: returnMs });
      }
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      if (stateOf(region) === before) {
        const { failure, returnedAtMs } = before;
        if (!failure) own.startQuietPeriod(region, quietMs);
        report('limits-own', error, failure, { region, quietMs });
        const askAtMs = Math.max(steadyMs() + RETRY_MS, returnedAtMs + RETURN_EVERY_MS);
        const again = () => askRedis(...asked);
        regions.set(region, { failure: error, again, askAtMs, returnedAtMs });
      }
    }
    // A slot from before a switch may be too late, and one of the call that came back too early.
    const after = stateOf(region);
    if (after.failure) return undefined;
    return after === before ? reply : quiet(after.askAtMs - steadyMs());
  };

  const spend = async (...spending: Parameters<Quotas['spend']>): Promise<QuotaDecision> => {
    const [key, rule] = spending;
    if (steadyMs() < askQuotasAtMs) return own.spend(...spending);
    try {
      const decision = await redis.spend(...spending);
      if (quota.key === key || steadyMs() > (quota.forgetAtMs ?? Infinity)) quota = {};
      if (logged && !quota.failure && steadyMs() >= logged.sinceMs + RETURN_EVERY_MS) {
        logged = undefined;
        log.write('info', 'quotas-shared', {});
      }
      return decision;
    } catch (error) {
      if (!(error instanceof StoreError)) throw error;
      const nowMs = steadyMs();
      if (error.isSilence) askQuotasAtMs = nowMs + RETRY_MS;
      report('quotas-own', error, logged?.failure);
      // A wrong setting stays the reason until the quota works again, whatever else fails meanwhile.
      const worse = (before?: StoreError): StoreError =>
        before?.misconfiguration && !error.misconfiguration ? before : error;
      logged = { failure: worse(logged?.failure), sinceMs: logged?.sinceMs ?? nowMs };
      const again = () => spend(key, rule, 0);
      const forgetAtMs = nowMs + RETURN_EVERY_MS;
      quota = { key, failure: worse(quota.failure), again, forgetAtMs };
      return own.spend(...spending);
    }
  };

  const askAnything = () => spend('status', { limit: 1, windowMs: 1000 }, 0);

  return {
    acquire: async (...asked: SlotQuestion) => (await askRedis(...asked)) ?? own.acquire(...asked),
    backOff: async (region: string) => (stateOf(region).failure ? own : redis).backOff(region),
    spend,
    /** Asks Redis again for what has failed, and finds what is wrong with its settings. */
    async misconfiguration(): Promise<Misconfiguration | undefined> {
      const failing = [{ again: askAnything, ...quota }, ...regions.values()];
      for (const { again } of failing) await again?.();
      const failures = [quota, ...regions.values()].map(({ failure }) => failure);
      return failures.find((failure) => failure?.misconfiguration)?.misconfiguration;
    },
    close: redis.close,
  };
}
