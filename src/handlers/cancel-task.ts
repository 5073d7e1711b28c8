import type { CallerContext, Deps, TaskEndpoint } from '../endpoint.ts';
import { cancelTask as cancelUpstream } from '../lib/cancellation/cancel.ts';
import { waitForEnd } from '../lib/cancellation/lookup.ts';
import type { Done } from '../lib/cancellation/attempts.ts';
import type { FinalState } from '../lib/dlc/describe-task.ts';
import { header, type HttpResponse } from '../lib/http/message.ts';
import { preferredWait } from '../lib/http/preferences.ts';
import { taskResponse } from '../lib/http/response.ts';
import { Problem } from '../lib/problems.ts';
import { parseTaskRequest, type TaskRef } from '../lib/tasks.ts';

/** `DELETE /tasks/{taskId}`: asks DLC to cancel the task. */
export const cancelTask: TaskEndpoint = {
  about: 'task',
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:cancel' },
  validate: ({ parameter, request }, settings) => ({
    task: parseTaskRequest(parameter, request.query, settings),
  }),
  async handle(context, deps) {
    const done = await cancel(context, deps);
    if (done.outcome !== 'cancel_requested') return cancelResponse(context, done);
    return cancelResponse(context, done, await waitAsPreferred(context, deps));
  },
};

type TaskContext = CallerContext & { readonly task: TaskRef };

/** @throws Problem for a cancellation that failed */
export async function cancel(context: TaskContext, deps: Deps): Promise<Done> {
  const result = await cancelUpstream(context.task, context, deps);
  if (result instanceof Problem) throw result;
  return result;
}

export function cancelResponse(
  context: TaskContext,
  done: Done,
  { state, headers = {} }: Waited = {},
): HttpResponse {
  const { upstreamRequestId } = done;
  if (state === 'succeeded' || state === 'failed') {
    throw new Problem('task-already-finished', { taskState: state, headers, upstreamRequestId });
  }
  const { status, members } = doneMembers(state ? { outcome: state } : done);
  return taskResponse(status, context, {
    members,
    upstreamRequestId,
    headers: { ...headers, ...(status === 202 && { 'Retry-After': '1' }) },
    logged: members,
  });
}

/** What a cancellation that was done says by itself: in a response of its own, and among the results of a batch. */
export function doneMembers({ outcome, confirmed }: DoneOutcome) {
  const members = { outcome, ...(confirmed === false && { confirmed }) };
  return { status: outcome === 'cancel_requested' ? 202 : 200, members };
}

export interface DoneOutcome {
  readonly outcome: string;
  readonly confirmed?: false;
}

/** The result of a preference to wait, if it was followed. */
interface Waited {
  readonly headers?: Readonly<Record<string, string>>;
  /** Absent too if time was up, or the state could not be looked up. */
  readonly state?: FinalState | undefined;
}

/**
 * Follows `Prefer: wait=N` (RFC 7240, section 4.3) once DLC has accepted the cancellation: waits until
 * the task has ended, but no longer than N seconds from the request's arrival, the configured maximum
 * and the deadline.
 */
async function waitAsPreferred(context: TaskContext, deps: Deps): Promise<Waited> {
  const { settings, waits, clock } = deps;
  const prefer = header(context.request.headers, 'prefer');
  const preferredMs = prefer === undefined ? 0 : (preferredWait(prefer) ?? 0) * 1000;
  const elapsed = clock.steadyMs() - context.startedAt;
  const most = Math.min(settings.maxPreferWaitMs, elapsed + context.deadline.remaining());
  const ms = Math.min(preferredMs, most);
  if (ms <= elapsed || !settings.taskStateLookup) return {};
  const leave = waits.enter(context.principal.id);
  if (!leave) return {};
  try {
    const state = await waitForEnd(context.task, ms - elapsed, context, deps);
    // The preference knows whole seconds only, and 0 would mean that it was not followed.
    const seconds = Math.max(1, Math.floor(ms / 1000));
    return { headers: { 'Preference-Applied': `wait=${seconds}` }, state };
  } finally {
    leave();
  }
}
