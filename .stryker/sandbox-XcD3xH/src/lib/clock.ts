import { setTimeout as delay } from 'node:timers/promises';

/** Time as the gateway sees it. Tests put a clock of their own in its place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Waits `ms` milliseconds; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  async sleep(ms, signal) {
    signal.throwIfAborted();
    // `ref: false`: a function may be frozen or ended while something still sleeps.
    await delay(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  },
};
