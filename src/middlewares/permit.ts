import type { Deps, TaskInput, CallerContext, Permitted } from '../endpoint.ts';
import {
  metCondition,
  permit as permitFor,
  requireScope,
  ruleOf,
  type Permission,
  type TaskFacts,
} from '../lib/auth/policy.ts';
import type { Principal, Scope } from '../lib/auth/principal.ts';
import { lookUp, lookUpAll, type Job, type LookupDeps } from '../lib/cancellation/lookup.ts';
import type { Lookup } from '../lib/dlc/describe-task.ts';
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
    const facts = permission === 'denied' ? undefined : await askDlc(task, context, deps);
    return decide(principal, permission, facts);
  });
}

/**
 * Decides for several tasks as `permit` does for one. DLC is asked for up to 50 of them at once.
 *
 * @returns for each task what the permission rests on, or why there is none; and the lookup, if DLC was asked
 */
export async function permitAll(
  scope: Scope,
  tasks: readonly TaskRef[],
  context: Pick<CallerContext, 'principal'> & Job,
  deps: LookupDeps,
): Promise<TaskPermission[]> {
  const { principal } = context;
  const permissions = tasks.map((task) => permitFor(principal, scope, task));
  const depend = tasks.filter((_, i) => typeof permissions[i] === 'object');
  const lookups = await lookUpAll(depend, context, deps);
  return tasks.map((task, i) => {
    const permission = permissions[i] ?? 'denied';
    const lookup = lookups.get(task);
    const facts = () =>
      typeof permission === 'string' ? undefined : factsOf(lookup, deps.settings);
    return { task, ...tryTo(() => decide(principal, permission, facts())), lookup };
  });
}

/** With `permitted` or `refusal`. */
export interface TaskPermission {
  readonly task: TaskRef;
  readonly permitted?: Permitted;
  readonly refusal?: Problem;
  readonly lookup?: Lookup | undefined;
}

function tryTo(decided: () => Permitted): Pick<TaskPermission, 'permitted' | 'refusal'> {
  try {
    return { permitted: decided() };
  } catch (error) {
    if (error instanceof Problem) return { refusal: error };
    throw error;
  }
}

/** One refusal for another engine, another owner and a task that DLC does not show. */
function decide(
  principal: Principal,
  permission: Permission,
  facts: TaskFacts | undefined,
): Permitted {
  if (permission === 'allowed') return { permittedBy: ruleOf(principal) };
  const met = permission === 'denied' ? undefined : metCondition(permission.oneOf, facts);
  if (!met) throw new Problem('task-not-permitted');
  return { permittedBy: ruleOf(principal, met) };
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
  return factsOf(await lookUp(task, job, deps), deps.settings);
}

function factsOf(
  found: Lookup | undefined,
  { taskStateLookup }: LookupDeps['settings'],
): TaskFacts | undefined {
  // Settings with engines or owners need the lookup, but a token may bring engines of its own.
  if (!taskStateLookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
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
