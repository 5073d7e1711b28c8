import type { Deadline } from '../deadline.ts';
import type { TaskFacts } from '../auth/policy.ts';
import { Problem } from '../problem.ts';
import type { TaskRef } from '../task-request.ts';
import { lookUp, type Upstream } from './cancel.ts';
import { loggedReason } from '../dlc/problem.ts';

/**
 * Asks DLC for what a permission depends on: a task's engine and owner.
 *
 * @returns nothing if DLC shows no such task
 * @throws Problem `permission-check-unavailable` where DLC cannot be asked now, `task-not-permitted`
 *   where it is never asked, `upstream-credentials-rejected` where it refuses the gateway's role
 */
export async function askForTask(
  task: TaskRef,
  deadline: Deadline,
  upstream: Upstream,
): Promise<TaskFacts | undefined> {
  // Settings with engines or owners need the lookup, but a token may bring engines of its own.
  if (!upstream.settings.lookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
  const found = await lookUp(task, deadline, upstream);
  if (found?.outcome === 'found') return found.task;
  if (found?.outcome === 'absent' || found?.code === 'task-not-found') return undefined;
  const reason = found ? loggedReason(found) : 'no time for a lookup';
  if (found?.code === 'upstream-credentials-rejected') throw new Problem(found.code, { reason });
  if (found?.code === 'gateway-misconfigured') throw new Problem(found.code, { reason });
  throw new Problem('permission-check-unavailable', { reason });
}
