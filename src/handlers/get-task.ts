import type { TaskEndpoint } from '../endpoint.ts';
import { lookUp } from '../lib/cancellation/lookup.ts';
import { mayStillChange } from '../lib/dlc/describe-task.ts';
import { toProblem } from '../lib/dlc/failure.ts';
import { taskResponse } from '../lib/http/response.ts';
import { parseTaskRequest } from '../lib/tasks.ts';

/** `GET /tasks/{taskId}`: the task's state now. */
export const getTask: TaskEndpoint = {
  about: 'task',
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:read' },
  validate: ({ parameter, request }, settings) => ({
    task: parseTaskRequest(parameter, request.query, settings),
  }),
  async handle(context, deps) {
    const found = await lookUp(context.task, context, deps);
    if (found.outcome !== 'found') throw toProblem(found);
    const { state, upstreamState, engine, upstreamCreateTime, upstreamUpdateTime } = found.task;
    return taskResponse(200, context, {
      members: { state, upstreamState, engine, upstreamCreateTime, upstreamUpdateTime },
      upstreamRequestId: found.upstreamRequestId,
      headers: mayStillChange(state) ? { 'Retry-After': '1' } : {},
      logged: { outcome: state },
    });
  },
};
