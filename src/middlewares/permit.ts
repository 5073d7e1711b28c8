import type { Deps, TaskInput, CallerContext, Permitted } from '../endpoint.ts';
import {
  metCondition,
  permit as permitFor,
  requireScope,
  ruleOf,
  type TaskFacts,
} from '../lib/auth/policy.ts';
import type { Scope } from '../lib/auth/principal.ts';
import { lookUp, type Job, type LookupDeps } from '../lib/cancellation/lookup.ts';
import { loggedReason } from '../lib/dlc/failure.ts';
import { Problem, type ProblemCode } from '../lib/problems.ts';
import type { TaskRef } from '../lib/tasks.ts';
import { before, type Middleware } from '../request-context.ts';

/** @throws Problem `insufficient-scope` */
export const authorize = (scope: Scope): Middleware =>
  before(({ principal }) => requireScope(principal, scope));

/**
 * Checks whether the principal may do this to the task that the request is about, if it is about one.
 * DLC is asked for the task only if its engine or owner decides.
 *
 * @throws Problem `task-not-permitted`, `permission-check-unavailable`, `upstream-credentials-rejected`
 */
export function permit(scope: Scope, deps: Deps): Middleware<CallerContext & TaskInput> {
  return before(async (context): Promise<Permitted | undefined> => {
    const { principal, task } = context;
    if (!task) return undefined;
    const permission = permitFor(principal, scope, task);
    if (permission === 'allowed') return { permittedBy: ruleOf(principal) };
    // One refusal for another engine, another owner and a task that DLC does not show.
    const met =
      permission === 'denied'
        ? undefined
        : metCondition(permission.oneOf, await askDlc(task, context, deps));
    if (!met) throw new Problem('task-not-permitted');
    return { permittedBy: ruleOf(principal, met) };
  });
}

/**
 * Asks DLC for the engine and the owner of a task, which the permission depends on; gives nothing if DLC
 * shows no such task.
 *
 * @throws Problem as `permit` does
 */
export async function askDlc(
  task: TaskRef,
  job: Job,
  deps: LookupDeps,
): Promise<TaskFacts | undefined> {
  // Settings with engines or owners need the lookup, but a token may bring engines of its own.
  if (!deps.settings.taskStateLookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
  const found = await lookUp(task, job, deps);
  if (found?.outcome === 'found') return found.task;
  if (found?.outcome === 'absent' || found?.code === 'task-not-found') return undefined;
  const reason = found ? loggedReason(found) : 'no time for a lookup';
  const isOurs = found && OURS.has(found.code);
  throw new Problem(isOurs ? found.code : 'permission-check-unavailable', { reason });
}

/** Faults that an operator has to mend, and no waiting. */
const OURS: ReadonlySet<ProblemCode> = new Set([
  'upstream-credentials-rejected',
  'gateway-misconfigured',
]);
