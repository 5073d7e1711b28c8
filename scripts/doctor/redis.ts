import { createRedisStore } from '../../src/lib/rate-limit/redis.ts';
import type { RedisTarget } from '../../src/lib/config/setting-values.ts';
import { slotRule } from '../../src/lib/rate-limit/slots.ts';
import { REMEDIES, StoreError, TIMEOUT_MS } from '../../src/lib/rate-limit/redis-connection.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Whether Redis can share the limits: reached, lets the user in, runs scripts, takes writes. */
export async function checkRedis(
  target: RedisTarget | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  if (!target) return skipped('redis', 'REDIS_URL is not set: each instance keeps its own limits');
  const store = createRedisStore(target, slotRule(1, 0), () => performance.now());
  const probe = () => store.spend('doctor', { limit: 1, windowMs: 1000 }, 0);
  try {
    await probe();
    // Connected by now, as it mostly is: every request pays this much.
    const begun = performance.now();
    await probe();
    const ms = Math.round(performance.now() - begun);
    const message = `lets in and can be written to; answers in ${ms} ms`;
    if (ms < TIMEOUT_MS / 2) return ok('redis', message);
    const advice = `the gateway waits ${TIMEOUT_MS} ms, then each instance keeps its own limits: move it nearer`;
    return warning('redis', message, advice);
  } catch (error) {
    if (!(error instanceof StoreError)) throw error;
    const what = signal.aborted ? 'no answer in time' : error.message;
    const { misconfiguration } = error;
    const todo = misconfiguration
      ? REMEDIES[misconfiguration]
      : 'check REDIS_URL and the way there';
    const advice = `${todo}; until then each instance keeps its own limits`;
    return failed('redis', misconfiguration ? 'permission' : 'unreachable', what, advice);
  } finally {
    store.close();
  }
}
