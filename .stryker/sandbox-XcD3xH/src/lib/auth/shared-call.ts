/** One call under way at a time, shared by all who want its result. */
export interface SharedCall<T> {
  /** Whether a call is under way, which `join` would wait for instead of beginning one. */
  readonly active: boolean;
  /** Gives the shared result; rejects with the signal's reason as soon as the signal is aborted. */
  join(signal: AbortSignal): Promise<T>;
}

interface Running<T> {
  readonly result: Promise<T>;
  readonly controller: AbortController;
  waiting: number;
}

/**
 * Shares `call` among concurrent callers. It belongs to none of them: one who leaves does not fail
 * the others, and once the last has left its signal is aborted, so that nothing outlives an answer.
 */
export function shareCall<T>(call: (signal: AbortSignal) => Promise<T>): SharedCall<T> {
  let running: Running<T> | undefined;
  const begin = (): Running<T> => {
    const controller = new AbortController();
    return { result: call(controller.signal), controller, waiting: 0 };
  };
  return {
    get active() {
      return running !== undefined;
    },
    async join(signal) {
      signal.throwIfAborted();
      const joined = (running ??= begin());
      joined.waiting += 1;
      try {
        return await unlessAborted(joined.result, signal);
      } finally {
        joined.waiting -= 1;
        if (joined.waiting === 0) {
          running = undefined;
          joined.controller.abort();
        }
      }
    },
  };
}

function unlessAborted<T>(result: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const abort = (): void => reject(signal.reason);
    signal.addEventListener('abort', abort, { once: true });
    void result.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
