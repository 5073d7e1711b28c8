import type { Exchange } from '../exchange.ts';
import { jsonResponse } from '../lib/http/json-response.ts';
import type { HttpResponse } from '../lib/http/message.ts';
import type { TaskRef } from '../lib/task-request.ts';

/** The shape that every successful answer about a task has. */
export function taskAnswer(
  exchange: Exchange,
  task: TaskRef,
  answer: {
    status: number;
    members: Readonly<Record<string, unknown>>;
    upstreamRequestId: string | undefined;
    retryAfter?: number;
    headers?: Readonly<Record<string, string>>;
  },
): HttpResponse {
  const { status, members, upstreamRequestId, retryAfter } = answer;
  if (upstreamRequestId !== undefined) exchange.story.upstreamRequestId = upstreamRequestId;
  const ids = {
    requestId: exchange.requestId,
    ...(upstreamRequestId !== undefined && { upstreamRequestId }),
  };
  const headers = {
    ...answer.headers,
    ...(retryAfter !== undefined && { 'Retry-After': String(retryAfter) }),
    ...(upstreamRequestId !== undefined && { 'X-Tc-Request-Id': upstreamRequestId }),
  };
  return jsonResponse(status, { ...task, ...members, ...ids }, headers);
}
