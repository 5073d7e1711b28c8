import { MemoryQuotas, type QuotaDecision, type QuotaRule } from './quota.ts';
import { MARGIN_MS, MemorySlots, type Holder, type SlotRule } from './slots.ts';

/** A request may leave between these moments of the steady clock, in milliseconds. */
export interface Slot {
  readonly granted: true;
  readonly fromMs: number;
  readonly untilMs: number;
}

export interface NoSlot {
  readonly granted: false;
  readonly retryInMs: number;
  /** No slot is granted for now, at any load. */
  readonly isQuiet: boolean;
}

/** Where slots and quotas are kept. Each call is one atomic decision. A shared store may reject with a `StoreError`. */
export interface Store {
  /** @param reachMs how far ahead a slot is of use */
  acquire(region: string, holder: Holder, reachMs: number): Promise<Slot | NoSlot>;
  backOff(region: string): Promise<void>;
  /** @param isAdmitted the request was let in before: it owes these units whatever is left */
  spend(key: string, rule: QuotaRule, units: number, isAdmitted?: boolean): Promise<QuotaDecision>;
  /** What is wrong with its settings, which no waiting mends. */
  misconfiguration?(): Promise<Misconfiguration | undefined>;
  close?(): void;
}

/**
 * A slot `delayMs` after some moment between `sentMs` and `repliedMs`, when it was decided. A request may
 * leave until 0.8 M after it: the rest of M is for the way to DLC.
 */
export const slotAfter = (delayMs: number, sentMs: number, repliedMs: number): Slot => ({
  granted: true,
  fromMs: repliedMs + delayMs,
  untilMs: sentMs + delayMs + 0.8 * MARGIN_MS,
});

/** The limits of this process alone: all there is without Redis, or while Redis is down. */
export class MemoryStore implements Store {
  readonly #rule: SlotRule;
  readonly #steadyMs: () => number;
  /** By region: the configured ones, a few. */
  readonly #regions = new Map<string, MemorySlots>();
  readonly #quotas = new MemoryQuotas();

  constructor(rule: SlotRule, steadyMs: () => number) {
    this.#rule = rule;
    this.#steadyMs = steadyMs;
  }

  async acquire(region: string, holder: Holder, reachMs: number): Promise<Slot | NoSlot> {
    const now = this.#now();
    const decision = this.#slotsOf(region).acquire(holder, now, Math.floor(reachMs * 1000));
    if (decision.granted) return slotAfter((decision.at - now) / 1000, now / 1000, now / 1000);
    return { granted: false, retryInMs: decision.retryIn / 1000, isQuiet: decision.isQuiet };
  }

  async backOff(region: string): Promise<void> {
    this.#slotsOf(region).backOff(this.#now());
  }

  async spend(
    key: string,
    rule: QuotaRule,
    units: number,
    isAdmitted?: boolean,
  ): Promise<QuotaDecision> {
    return this.#quotas.spend(key, Math.floor(this.#steadyMs()), rule, units, isAdmitted);
  }

  /** Grants no slot of the region that is earlier than `ms` from now. */
  startQuietPeriod(region: string, ms: number): void {
    this.#slotsOf(region).startQuietPeriod(this.#now() + ms * 1000);
  }

  #now(): number {
    return Math.floor(this.#steadyMs() * 1000);
  }

  #slotsOf(region: string): MemorySlots {
    const slots = this.#regions.get(region) ?? new MemorySlots(this.#rule);
    this.#regions.set(region, slots);
    return slots;
  }
}

/** A shared store that replies later than this counts as silent: the window of a slot would be empty. */
export const TIMEOUT_MS = 60;

/** A call, and the opening of a connection, are tried for so long; then no connection is tried for so long. */
export const OPEN_MS = 400;

/** What to do about settings of Redis that are wrong. */
export const REMEDIES = {
  'redis-password': 'put the user and password that Redis expects into REDIS_URL',
  'redis-certificate': 'name the CA of Redis in NODE_EXTRA_CA_CERTS, and its own host in REDIS_URL',
  'redis-cluster': 'use a Redis without cluster mode, or a proxy that hides the cluster',
  'redis-permission': 'permit the user the keys dlcgw:* and the commands of docs/decisions/0008',
  'redis-database': 'name a database that this Redis has in REDIS_URL, such as /0',
} as const;
export type Misconfiguration = keyof typeof REMEDIES;

/** A store that does not reply, or cannot decide. `message` is safe to log: it quotes nothing. */
export class StoreError extends Error {
  readonly misconfiguration: Misconfiguration | undefined;

  constructor(message: string, misconfiguration?: Misconfiguration) {
    super(message);
    this.misconfiguration = misconfiguration;
  }
}
