import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import type { Settings } from '../../settings.ts';
import { awaitTurn } from './await-turn.ts';
import { MemoryLimiter } from './limiter.ts';
import { paceRule } from './pace.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import { SharedLimiter } from './shared-limiter.ts';

export interface SlotRequest {
  readonly region: string;
  readonly principal: string;
  readonly kind: 'single' | 'batch';
  readonly reachMs: () => number;
  readonly signal: AbortSignal;
}
export type SlotReply =
  | { readonly granted: true; readonly isValid: () => boolean }
  | { readonly granted: false; readonly retryAfter: number; readonly reason?: string };
export interface Limiter {
  acquire(request: SlotRequest): Promise<SlotReply>;
  backOff(region: string): void;
  spend(key: string, rule: QuotaRule, units?: number): Promise<QuotaDecision>;
  status(): { readonly kind: 'ok' } | { readonly kind: 'misconfigured'; readonly reason: string };
}
export function createLimiter(
  { upstreamRate, expectedInstances, maxWaitMs, redis }: Settings,
  { clock, log, random }: { readonly clock: Clock; readonly log: Log; readonly random: () => number },
): Limiter {
  const steadyMs = (): number => clock.steadyMs();
  const own = new MemoryLimiter(upstreamRate / expectedInstances, maxWaitMs, steadyMs, random());
  const sleep: Clock['sleep'] = (ms, signal) => clock.sleep(ms, signal);
  const limiter = redis
    ? new SharedLimiter({
        open: async () => (await import('../../redis.ts')).openStore(redis, steadyMs),
        own,
        rule: paceRule(upstreamRate, maxWaitMs),
        times: { steadyMs, wallMs: () => clock.now(), sleep },
        log,
      })
    : own;
  return {
    async acquire(request) {
      const turn = await awaitTurn(
        { ...request, prepare: async () => undefined },
        { limiter, steadyMs, sleep },
      );
      return turn.go
        ? { granted: true, isValid: turn.mayLeave }
        : { granted: false, retryAfter: turn.retryAfter };
    },
    backOff: (region) => limiter.pushBack(region),
    spend: (key, rule) => limiter.spend(key, rule),
    status: () => ({ kind: 'ok' }),
  };
}
