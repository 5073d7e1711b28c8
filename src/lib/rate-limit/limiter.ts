import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import { wholeSeconds } from './fields.ts';
import { Limits, type LimiterStatus, type RefusalReason } from './limits.ts';
import { MemoryStore } from './memory-store.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import type { RedisTarget } from './redis-url.ts';
import { slotRule, type Kind } from './slots.ts';

export interface SlotRequest {
  readonly region: string;
  readonly principal: string;
  /** `batch` (batches and webhook deliveries) has a smaller share, and waits until `reachMs` is over. */
  readonly kind: Kind;
  /** For how many milliseconds from now a slot is of use. */
  readonly reachMs: () => number;
  readonly signal: AbortSignal;
  /**
   * Begins what the departure needs (a connection) while the request waits for its slot; does not
   * reject. If it takes too long, the slot is left for another one.
   */
  readonly prepare?: () => Promise<void>;
}

export type Acquired =
  /** `isValid`: false once the slot has expired. The holder checks it just before the request leaves. */
  | { readonly granted: true; readonly isValid: () => boolean }
  /** `retryAfter`: seconds, at least 1. */
  | { readonly granted: false; readonly retryAfter: number; readonly reason: RefusalReason };

/** The rate limit upstream, per region, and the callers' quotas. */
export interface Limiter {
  /** Waits for a slot, the right to send one CancelTask. A single request without one in reach is refused at once. */
  acquire(request: SlotRequest): Promise<Acquired>;
  /** DLC refused a request for its rate. */
  backOff(region: string): void;
  /**
   * @param key principal and policy
   * @param units tasks of a batch; it is let in if one is left, and owes the rest
   */
  spend(key: string, rule: QuotaRule, units?: number): Promise<QuotaDecision>;
  /** Asks Redis, and tells whether its settings are wrong, which no waiting mends. */
  status(): Promise<LimiterStatus>;
  close(): void;
}

export interface LimiterSettings {
  /** Requests in any second, for each region. */
  readonly upstreamRate: number;
  readonly expectedInstances: number;
  readonly maxWaitMs: number;
  readonly redis: RedisTarget | undefined;
}

export interface LimiterDeps {
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  readonly sleep: Clock['sleep'];
  readonly random: () => number;
  readonly log: Pick<Log, 'write'>;
}

/** Shared through Redis if `redis` is set, else of this instance alone. */
export function createLimiter(settings: LimiterSettings, deps: LimiterDeps): Limiter {
  const limits = createLimits(settings, deps);
  return {
    acquire: (request) => acquire(request, limits, deps),
    backOff: (region) => limits.backOff(region),
    spend: (key, rule, units = 1) => limits.spend(key, rule, units),
    status: () => limits.status(),
    close: () => limits.close(),
  };
}

function createLimits(
  { upstreamRate, expectedInstances, maxWaitMs, redis }: LimiterSettings,
  { steadyMs, random, log }: LimiterDeps,
): Limits {
  const own = new MemoryStore(
    slotRule(upstreamRate / expectedInstances, maxWaitMs, random()),
    steadyMs,
  );
  const rule = slotRule(upstreamRate, maxWaitMs);
  const deps = { own, quietMs: rule.quiet / 1000, steadyMs, log };
  if (!redis) return new Limits(deps);
  if (expectedInstances === 1) {
    const reason =
      'EXPECTED_INSTANCES is 1: if Redis fails, each instance takes the whole UPSTREAM_RATE';
    log.write('warn', 'expected-instances', { reason });
  }
  const open = async () => {
    // A file of its own, which is loaded only here.
    const { openStore } = await import('./redis.ts');
    return openStore(redis, rule, steadyMs);
  };
  return new Limits({ ...deps, open });
}

/** Waits until the slot's time has come. A slot that expires meanwhile is left for another one. */
export async function acquire(
  { region, principal, kind, reachMs, signal, prepare }: SlotRequest,
  limits: Pick<Limits, 'acquire'>,
  { steadyMs, sleep }: Pick<LimiterDeps, 'steadyMs' | 'sleep'>,
): Promise<Acquired> {
  const holder = { principal, kind };
  const waitUntil = async (ms: number): Promise<void> => {
    for (let left = ms - steadyMs(); left > 0 && !signal.aborted; left = ms - steadyMs()) {
      await sleep(Math.ceil(left), signal).catch(() => undefined);
    }
  };
  let prepared: Promise<void> | undefined;
  for (;;) {
    const reply = await limits.acquire({ region, holder, reachMs });
    if (!reply.granted) {
      const { retryInMs, reason } = reply;
      const mayWait = kind === 'batch' && retryInMs <= reachMs() && !signal.aborted;
      if (!mayWait) return { granted: false, retryAfter: atLeastOne(retryInMs), reason };
      await waitUntil(steadyMs() + Math.max(1, retryInMs));
      continue;
    }
    const { fromMs, untilMs } = reply;
    prepared ??= prepare?.();
    await waitUntil(fromMs);
    await prepared;
    if (signal.aborted) {
      return { granted: false, retryAfter: atLeastOne(fromMs - steadyMs()), reason: 'rate-limit' };
    }
    const isValid = (): boolean => steadyMs() <= untilMs;
    if (isValid()) return { granted: true, isValid };
  }
}

function atLeastOne(ms: number): number {
  return Math.max(1, wholeSeconds(ms));
}
