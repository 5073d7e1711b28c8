import type { CallerEndpoint } from '../endpoint.ts';
import { lookUp } from '../lib/cancellation/lookup.ts';
import { mayStillChange } from '../lib/dlc/describe-task.ts';
import { toLookupProblem } from '../lib/dlc/failure.ts';
import { taskResponse } from '../lib/http/response.ts';
import { Problem } from '../lib/problems.ts';
import { parseTaskRequest, type TaskRef } from '../lib/tasks.ts';

export const NOT_SHOWN = 'DLC shows no such task in this region in the last 45 days.';

/** `GET /tasks/{taskId}`: the task's state now. */
export const getTask: CallerEndpoint<{ readonly task: TaskRef }> = {
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:read' },
  validate: ({ parameter, request }, settings) => ({
    task: parseTaskRequest(parameter, request.query, settings),
  }),
  async handle(context, deps) {
    const found = await lookUp(context.task, context, deps);
    if (!found) throw new Problem('upstream-timeout', { reason: 'no time for a lookup' });
    if (found.outcome === 'absent') {
      const upstreamRequestId = found.requestId;
      throw new Problem('task-not-found', { detail: NOT_SHOWN, upstreamRequestId });
    }
    if (found.outcome !== 'found') throw toLookupProblem(found);
    const { engineNames: _, operator: _operator, kind: _kind, ...members } = found.task;
    return taskResponse(200, context, {
      members,
      upstreamRequestId: found.requestId,
      headers: mayStillChange(members.state) ? { 'Retry-After': '1' } : {},
      logged: { outcome: members.state },
    });
  },
};
