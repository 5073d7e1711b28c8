import type { PartialContext } from '../endpoint.ts';
import type { Clock } from '../lib/clock.ts';
import type { LogFields, Log } from '../lib/observability/log.ts';
import type { HttpResponse, LoggedResult } from '../lib/http/message.ts';
import { onResponse, type Middleware } from '../request-context.ts';

/** One line of the log for each request. Nothing in it authenticates anybody. */
export function accessLog(log: Log, clock: Pick<Clock, 'steadyMs'>): Middleware<PartialContext> {
  return onResponse((context, response) => {
    log.write(
      levelOf(context, response),
      'request',
      toAccessLine(context, response, clock.steadyMs()),
    );
    return response;
  });
}

function toAccessLine(context: PartialContext, response: HttpResponse, now: number): LogFields {
  const { request, principal, route, task, stats } = context;
  const logged = response.logged ?? {};
  const { problem } = logged;
  return {
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
    ...reasonOf(context, logged),
    status: response.status,
    attempts: stats.attempts || undefined,
    upstreamMs: stats.upstreamMs === undefined ? undefined : Math.round(stats.upstreamMs),
    waitMs: Math.round(stats.waitMs) || undefined,
    totalMs: Math.round(now - context.startedAt),
    traceId: context.traceId,
  };
}

export function upstreamIdOf({ upstreamRequestId, problem }: LoggedResult): string | undefined {
  return upstreamRequestId ?? problem?.members.upstreamRequestId;
}

/** If the client has disconnected, that is the reason, in place of the problem's. */
export function reasonOf(context: PartialContext, { problem }: LoggedResult): LogFields {
  if (!isDisconnected(context, problem)) return { reason: problem?.reason };
  return { reason: 'the client has disconnected', disconnected: true };
}

function isDisconnected({ request }: PartialContext, problem: LoggedResult['problem']): boolean {
  return problem !== undefined && request.disconnected?.aborted === true;
}

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
