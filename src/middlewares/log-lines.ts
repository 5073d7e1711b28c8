import { randomUUID } from 'node:crypto';

import type { Deps, PartialContext, RequestContext } from '../endpoint.ts';
import type { Clock } from '../lib/clock.ts';
import type { HttpResponse, LoggedResult } from '../lib/http/message.ts';
import type { Log, LogFields } from '../lib/observability/log.ts';
import { Problem, type ProblemCode } from '../lib/problems.ts';
import { TASK_ID } from '../lib/tasks.ts';
import { before, onResponse, type Middleware } from '../request-context.ts';

/** The lines that the log has for a request: one for access, and the audit trail of cancellations. */

/** One line of the log for each request. Nothing in it authenticates anybody. */
export function accessLog(log: Log, clock: Pick<Clock, 'steadyMs'>): Middleware<PartialContext> {
  return onResponse((context, response) => {
    const { request, principal, route, task, stats } = context;
    const { logged = {}, status } = response;
    const { problem } = logged;
    // Fields from elsewhere, spread in front of these, would make a refusal take half as long again.
    log.write(levelOf(context, response), 'request', {
      requestId: context.requestId,
      platformRequestId: request.platformRequestId,
      upstreamRequestId: upstreamIdOf(logged),
      principal: principal?.id,
      scheme: principal?.scheme,
      method: request.method,
      route: route?.template,
      taskId: task?.taskId,
      region: task?.region,
      batchId: logged.batchId,
      tasks: logged.tasks,
      outcome: logged.outcome ?? (problem?.members.outcomeUnknown && 'unknown'),
      code: problem?.code,
      upstreamCode: problem?.members.upstreamCode,
      ...reasonOf(context, problem),
      status,
      attempts: stats.attempts || undefined,
      upstreamMs: stats.upstreamMs === undefined ? undefined : Math.round(stats.upstreamMs),
      waitMs: Math.round(stats.waitMs) || undefined,
      totalMs: Math.round(clock.steadyMs() - context.startedAt),
      traceId: context.traceId,
    });
  });
}

function upstreamIdOf({ upstreamRequestId, problem }: LoggedResult): string | undefined {
  return upstreamRequestId ?? problem?.members.upstreamRequestId;
}

/** If the client has disconnected, that is the reason, in place of the problem's. */
function reasonOf(context: PartialContext, problem: Problem | undefined): LogFields {
  if (!isDisconnected(context, problem)) return { reason: problem?.reason };
  return { reason: 'the client has disconnected', disconnected: true };
}

const isDisconnected = ({ request }: PartialContext, problem: Problem | undefined): boolean =>
  problem !== undefined && request.disconnected?.aborted === true;

function levelOf(
  context: PartialContext,
  { status, logged }: HttpResponse,
): 'info' | 'warn' | 'error' {
  const problem = logged?.problem;
  if (isDisconnected(context, problem)) return 'info';
  if (problem && context.route?.isForSenders && status < 300) return 'warn';
  // An agent gets a problem as a result, in a 200.
  if (Math.max(status, problem?.status ?? 0) < 500) return 'info';
  // A fault that passes by itself is worth a look; any other needs an engineer.
  return problem?.kind.retryable ? 'warn' : 'error';
}

/**
 * The audit trail. Every allowed cancellation leaves an intent before its first CancelTask, and a
 * result; a refusal leaves a result alone. So a process that is killed in between leaves the intent.
 */
export function auditResult(log: Log): Middleware<PartialContext> {
  return onResponse((context, response) => {
    if (isDecision(context, response)) recordResult(log, context, response);
  });
}

/** Refused before anybody was authenticated, so that no decision was made. */
const NO_DECISION: ReadonlySet<ProblemCode> = new Set([
  'request-timeout',
  'payload-too-large',
  'request-header-fields-too-large',
]);

/** A webhook of another type asks for nothing. A batch leaves lines for each of its tasks. */
function isDecision(
  { endpoint, principal }: PartialContext,
  { logged = {} }: HttpResponse,
): boolean {
  if (endpoint?.access?.scope !== 'tasks:cancel' || logged.outcome === 'ignored') return false;
  if (logged.batchId !== undefined) return false;
  const code = logged.problem?.code;
  if (code === 'overloaded') return principal !== undefined;
  return code === undefined || !NO_DECISION.has(code);
}

/** Writes the audit line of a result: of one task. */
export function recordResult(
  log: Log,
  context: PartialContext,
  { status, logged = {} }: Pick<HttpResponse, 'status' | 'logged'>,
): void {
  const { problem, confirmed } = logged;
  const { outcomeUnknown } = problem?.members ?? {};
  // A defect after an attempt leaves open what became of the task.
  const isOpen = problem?.code === 'internal-error' && context.stats.attempts > 0;
  const failed = isOpen || outcomeUnknown ? 'unknown' : 'not_cancelled';
  log.record('audit', {
    phase: 'result',
    lineId: randomUUID(),
    intentId: context.intentId,
    ...decision(context, problem),
    upstreamRequestId: upstreamIdOf(logged),
    outcome: problem ? failed : logged.outcome,
    confirmed,
    outcomeUnknown,
    code: problem?.code,
    ...reasonOf(context, problem),
    status,
  });
}

/**
 * Refuses, before anybody is authenticated, what would leave an audit line: nobody reads them, so nobody
 * would know of the cancellation, and the lines of refusals would fill the memory.
 *
 * @throws Problem `overloaded`
 */
export function requireAuditLog(log: Log): Middleware<RequestContext> {
  return before(() => {
    if (log.isOverloaded()) {
      throw new Problem('overloaded', {
        detail: 'The gateway cannot write its audit log now, so it takes no cancellations.',
        reason: 'too many audit lines wait to be written',
      });
    }
  });
}

/** Writes the audit line of a cancellation that is allowed. @returns the line's id, which the result refers to */
export function recordIntent(
  { log, dlc }: Pick<Deps, 'log' | 'dlc'>,
  context: PartialContext,
): string {
  const lineId = randomUUID();
  dlc.chooseCredentials(context);
  log.record('audit', { phase: 'intent', lineId, ...decision(context) });
  return lineId;
}

/** Who asked for what, and whether it was allowed. The ids that callers choose stand beside `lineId`. */
function decision(context: PartialContext, problem?: Problem): LogFields {
  const { request, principal, route, task, stats, agent, permittedBy } = context;
  return {
    batchId: context.batchId,
    ...context.read?.delivery?.person,
    dryRun: context.dryRun || undefined,
    requestId: context.requestId,
    platformRequestId: request.platformRequestId,
    traceId: context.traceId,
    principal: principal?.id,
    scheme: principal?.scheme,
    action: 'cancel',
    route: route?.template,
    tool: agent?.tool,
    client: agent?.client,
    taskId: task?.taskId ?? taskInPath(context),
    region: task?.region,
    engine: stats.engine,
    credentials: stats.credentials,
    decision: permittedBy === undefined ? 'deny' : 'allow',
    rule: permittedBy ?? problem?.code,
  };
}

/** The task in the path, if the request was refused before its task was looked at. */
function taskInPath({ parameter, endpoint }: PartialContext): string | undefined {
  if (endpoint?.access?.isBySender) return undefined;
  return parameter !== undefined && TASK_ID.test(parameter) ? parameter : undefined;
}
