import { randomUUID } from 'node:crypto';

import type {
  CallerContext,
  Deps,
  PartialContext,
  Permitted,
  RequestContext,
  TaskInput,
} from '../endpoint.ts';
import type { HttpResponse, LoggedResult } from '../lib/http/message.ts';
import type { Log, LogFields } from '../lib/observability/log.ts';
import { Problem, type ProblemCode } from '../lib/problems.ts';
import { TASK_ID } from '../lib/tasks.ts';
import { reasonOf, upstreamIdOf } from './access-log.ts';
import { before, onResponse, type Middleware } from '../request-context.ts';

/**
 * The audit trail. Every allowed cancellation leaves an intent before its first CancelTask, and a
 * result; a refusal leaves a result alone. So a process that is killed in between leaves the intent.
 */
export function auditResult(log: Log): Middleware<PartialContext> {
  return onResponse((context, response) => {
    if (isDecision(context, response)) recordResult(log, context, response);
    return response;
  });
}

/** @param response only what the audit line says of it */
export function recordResult(log: Log, context: PartialContext, response: AuditedResponse): void {
  log.record('audit', toResultLine(context, response));
}

type AuditedResponse = Pick<HttpResponse, 'status' | 'logged'>;

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

export function auditIntent(deps: AuditDeps): Middleware<CallerContext & Permitted & TaskInput> {
  return before((context) => {
    return context.task && { intentId: recordIntent(deps, context) };
  });
}

type AuditDeps = Pick<Deps, 'log' | 'dlc'>;

/** @returns the id of the line, which the result refers to */
export function recordIntent({ log, dlc }: AuditDeps, context: PartialContext): string {
  const lineId = randomUUID();
  dlc.chooseCredentials(context);
  log.record('audit', { phase: 'intent', lineId, ...decision(context, undefined) });
  return lineId;
}

function toResultLine(context: PartialContext, response: AuditedResponse): LogFields {
  const logged = response.logged ?? {};
  const { problem } = logged;
  return {
    phase: 'result',
    lineId: randomUUID(),
    intentId: context.intentId,
    ...decision(context, problem),
    upstreamRequestId: upstreamIdOf(logged),
    outcome: outcomeOf(context, logged),
    confirmed: logged.confirmed,
    outcomeUnknown: problem?.members.outcomeUnknown,
    code: problem?.code,
    ...reasonOf(context, logged),
    status: response.status,
  };
}

/** Who asked for what, and whether it was allowed. The ids that callers choose stand beside `lineId`. */
function decision(context: PartialContext, problem: Problem | undefined): LogFields {
  const { request, principal, task, stats, permittedBy } = context;
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
    route: context.route?.template,
    tool: context.agent?.tool,
    client: context.agent?.client,
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

/** What became of the task. A defect after an attempt leaves that open. */
function outcomeOf({ stats }: PartialContext, { problem, outcome }: LoggedResult) {
  if (!problem) return outcome;
  const isOpen = problem.code === 'internal-error' && stats.attempts > 0;
  return isOpen || problem.members.outcomeUnknown ? 'unknown' : 'not_cancelled';
}
