import type { Clock } from '../clock.ts';
import { SharedClock } from './shared-clock.ts';
import { StoreError, type LimitStore, type StoreTime } from './store.ts';

/** What one call may cost; after this the store counts as dead. */
export const PATIENCE_MS = 100;

/** The last part of it, waited for on its own: what came in while the process stood still is read first. */
const LAST_LOOK_MS = 5;

/** Time's end was noticed later than this: the process stood still, and the store may be well. */
const STOOD_STILL_MS = 100;

/** The times that the shared limits go by. */
export interface Times {
  /** Milliseconds of a clock that never jumps. */
  readonly steadyMs: () => number;
  /** The time of day, in milliseconds since the epoch. */
  readonly wallMs: () => number;
  readonly sleep: Clock['sleep'];
}

/** The store, with an end to every call, and with its clock compared to ours. */
export class PatientStore {
  readonly #open: () => Promise<LimitStore>;
  readonly #times: Times;
  readonly #clock = new SharedClock();
  #opened: Promise<LimitStore> | undefined;

  /** @param open loads the store's code; connects to nothing */
  constructor(open: () => Promise<LimitStore>, times: Times) {
    this.#open = open;
    this.#times = times;
  }

  window(atUs: number): { readonly fromMs: number; readonly toMs: number } {
    return this.#clock.window(atUs);
  }

  /**
   * Asks, and once more where the process stood still meanwhile (a function may be frozen at any time).
   *
   * @returns `leapt`: the store's clock leapt forward before this reply
   * @throws StoreError
   */
  async ask<T extends StoreTime>(
    call: (store: LimitStore) => Promise<T>,
  ): Promise<{ reply: T; leapt: boolean }> {
    const store = await (this.#opened ??= this.#open());
    const { steadyMs, wallMs } = this.#times;
    for (let isAgain = false; ; isAgain = true) {
      const begun = steadyMs();
      const reply = await this.#inTime(call(store));
      const now = steadyMs();
      if (reply) {
        const leapt = this.#clock.observe(reply, now, wallMs());
        if (!this.#clock.isBlurred) return { reply, leapt };
        if (isAgain) throw new StoreError('too slow to tell the time by', true);
        continue;
      }
      store.reconnect();
      if (isAgain || now - begun <= PATIENCE_MS + STOOD_STILL_MS) {
        throw new StoreError(`no answer within ${PATIENCE_MS} ms`, true);
      }
    }
  }

  async #inTime<T>(work: Promise<T>): Promise<T | undefined> {
    const { sleep } = this.#times;
    const done = new AbortController();
    const timeIsUp = async (): Promise<undefined> => {
      await sleep(PATIENCE_MS - LAST_LOOK_MS, done.signal);
      await sleep(LAST_LOOK_MS, done.signal);
    };
    try {
      return await Promise.race([work, timeIsUp()]);
    } finally {
      done.abort();
    }
  }
}
