import type { Config } from './lib/config/config.ts';
import { MemoryLimiter, type Limiter } from './lib/rate-limit/limiter.ts';
import { paceRule } from './lib/rate-limit/pace.ts';
import type { Times } from './lib/rate-limit/patient-store.ts';
import { SharedLimiter } from './lib/rate-limit/shared-limiter.ts';
import type { LimitStore } from './lib/rate-limit/store.ts';
import type { Log } from './lib/observability/log.ts';

/** Both limits: of all instances together where there is a Redis, else of this one. */
export function createLimiter(
  { upstreamRate, expectedInstances, maxWaitMs, redis }: Config,
  times: Times,
  { log, random }: { readonly log: Log; readonly random: () => number },
): Limiter {
  const share = upstreamRate / expectedInstances;
  const own = new MemoryLimiter(share, maxWaitMs, times.steadyMs, random());
  if (!redis) return own;
  const open = async (): Promise<LimitStore> => {
    // A file of its own, which only those load who have a Redis.
    const { openStore } = await import('./redis.ts');
    return openStore(redis, times.steadyMs);
  };
  const rule = paceRule(upstreamRate, maxWaitMs);
  return new SharedLimiter({ open, own, rule, times, log });
}
