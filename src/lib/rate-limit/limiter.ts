import type { Clock } from '../clock.ts';
import type { Log } from '../observability/log.ts';
import { MemoryStore, MARGIN_MS, slotRule, type Kind } from './slots.ts';
import { wholeSeconds, type QuotaDecision, type QuotaRule } from './quota.ts';
import type { RedisTarget } from './redis-url.ts';
import type { Misconfiguration, Store } from './store.ts';

/**
 * How long after its slot a request may leave; the rest of M is for the way to DLC. A process that was
 * busy or frozen for longer acquires another slot.
 */
const LEAVE_WITHIN_MS = 0.8 * MARGIN_MS;

export interface SlotRequest {
  readonly region: string;
  readonly principal: string;
  /** `batch` (batches and webhook deliveries) has a smaller share, and waits until `reachMs` is over. */
  readonly kind: Kind;
  /** For how many milliseconds from now a slot is of use. */
  readonly reachMs: () => number;
  readonly signal: AbortSignal;
}

export type Acquired =
  /** `isValid`: false once the slot has expired. The holder checks it just before the request leaves. */
  | { readonly granted: true; readonly isValid: () => boolean }
  /** `retryAfter`: seconds, at least 1. `quiet-period`: no slot is granted for now, at any load. */
  | {
      readonly granted: false;
      readonly retryAfter: number;
      readonly reason: 'rate-limit' | 'quiet-period';
    };

export type LimiterStatus =
  | { readonly kind: 'ok' }
  | { readonly kind: 'misconfigured'; readonly reason: Misconfiguration };

/** The rate limit upstream, per region, and the callers' quotas. */
export interface Limiter {
  /** Waits for a slot, the right to send one CancelTask. A single request without one in reach is refused at once. */
  acquire(request: SlotRequest): Promise<Acquired>;
  /** DLC refused a request for its rate. */
  backOff(region: string): void;
  /** Spends a unit of a quota, if one is left. @param key principal and policy */
  spend(key: string, rule: QuotaRule): Promise<QuotaDecision>;
  /** Adds what a request costs beyond the unit that let it in; later requests wait for it. */
  owe(key: string, rule: QuotaRule, units: number): Promise<QuotaDecision>;
  /** Asks Redis whether its settings are wrong, which no waiting mends. */
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
  const store = createStore(settings, deps);
  return {
    acquire: (request) => acquireFrom(store, request, deps),
    // If this is lost, DLC refuses once more, and the next one backs off.
    backOff: (region) => void store.backOff(region).catch(() => undefined),
    spend: (key, rule) => store.spend(key, rule, 1, false),
    owe: (key, rule, units) => store.spend(key, rule, units, true),
    async status() {
      const reason = await store.misconfiguration?.();
      return reason ? { kind: 'misconfigured', reason } : { kind: 'ok' };
    },
    close: () => store.close(),
  };
}

function createStore(
  { upstreamRate, expectedInstances, maxWaitMs, redis }: LimiterSettings,
  { steadyMs, random, log }: LimiterDeps,
): Store {
  const share = slotRule(upstreamRate / expectedInstances, maxWaitMs, random());
  const own = new MemoryStore(share, steadyMs);
  if (!redis) return own;
  if (expectedInstances === 1) {
    const reason =
      'EXPECTED_INSTANCES is 1: if Redis fails, each instance takes the whole UPSTREAM_RATE';
    log.write('warn', 'expected-instances', { reason });
  }
  const rule = slotRule(upstreamRate, maxWaitMs);
  return loadedAtFirstUse(async () => {
    // A file of its own, which is loaded only here.
    const { openSharedStore } = await import('./redis.ts');
    return openSharedStore(redis, rule, { own, quietMs: rule.quiet / 1000, steadyMs, log });
  });
}

/** A store that is loaded at the first decision. If that fails, each decision rejects, and the next one tries again. */
function loadedAtFirstUse(load: () => Promise<Store>): Store {
  let loading: Promise<Store> | undefined;
  const loaded = (): Promise<Store> => {
    loading ??= load();
    loading.catch(() => (loading = undefined));
    return loading;
  };
  return {
    acquire: async (...asked) => (await loaded()).acquire(...asked),
    backOff: async (region) => (await loaded()).backOff(region),
    spend: async (...asked) => (await loaded()).spend(...asked),
    misconfiguration: async () => (await loaded()).misconfiguration?.(),
    close: () => void loading?.then((store) => store.close()).catch(() => undefined),
  };
}

/** Waits until the slot's time has come. A slot that expires meanwhile is left for another one. */
export async function acquireFrom(
  store: Pick<Store, 'acquire'>,
  { region, principal, kind, reachMs, signal }: SlotRequest,
  { steadyMs, sleep }: Pick<LimiterDeps, 'steadyMs' | 'sleep'>,
): Promise<Acquired> {
  const waitUntil = async (ms: number): Promise<void> => {
    for (let left = ms - steadyMs(); left > 0 && !signal.aborted; left = ms - steadyMs()) {
      await sleep(Math.ceil(left), signal).catch(() => undefined);
    }
  };
  for (;;) {
    const reply = await store.acquire(region, { principal, kind }, Math.max(0, reachMs()));
    if (!reply.granted) {
      const { retryInMs, isQuiet } = reply;
      if (kind === 'batch' && retryInMs <= reachMs()) {
        await waitUntil(steadyMs() + Math.max(1, retryInMs));
        if (!signal.aborted) continue;
      }
      return refused(retryInMs, isQuiet ? 'quiet-period' : 'rate-limit');
    }
    const { sentMs, repliedMs, delayMs } = reply;
    await waitUntil(repliedMs + delayMs);
    if (signal.aborted) return refused(repliedMs + delayMs - steadyMs(), 'rate-limit');
    const isValid = (): boolean => steadyMs() <= sentMs + delayMs + LEAVE_WITHIN_MS;
    if (isValid()) return { granted: true, isValid };
  }
}

function refused(retryInMs: number, reason: 'rate-limit' | 'quiet-period'): Acquired {
  return { granted: false, retryAfter: Math.max(1, wholeSeconds(retryInMs)), reason };
}
