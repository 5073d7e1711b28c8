import type { Exchange } from './exchange.ts';
import { isAcknowledged } from './lib/http/sender-answer.ts';
import type { LogFields, LogLevel } from './lib/log.ts';

/** The one line that the log has for each request; nothing in it authenticates anybody. */
export function toAccessLine(
  exchange: Exchange,
  status: number,
  now: number,
): { level: Exclude<LogLevel, 'silent'>; fields: LogFields } {
  const { request, story, principal, route, task } = exchange;
  const { problem } = story;
  const fields = {
    requestId: exchange.requestId,
    platformRequestId: request.platformRequestId,
    upstreamRequestId: story.upstreamRequestId ?? problem?.members.upstreamRequestId,
    principal: principal?.id,
    scheme: principal?.scheme,
    method: request.method,
    route: route?.template,
    taskId: task?.taskId,
    region: task?.region,
    outcome: story.outcome ?? (problem?.members.outcomeUnknown && 'unknown'),
    code: problem?.code,
    upstreamCode: problem?.members.upstreamCode,
    reason: problem?.reason,
    status,
    attempts: story.attempts || undefined,
    upstreamMs: Math.round(story.upstreamMs) || undefined,
    waitMs: Math.round(story.waitMs) || undefined,
    totalMs: Math.round(now - exchange.startedAt),
  };
  return { level: levelOf(exchange, status), fields };
}

function levelOf({ route, story }: Exchange, status: number): 'info' | 'warn' | 'error' {
  const { problem } = story;
  if (problem && route?.forSenders && isAcknowledged(problem)) return 'warn';
  if (status < 500) return 'info';
  // What passes by itself is worth a look; what does not needs somebody.
  return problem?.kind.retryable ? 'warn' : 'error';
}
