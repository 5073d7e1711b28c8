import { actionNames } from './faults.ts';
import type { ActionName } from './faults.ts';

/** A request to the API, as `GET /_emulator/requests` shows it. */
export interface JournalEntry {
  /** RFC 3339. */
  at: string;
  method: string;
  action: string | null;
  region: string | null;
  /** CancelTask's TaskId, DescribeTasks' filter; empty where the request names none. */
  taskIds: string[];
  /** In lower case. Never the signature, nor the token's value. */
  headers: Record<string, string>;
  /** `ok`, a code of the API's, or `fault:` and the kind; null until it is decided. */
  outcome: string | null;
}

const maxEntries = 1000;
const tokenHeader = 'x-tc-token';

/** The last 1000 requests, and how often each action was called. */
export class Journal {
  readonly calls: Record<ActionName, number> = noCalls();
  badSignatures = 0;
  #entries: JournalEntry[] = [];

  /**
   * Adds a request, also one that is refused later.
   *
   * @returns the entry, for the outcome to be written to
   */
  add(entry: JournalEntry): JournalEntry {
    const known = actionNames.find((name) => name === entry.action);
    if (known !== undefined) this.calls[known] += 1;
    this.#entries.push(entry);
    if (this.#entries.length > maxEntries) this.#entries.shift();
    return entry;
  }

  /** The oldest first. */
  entries(): JournalEntry[] {
    return this.#entries.map((entry) => ({ ...entry }));
  }

  clear(): void {
    Object.assign(this.calls, noCalls());
    this.badSignatures = 0;
    this.#entries = [];
  }
}

/** The headers that may be shown: all but credentials. */
export function visibleHeaders(rawHeaders: readonly string[]): Record<string, string> {
  const headers: Record<string, string> = {};
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = (rawHeaders[index] ?? '').toLowerCase();
    const value = rawHeaders[index + 1] ?? '';
    if (name !== 'authorization') headers[name] = name === tokenHeader ? '(hidden)' : value;
  }
  return headers;
}

function noCalls(): Record<ActionName, number> {
  return { CancelTask: 0, DescribeTasks: 0 };
}

const windowMs = 1000;

/**
 * CancelTask's limit: a number of requests in any sliding second, for each region [doc].
 *
 * Every arrival counts, refused ones too. DLC does not say whether it counts those; the strict reading
 * finds a client that goes on sending while it is refused. With it a client was within the limit exactly
 * if `busiest` is not above the limit, and then nothing was refused.
 */
export class SlidingSecond {
  /** The most arrivals in any one second in any one region so far. */
  busiest = 0;
  /** How many arrivals were over the limit. */
  refused = 0;
  readonly #rate: number;
  readonly #arrivals = new Map<string, number[]>();

  constructor(rate: number) {
    this.#rate = rate;
  }

  /**
   * Counts one arrival.
   *
   * @param nowMs on a clock that never goes back; two arrivals 1000 ms apart are not in one second
   * @returns whether it is within the limit
   */
  arrive(region: string, nowMs: number): boolean {
    const recent = (this.#arrivals.get(region) ?? []).filter((at) => nowMs - at < windowMs);
    recent.push(nowMs);
    this.#arrivals.set(region, recent);
    this.busiest = Math.max(this.busiest, recent.length);
    if (recent.length <= this.#rate) return true;
    this.refused += 1;
    return false;
  }

  clear(): void {
    this.#arrivals.clear();
    this.busiest = 0;
    this.refused = 0;
  }
}
