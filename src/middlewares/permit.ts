import { randomUUID } from 'node:crypto';

import type {
  Batched,
  BatchItem,
  CallerContext,
  Deps,
  OneTask,
  Permitted,
  SeveralTasks,
} from '../endpoint.ts';
import {
  grantsFor,
  permittingGrant,
  requireScope,
  ruleOf,
  type Grant,
  type Scope,
  type TaskFacts,
} from '../lib/auth/principal.ts';
import { lookUpAll, noteEngine, type LookupDeps } from '../lib/cancellation/lookup.ts';
import type { Lookup } from '../lib/dlc/describe-task.ts';
import { loggedReason } from '../lib/dlc/failure.ts';
import { Problem, type ProblemCode } from '../lib/problems.ts';
import type { TaskRef } from '../lib/tasks.ts';
import { before, type Middleware } from '../request-context.ts';
import { recordIntent, recordResult } from './log-lines.ts';

/** What the caller may do. Every allowed cancellation leaves an audit line of its intent here. */

/** @throws Problem `insufficient-scope` */
export const authorize = (scope: Scope): Middleware =>
  before(({ principal }) => requireScope(principal, scope));

/**
 * Checks whether the principal may do this to the task that the request is about, if it is about one.
 *
 * @throws Problem `task-not-permitted`, `permission-check-unavailable`, `upstream-credentials-rejected`
 */
export function permit(scope: Scope, deps: Deps): Middleware<CallerContext & OneTask> {
  return before(async (context): Promise<Permitted | undefined> => {
    if (!context.task) return undefined;
    const [decided] = await permitAll(scope, [context.task], context, deps);
    const { permittedBy, refusal, lookup } = decided ?? {};
    if (lookup) noteEngine(lookup, context);
    if (permittedBy === undefined) throw refusal ?? new Problem('task-not-permitted');
    if (scope === 'tasks:read') return { permittedBy };
    return { permittedBy, intentId: recordIntent(deps, { ...context, permittedBy }) };
  });
}

/** Does for each of several tasks what `permit` does for one. A refusal is the task's own; nothing is thrown for it. */
export function permitEach(deps: Deps): Middleware<CallerContext & SeveralTasks> {
  return before(async (context): Promise<Batched> => {
    const { tasks, dryRun = false } = context;
    const batch = { batchId: randomUUID(), ...(dryRun && { dryRun }) };
    const decided = await permitAll('tasks:cancel', tasks, context, deps);
    const items = decided.map(({ task, permittedBy, refusal, lookup }): BatchItem => {
      const stats = { attempts: 0, waitMs: 0, credentials: context.stats.credentials };
      if (lookup) noteEngine(lookup, { stats });
      const known = { ...context, ...batch, task, stats, permittedBy };
      // A dry run intends nothing.
      const isIntent = permittedBy !== undefined && !dryRun;
      const audited = { ...known, ...(isIntent && { intentId: recordIntent(deps, known) }) };
      const record: BatchItem['record'] = (response) => recordResult(deps.log, audited, response);
      return { task, stats, refusal, lookup, record };
    });
    return { batch: { ...batch, items } };
  });
}

/** With `permittedBy` or `refusal`; and the lookup, if DLC was asked. */
interface TaskPermission extends Partial<Permitted> {
  readonly task: TaskRef;
  readonly refusal?: Problem;
  readonly lookup?: Lookup | undefined;
}

/**
 * Decides for each of several tasks. DLC is asked for those whose engine or owner decides, up to 50 at once. There is
 * one refusal for another engine, another owner and a task that DLC does not show.
 */
async function permitAll(
  scope: Scope,
  tasks: readonly TaskRef[],
  context: CallerContext,
  deps: LookupDeps,
): Promise<TaskPermission[]> {
  const { principal } = context;
  const candidates = tasks.map(({ taskId, region }) => grantsFor(principal, scope, region, taskId));
  const asked = tasks.filter((_, i) => needsFacts(candidates[i] ?? []));
  const lookups = asked.length > 0 ? await lookUpAll(asked, context, deps) : NO_LOOKUPS;
  return tasks.map((task, i) => {
    const lookup = lookups.get(task);
    try {
      const facts = asked.includes(task) ? factsOf(lookup, deps.settings) : undefined;
      const grant = permittingGrant(candidates[i] ?? [], facts);
      if (!grant) throw new Problem('task-not-permitted');
      return { task, permittedBy: ruleOf(principal, grant), lookup };
    } catch (error) {
      if (error instanceof Problem) return { task, refusal: error, lookup };
      throw error;
    }
  });
}

/** Whether only what DLC shows of a task can say if one of the grants permits it. */
const needsFacts = (grants: readonly Grant[]): boolean =>
  grants.length > 0 && !permittingGrant(grants);

const NO_LOOKUPS: ReadonlyMap<TaskRef, Lookup> = new Map();

/**
 * What DLC shows of a task that a permission depends on; nothing if DLC shows no such task.
 *
 * @throws Problem as `permit` does
 */
export function factsOf(
  found: Lookup | undefined,
  { taskStateLookup }: LookupDeps['settings'],
): TaskFacts | undefined {
  // Settings with engines or owners need the lookup, but a token may bring engines of its own.
  if (!taskStateLookup) {
    throw new Problem('task-not-permitted', { reason: 'a token has engines, the lookup is off' });
  }
  if (found?.outcome === 'found') return found.task;
  if (found?.code === 'task-not-found') return undefined;
  const reason = found ? loggedReason(found) : 'no time for a lookup';
  const isOurs = found && OURS.has(found.code);
  throw new Problem(isOurs ? found.code : 'permission-check-unavailable', { reason });
}

/** Faults that an operator has to mend, and no waiting. */
const OURS: ReadonlySet<ProblemCode> = new Set([
  'upstream-credentials-rejected',
  'gateway-misconfigured',
]);
