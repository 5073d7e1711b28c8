import { setTimeout as delay } from 'node:timers/promises';

/** Time as the gateway sees it. Tests put a clock of their own in its place. */
export interface Clock {
  /** Milliseconds since the epoch. */
  now(): number;
  /** Milliseconds of a clock that never jumps: for everything that lasts. */
  steadyMs(): number;
  /** Waits `ms` milliseconds; rejects with the signal's reason as soon as it is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: Date.now,
  steadyMs: () => performance.now(),
  async sleep(ms, signal) {
    signal.throwIfAborted();
    // `ref: false`: a function may be frozen or ended while something still sleeps.
    await delay(ms, undefined, { signal, ref: false }).catch((error: unknown) => {
      signal.throwIfAborted();
      throw error;
    });
  },
};

/** The one deadline of a request, carried as one signal through everything that is done for it. */
export interface Deadline {
  /** Aborted when time is up, or when the client has disconnected. */
  readonly signal: AbortSignal;
  /** Milliseconds left; 0 once time is up. */
  remaining(): number;
  /** Stops the timer; to be called once the response is there. */
  close(): void;
}

/** A deadline, for code that works under it and does not end it. */
export type TimeLeft = Pick<Deadline, 'signal' | 'remaining'>;

/**
 * Its timer keeps the process alive until `close`, and nothing else may: in a function nothing listens,
 * and the platform would end an invocation that only pauses between two attempts.
 *
 * @param parent aborts it before; it may live longer
 * @param reason the message of the error with which the signal is aborted once time is up
 */
export function startDeadline(
  ms: number,
  clock: Pick<Clock, 'steadyMs'>,
  parent?: AbortSignal,
  reason = 'the deadline has passed',
): Deadline {
  const endsAt = clock.steadyMs() + ms;
  // A time that is already up has passed at once, not in the next turn of the event loop.
  let hasPassed = ms <= 0;
  const timer = setTimeout(() => pass(), Math.max(0, ms));
  // Made when it is read: a refusal would spend a tenth of its time on it.
  let controller: AbortController | undefined;
  const pass = (): void => {
    hasPassed = true;
    controller?.abort(new Error(reason));
  };
  const leave = (): void => controller?.abort(parent?.reason);
  const start = (): AbortController => {
    controller = new AbortController();
    if (hasPassed) pass();
    if (parent?.aborted) leave();
    // `AbortSignal.any` takes several times as long.
    parent?.addEventListener('abort', leave, { once: true });
    return controller;
  };
  return {
    get signal() {
      return (controller ?? start()).signal;
    },
    remaining: () => (hasPassed || parent?.aborted ? 0 : Math.max(0, endsAt - clock.steadyMs())),
    close() {
      clearTimeout(timer);
      if (controller) parent?.removeEventListener('abort', leave);
    },
  };
}

/**
 * Does a piece of work under a shorter deadline: its signal is aborted after `ms` milliseconds, or
 * with the `parent`, whichever comes first.
 */
export async function within<T>(
  ms: number,
  parent: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const attempt = startDeadline(ms, systemClock, parent, 'the attempt timed out');
  try {
    return await work(attempt.signal);
  } finally {
    attempt.close();
  }
}

/** Waits for `work`, but no longer than until `signal` is aborted: then throws what `reason` gives. */
export function untilAborted<T>(
  work: Promise<T>,
  signal: AbortSignal,
  reason: () => Error,
): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(reason());
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
    void work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
