import type { Problem } from '../problem.ts';
import type { HttpResponse } from './message.ts';

/** Where a problem is told: members of its body that the request, not the problem, knows. */
export interface ProblemContext {
  readonly requestId: string;
  /** What stands before `/problems/{code}` in `type`: a base path, or an absolute URL. */
  readonly typePrefix: string;
  readonly taskId?: string;
  readonly region?: string;
}

/** A problem as an `application/problem+json` response (RFC 9457). */
export function toProblemResponse(problem: Problem, context: ProblemContext): HttpResponse {
  const { typePrefix, ...known } = context;
  const { status, title, retryable, detail } = problem.kind;
  const body = {
    type: `${typePrefix}/problems/${problem.code}`,
    title,
    status,
    detail,
    code: problem.code,
    retryable,
    ...known,
    ...problem.members,
  };
  const headers: Record<string, string> = {
    'Content-Type': 'application/problem+json',
    ...problem.headers,
  };
  const { upstreamRequestId } = problem.members;
  if (upstreamRequestId !== undefined) headers['X-Tc-Request-Id'] = upstreamRequestId;
  if (problem.retryAfter !== undefined) headers['Retry-After'] = String(problem.retryAfter);
  return { status, headers, body: JSON.stringify(body) };
}
