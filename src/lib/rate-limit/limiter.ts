import type { Clock } from '../clock.ts';
import type { RedisTarget } from '../config/setting-values.ts';
import type { Log } from '../observability/log.ts';
import { createQuotas, type QuotaDecision, type QuotaRule } from './quota.ts';
import type { Misconfiguration } from './redis-connection.ts';
import { createOwnSlots, slotRule } from './slots.ts';
import type { Holder, NoSlot, Slot, SlotQuestion } from './slots.ts';

export interface SlotRequest extends Holder {
  readonly region: string;
  /** For how many milliseconds from now a slot is of use. A batch waits so long for one. */
  readonly reachMs: () => number;
  readonly signal: AbortSignal;
}

/** `isValid`: false once the slot has expired. The holder checks it just before the request leaves. */
export type Acquired = { readonly granted: true; readonly isValid: () => boolean } | NoSlot;

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
  misconfiguration(): Promise<Misconfiguration | undefined>;
  close(): void;
}

export interface LimiterSettings {
  /** Requests in any second, for each region. */
  readonly upstreamRate: number;
  readonly expectedInstances: number;
  readonly maxWaitMs: number;
  readonly redis: RedisTarget | undefined;
}

export interface LimiterDeps extends Pick<Clock, 'steadyMs' | 'sleep'> {
  readonly random: () => number;
  readonly log: Pick<Log, 'write'>;
}

/** Shared through Redis if `redis` is set, else of this instance alone. */
export function createLimiter(
  { upstreamRate, expectedInstances, maxWaitMs, redis }: LimiterSettings,
  deps: LimiterDeps,
): Limiter {
  const { steadyMs, random, log } = deps;
  const share = slotRule(upstreamRate / expectedInstances, maxWaitMs, random());
  const own = { ...createOwnSlots(share, steadyMs), ...createQuotas(steadyMs) };
  if (redis && expectedInstances === 1) {
    const reason =
      'EXPECTED_INSTANCES is 1: if Redis fails, each instance takes the whole UPSTREAM_RATE';
    log.write('warn', 'expected-instances', { reason });
  }
  const load = async (target: RedisTarget) => {
    // A file of its own, which is loaded only here.
    const { createRedisStore, createSharedStore } = await import('./redis.ts');
    const rule = slotRule(upstreamRate, maxWaitMs);
    const shared = createRedisStore(target, rule, steadyMs);
    return createSharedStore(shared, own, rule.quiet / 1000, deps);
  };
  let loading: ReturnType<typeof load> | undefined;
  const shared = () => redis && (loading ??= load(redis));
  const store = async () => (await shared()) ?? own;
  const unused: UnusedSlots = new Map();
  return {
    acquire: async (request) => acquireFrom((await store()).acquire, request, deps, unused),
    // If this is lost, DLC refuses once more, and the next one backs off.
    backOff: (region) =>
      void store()
        .then((one) => one.backOff(region))
        .catch(() => undefined),
    spend: async (key, rule) => (await store()).spend(key, rule),
    owe: async (key, rule, units) => (await store()).spend(key, rule, units, true),
    misconfiguration: async () => (await shared())?.misconfiguration(),
    close: () => void loading?.then((one) => one.close()).catch(() => undefined),
  };
}

/** By region: slots of requests that were given up while they waited. Another request of this process may take one. */
type UnusedSlots = Map<string, Slot[]>;

/** Waits until the slot's time has come. If a slot expires meanwhile, it acquires another one. */
export async function acquireFrom(
  acquire: (...asked: SlotQuestion) => Promise<Slot | NoSlot> | Slot | NoSlot,
  { region, principal, kind, reachMs, signal }: SlotRequest,
  { steadyMs, sleep }: Pick<LimiterDeps, 'steadyMs' | 'sleep'>,
  unused: UnusedSlots = new Map(),
): Promise<Acquired> {
  const waitUntil = async (ms: number): Promise<void> => {
    for (let left = ms - steadyMs(); left > 0 && !signal.aborted; left = ms - steadyMs()) {
      await sleep(Math.ceil(left), signal).catch(() => undefined);
    }
  };
  const left = unused.get(region) ?? [];
  unused.set(region, left);
  for (;;) {
    const reachedMs = Math.max(0, reachMs());
    const isLeft = (left[0]?.fromMs ?? Infinity) <= steadyMs() + reachedMs;
    const reply =
      (isLeft && left.shift()) || (await acquire(region, { principal, kind }, reachedMs));
    if (reply.granted) {
      const { fromMs, untilMs } = reply;
      await waitUntil(fromMs);
      const isValid = (): boolean => steadyMs() <= untilMs;
      if (signal.aborted) {
        left.push(reply);
        left.sort((a, b) => a.fromMs - b.fromMs);
        return { granted: false, retryInMs: fromMs - steadyMs(), isQuiet: false };
      }
      if (isValid()) return { granted: true, isValid };
    } else {
      if (kind === 'single' || reply.retryInMs > reachMs()) return reply;
      await waitUntil(steadyMs() + Math.max(1, reply.retryInMs));
      if (signal.aborted) return reply;
    }
  }
}
