import type { PaceRule, TurnDecision } from './pace.ts';
import type { QuotaDecision, QuotaRule } from './quota.ts';
import type { Turn } from './limiter.ts';

/** When a reply of the shared store was made: by its own clock, and by this process's steady one. */
export interface StoreTime {
  /** Microseconds since the epoch, as all times of the store. */
  readonly nowUs: number;
  /** Milliseconds: just before the question was sent, so at most `nowUs` on the steady clock. */
  readonly sentMs: number;
}

/**
 * Where instances share the limits: each call is one atomic decision, by the rules of `pace.ts` and
 * `quota.ts` and by the store's own clock. Throws `StoreError`. No call ends by itself in a given time.
 */
export interface LimitStore {
  takeTurn(ask: TurnAsk, rule: PaceRule): Promise<TurnDecision & StoreTime>;
  giveBack(turn: Turn, rule: PaceRule): Promise<StoreTime>;
  pushBack(region: string, rule: PaceRule): Promise<StoreTime>;
  spend(key: string, rule: QuotaRule): Promise<QuotaDecision & StoreTime>;
  /** Whether the store can decide at all: reached, permitted, writable. */
  probe(): Promise<StoreTime>;
  /** Lets the connection go that a call has waited on in vain; the next call opens another. */
  reconnect(): void;
}

export interface TurnAsk {
  readonly region: string;
  readonly principal: string;
  /** Whole microseconds. */
  readonly reach: number;
}

const CODE = 'STORE_FAILED';

/** A store that does not answer, or cannot decide. The message is safe to log: it quotes nothing. */
export class StoreError extends Error {
  readonly code = CODE;
  /** It only did not answer in time: whatever it knew, it still knows. */
  readonly isSilence: boolean;

  constructor(message: string, isSilence = false) {
    super(message);
    this.isSilence = isSilence;
  }
}

/** By its code: `redis.js` is another bundle, with a class of its own. */
export function isStoreError(error: unknown): error is StoreError {
  return error instanceof Error && 'code' in error && error.code === CODE;
}
