import { readFileSync } from 'node:fs';
import type { Listener } from './listener.ts';

/** What a `refuse` fault asks for. */
interface RefusalOrder {
  /** How many attempts to connect are refused. */
  times: number | 'always';
  /** The longest that the port stays closed. */
  ms?: number | undefined;
}

const pollMs = 5;
const longestMs = 5000;
const uncountedMs = 500;

/**
 * Closes the port, so that connecting to it is refused, until that has happened often enough.
 *
 * Nobody tells a process that a connection to a port it does not listen on was refused. Linux counts
 * the failed attempts (`AttemptFails` in /proc/net/snmp, those of the whole network namespace): there,
 * `times` is that count, give or take what else fails to connect meanwhile. Elsewhere the port is
 * closed for a while. In any case it opens again after `ms`: by default after 5 s, 0.5 s for a number
 * of times where none are counted. A control API that can no longer be reached must not stay so.
 */
export class Refusal {
  readonly #listener: Pick<Listener, 'open' | 'refuse'>;
  readonly #failedAttempts: () => number | undefined;
  #timer: NodeJS.Timeout | undefined;
  #opening: Promise<void> | undefined;

  /** @param failedAttempts the system's count; undefined where it has none */
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

  /** Refuses from now on; an order that is under way is replaced. */
  start({ times, ms }: RefusalOrder): void {
    clearInterval(this.#timer);
    this.#listener.refuse();
    const before = this.#failedAttempts();
    const isCounted = times !== 'always' && before !== undefined;
    const defaultMs = times === 'always' || isCounted ? longestMs : uncountedMs;
    const until = performance.now() + (ms ?? defaultMs);
    this.#timer = setInterval(() => {
      const wasEnough = isCounted && (this.#failedAttempts() ?? 0) - before >= times;
      // Should somebody else have the port just now, the next tick tries again.
      if (wasEnough || performance.now() >= until) this.stop().catch(() => undefined);
    }, pollMs);
  }

  /**
   * Opens the port again, if it is closed.
   *
   * @throws what the system says when it has given the port to somebody else meanwhile
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
