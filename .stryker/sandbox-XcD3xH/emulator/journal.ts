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
  /** `ok`, a code of the API's, or `fault:` and the kind; null as long as it is not decided. */
  outcome: string | null;
}

const maxEntries = 1000;
const tokenHeader = 'x-tc-token';

/** What was received: the last 1000 requests, and how often each action was called. */
export class Journal {
  readonly calls: Record<ActionName, number> = noCalls();
  badSignatures = 0;
  #entries: JournalEntry[] = [];

  /**
   * Notes a request, whatever becomes of it.
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

/** The headers that may be shown: credentials are none of them. */
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
