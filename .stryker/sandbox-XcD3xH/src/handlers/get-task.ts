import { UNUSED_BODY_BYTES, required, type Endpoint } from '../exchange.ts';
import { lookUp } from '../lib/cancellation/cancel.ts';
import { toLookupProblem } from '../lib/dlc/problem.ts';
import { mayStillChange } from '../lib/dlc/task-state.ts';
import { Problem } from '../lib/problem.ts';
import { parseTaskRequest } from '../lib/task-request.ts';
import { taskAnswer } from './task-answer.ts';

const NOT_SHOWN = 'DLC shows no such task in this region in the last 45 days.';

/** `GET /tasks/{taskId}`: the task's state now. */
export const getTask: Endpoint = {
  access: { schemes: ['api-key', 'bearer'], scope: 'tasks:read' },
  maxBodyBytes: UNUSED_BODY_BYTES,
  readTask: (exchange, config) =>
    parseTaskRequest(required(exchange, 'parameter'), exchange.request.query, config),
  async handle(exchange, services) {
    const task = required(exchange, 'task');
    const found = await lookUp(task, exchange.deadline, services.upstreamFor(exchange));
    if (!found) throw new Problem('upstream-timeout', { reason: 'no time for a lookup' });
    if (found.outcome === 'absent') {
      const upstreamRequestId = found.requestId;
      throw new Problem('task-not-found', { detail: NOT_SHOWN, upstreamRequestId });
    }
    if (found.outcome !== 'found') throw toLookupProblem(found);
    const { engineNames: _, ...members } = found.task;
    const upstreamRequestId = found.requestId;
    exchange.story.outcome = members.state;
    const retryAfter = mayStillChange(members.state) ? { retryAfter: 1 } : {};
    return taskAnswer(exchange, task, { status: 200, members, upstreamRequestId, ...retryAfter });
  },
};
