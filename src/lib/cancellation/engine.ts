import type { Deadline } from '../deadline.ts';
import { Problem } from '../problem.ts';
import type { TaskRef } from '../task-request.ts';
import { lookUp, type Upstream } from './cancel.ts';
import { loggedReason } from '../dlc/problem.ts';

/**
 * Asks DLC which engine a task runs on.
 *
 * @returns its name and id; none where DLC shows no such task
 * @throws Problem `permission-check-unavailable` where DLC cannot be asked now, `task-not-permitted`
 *   where it is never asked, `upstream-credentials-rejected` where it refuses the gateway's role
 */
export async function askEngine(
  task: TaskRef,
  deadline: Deadline,
  upstream: Upstream,
): Promise<readonly string[]> {
  // Settings with engines need the lookup, but a token may bring engines of its own.
  if (!upstream.settings.lookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
  const found = await lookUp(task, deadline, upstream);
  if (found?.outcome === 'found') return found.task.engineNames;
  if (found?.outcome === 'absent' || found?.code === 'task-not-found') return [];
  const reason = found ? loggedReason(found) : 'no time for a lookup';
  if (found?.code === 'upstream-credentials-rejected') throw new Problem(found.code, { reason });
  if (found?.code === 'gateway-misconfigured') throw new Problem(found.code, { reason });
  throw new Problem('permission-check-unavailable', { reason });
}
