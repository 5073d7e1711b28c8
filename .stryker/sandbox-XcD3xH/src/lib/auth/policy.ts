import { Problem } from '../problem.ts';
import { insufficientScope } from './challenge.ts';
import type { Narrowing, Principal, Scope } from './principal.ts';

/** What a principal may do: decided from the principal alone, but for the engine, which DLC knows. */

/** @throws Problem `insufficient-scope` */
export function requireScope(principal: Principal, scope: Scope): void {
  if (principal.scopes.has(scope)) return;
  throw new Problem('insufficient-scope', { headers: insufficientScope(scope) });
}

/** @throws Problem `principal-blocked` */
export function refuseBlocked(principal: Principal, blocked: ReadonlySet<string>): void {
  if (blocked.has(principal.id)) throw new Problem('principal-blocked');
}

/**
 * The engines on one of which a task must run to be permitted, as alternatives that each have to be
 * met as a whole; an empty alternative is met by any engine.
 */
export type EngineRule = readonly (readonly (readonly string[])[])[];

/**
 * Decides whether a principal may do `scope` to a task, as far as this is known without asking DLC.
 *
 * @returns nothing where it may; else what is left to be asked of the task's engine
 * @throws Problem `task-not-permitted`
 */
export function permitTask(
  principal: Principal,
  scope: Scope,
  task: { readonly taskId: string; readonly region: string },
): EngineRule | undefined {
  const { grants, narrowing } = principal;
  const granted = grants
    ? grants.filter((grant) => grant.taskId === task.taskId && grant.scopes.includes(scope))
    : [{}];
  const alternatives = granted
    .map((grant: Narrowing) => [grant, narrowing])
    .filter((all) => all.every(({ regions }) => !regions || regions.includes(task.region)))
    .map((all) => all.flatMap(({ engines }) => (engines ? [engines] : [])));
  if (alternatives.length === 0) throw notPermitted();
  return alternatives.some((engines) => engines.length === 0) ? undefined : alternatives;
}

/**
 * @param names name and id of the task's engine; none where DLC shows no such task
 * @throws Problem `task-not-permitted`: the same answer for another engine and for no task
 */
export function requireEngine(rule: EngineRule, names: readonly string[]): void {
  const isMet = rule.some((all) =>
    all.every((engines) => names.some((name) => engines.includes(name))),
  );
  if (!isMet) throw notPermitted();
}

function notPermitted(): Problem {
  return new Problem('task-not-permitted');
}
