import { readFileSync } from 'node:fs';
import type { Listener } from './listener.ts';

/** A `refuse` fault. */
interface RefuseFault {
  /** How many attempts to connect are refused. */
  times: number | 'always';
  /** The longest that the port stays closed. */
  ms?: number | undefined;
}

const pollMs = 5;
const longestMs = 5000;
const uncountedMs = 500;

/**
 * Closes the port, so that the system refuses connections to it, until it has refused enough of them.
 *
 * A process does not learn that the system refused a connection. Linux counts failed attempts
 * (`AttemptFails` in /proc/net/snmp, for the whole network namespace): `times` is compared with that
 * count, which includes other programs' failures. Other systems do not count: the port is closed for a
 * while. It always opens again after `ms`, by default after 5 s, or 0.5 s for a number of times on a
 * system that does not count, so that the control API can be reached again.
 */
export class Refusal {
  readonly #listener: Pick<Listener, 'open' | 'refuse'>;
  readonly #failedAttempts: () => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;

  /** @param failedAttempts the system's count; undefined if it has none */
  constructor(
    listener: Pick<Listener, 'open' | 'refuse'>,
    failedAttempts: () => number | undefined = systemFailedAttempts,
  ) {
    this.#listener = listener;
    this.#failedAttempts = failedAttempts;
  }

  get isActive(): boolean {
    return this.#timer !== undefined;
  }

  /** Refuses from now on. A second call replaces the first. */
  start({ times, ms }: RefuseFault): void {
    clearInterval(this.#timer);
    this.#listener.refuse();
    const before = this.#failedAttempts();
    const isCounted = times !== 'always' && before !== undefined;
    const defaultMs = times === 'always' || isCounted ? longestMs : uncountedMs;
    const until = performance.now() + (ms ?? defaultMs);
    this.#timer = setInterval(() => {
      const wasEnough = isCounted && (this.#failedAttempts() ?? 0) - before >= times;
      // If another program has the port just now, the next tick tries again.
      if (wasEnough || performance.now() >= until) this.stop().catch(() => undefined);
    }, pollMs);
  }

  /**
   * Opens the port again, if it is closed.
   *
   * @throws the system's error if another program has taken the port
   */
  async stop(): Promise<void> {
    if (this.#timer === undefined) return;
    this.#opening ??= this.#listener.open().finally(() => {
      this.#opening = undefined;
    });
    await this.#opening;
    this.cancel();
  }

  /** Leaves the port as it is. */
  cancel(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}

/** Linux's count of connections that were not made, undefined elsewhere. */
export function systemFailedAttempts(): number | undefined {
  try {
    const lines = readFileSync('/proc/net/snmp', 'utf8').split('\n');
    const [names, values] = lines
      .filter((line) => line.startsWith('Tcp:'))
      .map((line) => line.split(' '));
    const value = values?.[names?.indexOf('AttemptFails') ?? -1];
    return value === undefined ? undefined : Number(value);
  } catch {
    return undefined;
  }
}
