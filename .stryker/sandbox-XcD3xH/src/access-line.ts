import type { Exchange } from './exchange.ts';
import { isAcknowledged } from './lib/webhooks/sender-answer.ts';
import type { LogFields, LogLevel } from './lib/observability/log.ts';

/** The one line that the log has for each request; nothing in it authenticates anybody. */
export function toAccessLine(
  exchange: Exchange,
  status: number,
  now: number,
): { level: Exclude<LogLevel, 'silent'>; fields: LogFields } {
  const { request, story, principal, route, task } = exchange;
  const { problem, own, shared } = story;
  const upstreamMs = sumOf(own.upstreamMs, shared?.tally.upstreamMs);
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
    reason: hasGone(exchange) ? GONE : problem?.reason,
    gone: hasGone(exchange) || undefined,
    status,
    // What others had begun is told to whoever joined it, and marked, so that it can be counted once.
    coalesced: shared?.isJoined || undefined,
    attempts: shared?.tally.attempts || undefined,
    upstreamMs: upstreamMs === undefined ? undefined : Math.round(upstreamMs),
    waitMs: Math.round(shared?.tally.waitMs ?? 0) || undefined,
    totalMs: Math.round(now - exchange.startedAt),
    traceId: exchange.traceId,
  };
  return { level: levelOf(exchange, status), fields };
}

/** Why there is no more to tell, whatever the answer would have been. */
export const GONE = 'the caller has gone';

/** Whether nobody waits for the answer any more. */
export function hasGone({ request, story }: Exchange): boolean {
  return story.problem !== undefined && request.gone?.aborted === true;
}

function sumOf(own: number | undefined, shared: number | undefined): number | undefined {
  return own === undefined ? shared : own + (shared ?? 0);
}

function levelOf(exchange: Exchange, status: number): 'info' | 'warn' | 'error' {
  const { route, story } = exchange;
  const { problem } = story;
  if (hasGone(exchange)) return 'info';
  if (problem && route?.forSenders && isAcknowledged(problem)) return 'warn';
  if (status < 500) return 'info';
  // What passes by itself is worth a look; what does not needs somebody.
  return problem?.kind.retryable ? 'warn' : 'error';
}
