import type { Deps, TaskInput } from '../endpoint.ts';
import type { CallerContext, Permitted } from '../endpoint.ts';
import { permitTask, requireEngine, requireScope } from '../lib/auth/policy.ts';
import type { Scope } from '../lib/auth/principal.ts';
import { lookUp } from '../lib/cancellation/lookup.ts';
import { loggedReason } from '../lib/dlc/failure.ts';
import { Problem } from '../lib/problems.ts';
import type { TaskRef } from '../lib/tasks.ts';
import { before, type Middleware } from './middleware.ts';

/** @throws Problem `insufficient-scope` */
export const authorize = (scope: Scope): Middleware<CallerContext> =>
  before(({ principal }) => requireScope(principal, scope));

/**
 * Checks whether the principal may do this to the task that the request is about, if it is about one.
 * DLC is asked for the task only where an engine decides.
 *
 * @throws Problem `task-not-permitted`, `permission-check-unavailable`, `upstream-credentials-rejected`
 */
export function permit(scope: Scope, deps: Deps): Middleware<CallerContext & TaskInput> {
  return before(async (context): Promise<Permitted | undefined> => {
    const { principal, task } = context;
    if (!task) return undefined;
    const basis = principal.grants ? 'authorization_details' : 'scope';
    const rule = permitTask(principal, scope, task);
    if (!rule) return { permittedBy: basis };
    requireEngine(rule, await engineOf(task, context, deps));
    return { permittedBy: `${basis}, engine` };
  });
}

/** Name and id of the task's engine; none if DLC shows no such task. */
async function engineOf(task: TaskRef, context: CallerContext, deps: Deps) {
  // Settings with engines need the lookup, but a token may bring engines of its own.
  if (!deps.settings.taskStateLookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
  const found = await lookUp(task, context, deps);
  if (found?.outcome === 'found') return found.task.engineNames;
  if (found?.outcome === 'absent' || found?.code === 'task-not-found') return [];
  const reason = found ? loggedReason(found) : 'no time for a lookup';
  const isOurs = found && ['upstream-credentials-rejected', 'gateway-misconfigured'].includes(found.code);
  throw new Problem(isOurs ? found.code : 'permission-check-unavailable', { reason });
}
