import { titleOf, type Problem } from '../problems.ts';
import type { TaskRef } from '../tasks.ts';
import type { HttpResponse, LoggedResult } from './message.ts';

/** Responses are made here: JSON, problems (RFC 9457), and the header fields that every response has. */

export function jsonResponse(
  status: number,
  body: object,
  headers: Readonly<Record<string, string>> = {},
): HttpResponse {
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
    readonly headers: Readonly<Record<string, string>>;
    readonly logged: LoggedResult;
  },
): HttpResponse {
  const { upstreamRequestId } = parts;
  const id = upstreamRequestId === undefined ? {} : { upstreamRequestId };
  const field = upstreamRequestId === undefined ? {} : { 'X-Tc-Request-Id': upstreamRequestId };
  const { taskId, region } = task;
  const body = { taskId, region, ...parts.members, requestId, ...id };
  const response = jsonResponse(status, body, { ...parts.headers, ...field });
  return { ...response, logged: { ...parts.logged, ...id } };
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
  const { detail } = problem.kind;
  const title = titleOf(code);
  const isLater = status === 503 && problem.kind.status !== status;
  const retryable = problem.kind.retryable || isLater;
  const retryAfter = problem.retryAfter ?? (isLater ? 2 : undefined);
  const type = `${typePrefix}/problems/${code}`;
  const body = { type, title, status, detail, code, retryable, ...known, ...members };
  const { upstreamRequestId } = members;
  const headers = {
    'Content-Type': 'application/problem+json',
    ...problem.headers,
    ...(upstreamRequestId !== undefined && { 'X-Tc-Request-Id': upstreamRequestId }),
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
  };
  return { status, headers, body: JSON.stringify(body), logged: { problem } };
}
