import { PATIENCE_MS } from '../../src/lib/rate-limit/patient-store.ts';
import { isStoreError } from '../../src/lib/rate-limit/store.ts';
import type { RedisTarget } from '../../src/lib/rate-limit/redis-url.ts';
import { openStore } from '../../src/redis.ts';
import { failed, ok, skipped, warning, type Finding } from './finding.ts';

/** Whether the shared limits can be kept: Redis reached, the user let in, scripts run, something written. */
export async function checkRedis(
  target: RedisTarget | undefined,
  signal: AbortSignal,
): Promise<Finding> {
  if (!target) return skipped('redis', 'REDIS_URL is not set: each instance keeps its own limits');
  const store = openStore(target, () => performance.now());
  // A call has no time of its own: it ends with its connection.
  signal.addEventListener('abort', () => store.reconnect(), { once: true });
  try {
    await store.probe();
    // Connected by now, as it mostly is: this is what every request pays.
    const begun = performance.now();
    await store.probe();
    const ms = Math.round(performance.now() - begun);
    const message = `lets in and can be written to; answers in ${ms} ms`;
    if (ms < PATIENCE_MS / 2) return ok('redis', message);
    const advice = `the gateway waits ${PATIENCE_MS} ms, then each instance keeps its own limits: move it nearer`;
    return warning('redis', message, advice);
  } catch (error) {
    if (!isStoreError(error)) throw error;
    const what = signal.aborted ? 'no answer in time' : error.message;
    const advice =
      'check REDIS_URL and the way there; until then each instance keeps its own limits';
    const isRefused = /NOAUTH|WRONGPASS|NOPERM/.test(what);
    return failed('redis', isRefused ? 'permission' : 'unreachable', what, advice);
  } finally {
    store.reconnect();
  }
}
