import type { Problem } from '../problems.ts';
import type { ScfCredentials } from './scf-credentials.ts';

/** The one request and the one response type that the gateway works with on every platform. */

/** Header fields by lower-case name, each with every value that arrived, in order. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

type Pairs = readonly (readonly [name: string, value: string])[];

export interface HttpRequest {
  /** As it arrived: methods are case-sensitive (RFC 9110). */
  readonly method: string;
  /** As it arrived: still percent-encoded, without the query. */
  readonly path: string;
  /** Decoded names and values in the order of arrival; a repeated name is there repeatedly. */
  readonly query: Pairs;
  readonly headers: HeaderFields;
  /** The platform's own id of this request, if it has one. */
  readonly platformRequestId?: string | undefined;
  /** Temporary credentials of the function's role that SCF put into the request (`scf-credentials.ts`). */
  readonly credentials?: ScfCredentials | undefined;
  /** Aborted if the client disconnects before the response; absent where the platform does not say. */
  readonly disconnected?: AbortSignal | undefined;
  /** Why this cannot be served at all. */
  readonly refusal?: Problem | undefined;
  /**
   * The body's size in bytes, as the client declares it or the platform hands it over; else what has
   * arrived of it so far, or absent. A route refuses a body that is too large by this, without reading.
   */
  readonly bodyBytes?: number;
  /**
   * Gives the body's raw bytes. A body that nothing reads delays no response.
   *
   * @throws Problem `payload-too-large` if it is larger than `limit` bytes: no more is kept of it;
   *   `request-timeout` if it takes too long to arrive; `overloaded` if too many requests wait for
   *   theirs, and this one has waited longest
   */
  readBody(limit: number, options?: ReadBodyOptions): Promise<Buffer>;
}

export interface ReadBodyOptions {
  /**
   * Whether the caller has proved who it is; by default it has not. Requests that wait for a body are
   * bounded apart from each other, so that a stranger never takes the place of a known caller.
   */
  readonly isAuthenticated?: boolean;
}

/** How much may arrive of a body that no route asks for; more closes the connection. */
export const UNUSED_BODY_BYTES = 8 * 1024;

export interface HttpResponse {
  readonly status: number;
  /** One value per name. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** For the log alone; no platform gets it. */
  readonly logged?: LoggedResult;
}

/** What the access line and the audit line say about a response. */
export interface LoggedResult {
  readonly outcome?: string;
  /** False: an attempt whose response was lost has probably taken effect. */
  readonly confirmed?: false;
  readonly upstreamRequestId?: string | undefined;
  readonly problem?: Problem | undefined;
  /** Of a batch, whose tasks have audit lines of their own. */
  readonly batchId?: string;
  readonly tasks?: number;
}

/** What is served where no HTTP request arrived: its response is the refusal. */
export function refusedRequest(refusal: Problem, platformRequestId?: string): HttpRequest {
  return {
    method: '',
    path: '',
    query: [],
    headers: new Map(),
    platformRequestId,
    refusal,
    readBody: async () => Buffer.alloc(0),
  };
}

/** Ids that are safe to put into a header field and a log. */
export const USABLE_ID = /^[A-Za-z0-9._-]{1,128}$/;

/** The id by which SCF knows a request. If SCF does not run the process, anybody can send this field. */
export function scfRequestId(headers: HeaderFields): string | undefined {
  return headers.get('x-scf-request-id')?.find((id) => USABLE_ID.test(id));
}

/** The first value of a header field; `name` in lower case. */
export function header(headers: HeaderFields, name: string): string | undefined {
  return headers.get(name)?.[0];
}

/**
 * Puts two maps of the same fields together, as platforms give them (one value per name, and all
 * values per name): a value that stands in both counts once, one that stands twice in either counts
 * twice. So a second value is seen in either map.
 */
export function unionOfValues(first: Pairs, second: Pairs): Pairs {
  const spare = new Map<string, number>();
  const count = (pair: Pairs[number], change: number): number => {
    const key = JSON.stringify(pair);
    const copies = spare.get(key) ?? 0;
    spare.set(key, copies + change);
    return copies;
  };
  for (const pair of second) count(pair, 1);
  return [...second, ...first.filter((pair) => count(pair, -1) <= 0)];
}

/** Groups pairs into header fields: names are lower-cased, no value is dropped or joined. */
export function toHeaderFields(pairs: Pairs): Map<string, readonly string[]> {
  const fields = new Map<string, string[]>();
  for (const [cased, value] of pairs) {
    const name = cased.toLowerCase();
    const values = fields.get(name);
    if (values) values.push(value);
    else fields.set(name, [value]);
  }
  return fields;
}

/** Makes any text from elsewhere fit for a header field and a log. */
export function printable(text: string): string {
  return text.replace(/[^\w.:-]/g, '?').slice(0, 128);
}
