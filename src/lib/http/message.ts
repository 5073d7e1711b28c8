import type { Problem } from '../problems.ts';

/** The one request and the one response type that the gateway works with on every platform. */

/** Header fields by lower-case name, each with every value that arrived, in order. */
export type HeaderFields = ReadonlyMap<string, readonly string[]>;

export type Pairs = readonly (readonly [name: string, value: string])[];

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
  /** Temporary credentials of the function's role that SCF put into the request (`takeScfCredentials`). */
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
   * @param isAuthenticated whether the caller has proved who it is: requests that wait for a body are
   *   bounded apart from each other, so that a stranger never takes the place of a known caller
   * @throws Problem `payload-too-large` if it is larger than `limit` bytes: no more is kept of it;
   *   `request-timeout` if it takes too long to arrive; `overloaded` if too many requests wait for
   *   theirs, and this one has waited longest
   */
  readBody(limit: number, isAuthenticated: boolean): Promise<Buffer>;
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

/** Whether SCF runs this process: else anybody can send the header fields that SCF adds. */
export const isOnScf = (): boolean => process.env['TENCENTCLOUD_RUNENV'] === 'SCF';

/** The id by which SCF knows a request. */
export function scfRequestId(headers: HeaderFields): string | undefined {
  return isOnScf() ? headers.get('x-scf-request-id')?.find((id) => USABLE_ID.test(id)) : undefined;
}

/** Temporary cloud credentials of a web function's role. */
export interface ScfCredentials {
  readonly secretId: string;
  readonly secretKey: string;
  readonly token: string;
}

/** Without a comma, by which a platform may join the values of a repeated field. */
const CREDENTIAL = /^[\x21-\x2b\x2d-\x7e]+$/;

/**
 * Takes the credentials of the function's role out of a request's header fields, where SCF puts them for a
 * web function, so that nothing that reads the fields later can show them.
 *
 * @returns nothing unless all three fields are there, each exactly once
 */
export function takeScfCredentials(
  headers: Map<string, readonly string[]>,
): ScfCredentials | undefined {
  const take = (name: string): string | undefined => {
    const [value = '', another] = headers.get(name) ?? [];
    headers.delete(name);
    return another === undefined && CREDENTIAL.test(value) ? value : undefined;
  };
  const secretId = take('x-scf-secret-id');
  const secretKey = take('x-scf-secret-key');
  const token = take('x-scf-session-token');
  return secretId && secretKey && token ? { secretId, secretKey, token } : undefined;
}

/** The first value of a header field; `name` in lower case. */
export function header(headers: HeaderFields, name: string): string | undefined {
  return headers.get(name)?.[0];
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
