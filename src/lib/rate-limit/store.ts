import type { QuotaDecision, QuotaRule } from './quota.ts';
import type { Holder } from './slots.ts';

export type StoreReply =
  /** The slot is `delayMs` from some moment between `sentMs` and `repliedMs` of the steady clock. */
  | {
      readonly granted: true;
      readonly delayMs: number;
      readonly sentMs: number;
      readonly repliedMs: number;
    }
  /** `isQuiet`: no slot is granted for now, at any load. */
  | { readonly granted: false; readonly retryInMs: number; readonly isQuiet: boolean };

/** Where slots and quotas are kept. Each call is one atomic decision, and may reject with a `StoreError`. */
export interface Store {
  /** @param reachMs how far ahead a slot is of use */
  acquire(region: string, holder: Holder, reachMs: number): Promise<StoreReply>;
  backOff(region: string): Promise<void>;
  /** @param isAdmitted the request was let in before: it owes these units whatever is left */
  spend(key: string, rule: QuotaRule, units: number, isAdmitted?: boolean): Promise<QuotaDecision>;
  /** What is wrong with its settings, which no waiting mends. */
  misconfiguration?(): Promise<Misconfiguration | undefined>;
  close(): void;
}

/** A store that replies later than this counts as silent: the window of a slot would be empty. */
export const TIMEOUT_MS = 60;

/** A call, and the opening of a connection, are tried for so long; then all calls fail at once for so long. */
export const OPEN_MS = 400;

/** After a store works again, calls may fail for so long: a call, a connection, a timeout, and then at once. */
export const NOTICE_MS = 3 * OPEN_MS + TIMEOUT_MS;

export type Misconfiguration =
  `redis-${'password' | 'certificate' | 'cluster' | 'permission' | 'database'}`;

const CODE = 'STORE_FAILED';

/** A store that does not reply, or cannot decide. `message` is safe to log: it quotes nothing. */
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
