import type { Clock } from '../clock.ts';
import type { RedisTarget } from '../config/redis-url.ts';
import type { Log } from '../observability/log.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import { slotRule, type Holder } from './slots.ts';
import { MemoryStore, type Misconfiguration, type NoSlot, type Slot, type Store } from './store.ts';

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

export interface LimiterDeps {
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  readonly sleep: Clock['sleep'];
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
  const own = new MemoryStore(share, steadyMs);
  if (redis && expectedInstances === 1) {
    const reason =
      'EXPECTED_INSTANCES is 1: if Redis fails, each instance takes the whole UPSTREAM_RATE';
    log.write('warn', 'expected-instances', { reason });
  }
  const load = async (target: RedisTarget): Promise<Store> => {
    // A file of its own, which is loaded only here.
    const { RedisStore, SharedStore } = await import('./redis.ts');
    const rule = slotRule(upstreamRate, maxWaitMs);
    const shared = new RedisStore(target, rule, steadyMs);
    return new SharedStore({ redis: shared, own, quietMs: rule.quiet / 1000, steadyMs, log });
  };
  let loading: Promise<Store> | undefined;
  const unused: UnusedSlots = new Map();
  const ask = <T>(question: (store: Store) => Promise<T>): Promise<T> =>
    redis ? (loading ??= load(redis)).then(question) : question(own);
  return {
    acquire: (request) => ask((store) => acquireFrom(store, request, deps, unused)),
    // If this is lost, DLC refuses once more, and the next one backs off.
    backOff: (region) => void ask((store) => store.backOff(region)).catch(() => undefined),
    spend: (key, rule) => ask((store) => store.spend(key, rule, 1)),
    owe: (key, rule, units) => ask((store) => store.spend(key, rule, units, true)),
    misconfiguration: () => ask(async (store) => store.misconfiguration?.()),
    close: () => void loading?.then((store) => store.close?.()).catch(() => undefined),
  };
}

/** By region: slots of requests that were given up while they waited. Another request of this process may take one. */
type UnusedSlots = Map<string, Slot[]>;

/** Waits until the slot's time has come. If a slot expires meanwhile, it acquires another one. */
export async function acquireFrom(
  store: Pick<Store, 'acquire'>,
  { region, principal, kind, reachMs, signal }: SlotRequest,
  { steadyMs, sleep }: Pick<LimiterDeps, 'steadyMs' | 'sleep'>,
  unused: UnusedSlots = new Map(),
): Promise<Acquired> {
  const waitUntil = async (ms: number): Promise<void> => {
    for (let left = ms - steadyMs(); left > 0 && !signal.aborted; left = ms - steadyMs()) {
      await sleep(Math.ceil(left), signal).catch(() => undefined);
    }
  };
  for (;;) {
    const reachedMs = Math.max(0, reachMs());
    const reply =
      takeUnused(unused.get(region), steadyMs(), reachedMs) ??
      (await store.acquire(region, { principal, kind }, reachedMs));
    if (reply.granted) {
      const { fromMs, untilMs } = reply;
      await waitUntil(fromMs);
      const isValid = (): boolean => steadyMs() <= untilMs;
      if (signal.aborted) {
        unused.set(region, [...(unused.get(region) ?? []), reply]);
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

/** Takes the earliest that is of use, and forgets those that have expired. */
function takeUnused(slots: Slot[] = [], nowMs: number, reachMs: number): Slot | undefined {
  const left = slots.splice(0).filter(({ untilMs }) => untilMs > nowMs);
  left.sort((a, b) => a.fromMs - b.fromMs);
  const [first] = left;
  const taken = first && first.fromMs <= nowMs + reachMs ? left.shift() : undefined;
  slots.push(...left);
  return taken;
}
