import { GONE, hasGone } from './access-line.ts';
import type { Exchange } from './exchange.ts';
import type { LogFields } from './lib/observability/log.ts';
import { taskIdSchema } from './lib/task-request.ts';

/**
 * The record of a decision to let a cancellation through, or not: one for each request for one that named
 * its caller, or that was refused because it did not. What was refused before that (no such route, too
 * large) was decided on nobody's behalf; a webhook of another type asks for nothing.
 *
 * @returns nothing where there was nothing to decide
 */
export function toAuditLine(exchange: Exchange, status: number): LogFields | undefined {
  const { request, story, principal, task } = exchange;
  // The body is read last before the caller is authenticated.
  const isDecided = exchange.endpoint?.access?.scope === 'tasks:cancel' && exchange.body;
  if (!isDecided || story.outcome === 'ignored') return undefined;
  const { problem, own, shared } = story;
  return {
    requestId: exchange.requestId,
    platformRequestId: request.platformRequestId,
    upstreamRequestId: story.upstreamRequestId ?? problem?.members.upstreamRequestId,
    traceId: exchange.traceId,
    principal: principal?.id,
    scheme: principal?.scheme,
    action: 'cancel',
    route: exchange.route?.template,
    taskId: task?.taskId ?? namedTask(exchange),
    region: task?.region,
    engine: own.engine ?? shared?.tally.engine,
    decision: exchange.isPermitted ? 'allow' : 'deny',
    rule: exchange.isPermitted ? permittedBy(exchange) : problem?.code,
    outcome: outcomeOf(exchange),
    confirmed: story.confirmed,
    outcomeUnknown: problem?.members.outcomeUnknown,
    code: problem?.code,
    reason: hasGone(exchange) ? GONE : problem?.reason,
    gone: hasGone(exchange) || undefined,
    status,
    coalesced: shared?.isJoined || undefined,
  };
}

/** The task in the path, where the request was refused before its task was looked at. */
function namedTask({ parameter }: Exchange): string | undefined {
  return taskIdSchema.safeParse(parameter).success ? parameter : undefined;
}

/** What the permission rests on: a token that names its tasks, or a scope; and the engine, where it was asked. */
function permittedBy({ principal, story }: Exchange): string {
  const basis = principal?.grants ? 'authorization_details' : 'scope';
  return story.own.engine === undefined ? basis : `${basis}, engine`;
}

/** What came of it for the task. A defect after something was sent leaves it open. */
function outcomeOf({ story }: Exchange): string | undefined {
  const { problem, shared } = story;
  if (!problem) return story.outcome;
  const wasSent = (shared?.tally.attempts ?? 0) > 0;
  const isOpen = problem.members.outcomeUnknown || (problem.code === 'internal-error' && wasSent);
  return isOpen ? 'unknown' : 'not_cancelled';
}
