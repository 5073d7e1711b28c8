import { titleOf, type Problem } from '../problems.ts';
import type { TaskRef } from '../tasks.ts';
import type { HttpResponse, LoggedResult } from './message.ts';

/** Responses are made here: JSON, problems (RFC 9457), and the header fields that every response has. */

type Headers = Readonly<Record<string, string>>;

export function jsonResponse(status: number, body: object, headers: Headers = {}): HttpResponse {
  return {
    status,
    headers: { 'Content-Type': 'application/json', ...headers },
    body: JSON.stringify(body),
  };
}

/** A successful response about a task. */
export function taskResponse(
  status: number,
  { task, requestId }: { readonly task: TaskRef; readonly requestId: string },
  parts: {
    readonly members: object;
    readonly upstreamRequestId: string | undefined;
    readonly headers: Headers;
    readonly logged: LoggedResult;
  },
): HttpResponse {
  const { members, upstreamRequestId, logged } = parts;
  const { taskId, region } = task;
  const body = { taskId, region, ...members, requestId, upstreamRequestId };
  const headers = { ...parts.headers, ...upstreamId(upstreamRequestId) };
  return { ...jsonResponse(status, body, headers), logged: { ...logged, upstreamRequestId } };
}

/** The header field with DLC's id of the request, if there is one. */
export function upstreamId(id: string | undefined): Headers {
  return id === undefined ? {} : { 'X-Tc-Request-Id': id };
}

/** On every response. */
export const ALWAYS = {
  'Cache-Control': 'no-store',
  'X-Content-Type-Options': 'nosniff',
  'Strict-Transport-Security': 'max-age=31536000; includeSubDomains',
  'Content-Security-Policy': "default-src 'none'; frame-ancestors 'none'",
  'X-Frame-Options': 'DENY',
  'Referrer-Policy': 'no-referrer',
} as const;

export function withAlwaysHeaders(response: HttpResponse, requestId: string): HttpResponse {
  const headers = { ...response.headers, ...ALWAYS, 'X-Request-Id': requestId };
  return { ...response, headers };
}

/** Of a JSON body with sentences for people: the middleware `language` puts them into the language that the client prefers. */
export const IN_LANGUAGES = { Vary: 'Accept-Language' } as const;

/** Members of a problem's body that the request knows, not the problem. */
export interface ProblemContext {
  readonly requestId: string;
  /** What stands before `/problems/{code}` in `type`: a base path, or an absolute URL. */
  readonly typePrefix: string;
  readonly taskId?: string;
  readonly region?: string;
}

/**
 * A problem as an `application/problem+json` response (RFC 9457).
 *
 * @param status differs from the table's for webhook senders alone: a 503 asks them to send again
 */
export function problemResponse(
  problem: Problem,
  { typePrefix, ...known }: ProblemContext,
  status: number = problem.status,
): HttpResponse {
  const { code, members } = problem;
  const { retryAfter, ...said } = problemMembers(problem, status);
  const type = `${typePrefix}/problems/${code}`;
  const body = { type, title: titleOf(code), ...said, ...known };
  const headers = {
    'Content-Type': 'application/problem+json',
    ...IN_LANGUAGES,
    ...problem.headers,
    ...upstreamId(members.upstreamRequestId),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  };
  return { ...jsonResponse(status, body, headers), logged: { problem } };
}

/** What a problem says by itself: in a response of its own, and among the results of a batch. */
export function problemMembers(problem: Problem, status: number = problem.status) {
  const { kind, code, members } = problem;
  const isLater = status === 503 && kind.status !== status;
  const retryAfter = problem.retryAfter ?? (isLater ? 2 : undefined);
  const retryable = kind.retryable || isLater;
  return { status, detail: kind.detail, code, retryable, ...members, retryAfter };
}
