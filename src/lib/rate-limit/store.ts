import type { QuotaDecision, QuotaRule } from './quota.ts';
import type { Holder } from './slots.ts';

/** A granted slot. `at` is its moment, in microseconds of the clock of the store that granted it. */
export interface StoredSlot {
  readonly region: string;
  readonly holder: Holder;
  readonly at: number;
}

/** The slot is `delayMs` from some moment between `sentMs` and `repliedMs`, which are of the steady clock. */
export type StoreReply =
  | {
      readonly granted: true;
      readonly at: number;
      readonly delayMs: number;
      readonly sentMs: number;
      readonly repliedMs: number;
    }
  | { readonly granted: false; readonly retryInMs: number };

/** Where slots and quotas are kept. Each call is one atomic decision; it may reject with a `StoreError`. */
export interface Store {
  /** @param reachMs how far ahead a slot is of use */
  acquire(region: string, holder: Holder, reachMs: number): Promise<StoreReply>;
  release(slot: StoredSlot): Promise<void>;
  backOff(region: string): Promise<void>;
  spend(key: string, rule: QuotaRule, units: number): Promise<QuotaDecision>;
  close(): void;
}

/** A store that answers later than this counts as silent: the window of a slot would be empty. */
export const TIMEOUT_MS = 60;

/** The longest that opening a connection may take. */
export const CONNECT_MS = 250;

/** The longest that a call takes: one timeout, a new connection, and one more timeout. */
export const ANSWER_MS = 2 * TIMEOUT_MS + CONNECT_MS;

/** Settings that are wrong, which no waiting mends. */
export type Misconfiguration =
  `redis-${'password' | 'certificate' | 'cluster' | 'permission' | 'database'}`;

const CODE = 'STORE_FAILED';

/** A store that does not answer, or cannot decide. `message` is safe to log: it quotes nothing. */
export class StoreError extends Error {
  readonly code = CODE;
  readonly misconfiguration: Misconfiguration | undefined;

  constructor(message: string, misconfiguration?: Misconfiguration) {
    super(message);
    this.misconfiguration = misconfiguration;
  }
}

/** By its code: `redis.js` is another bundle, with a class of its own. */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && 'code' in error && error.code === CODE;
}
