import { Problem } from '../problems.ts';
import { insufficientScope } from './challenge.ts';
import type { Grant, Principal, Restrictions, Scope } from './principal.ts';

/** @throws Problem `insufficient-scope` */
export function requireScope({ grants }: Principal, scope: Scope): void {
  if (grants.some(({ scopes }) => scopes.includes(scope))) return;
  throw new Problem('insufficient-scope', { headers: insufficientScope(scope) });
}

/** @throws Problem `principal-blocked` */
export function refuseBlocked(principal: Principal, blocked: ReadonlySet<string>): void {
  if (blocked.has(principal.id)) throw new Problem('principal-blocked');
}

/** What a task must be like: its engine in each of the lists, and its owner, if one is named. */
export interface TaskCondition extends Pick<Restrictions, 'owner'> {
  readonly engines: NonNullable<Restrictions['engines']>;
}

/** The decision; or what DLC must be asked, as alternatives of which one has to be met as a whole. */
export type Permission = 'allowed' | 'denied' | { readonly oneOf: readonly TaskCondition[] };

/** Decides whether a principal may do `scope` to a task, as far as this is known without asking DLC. */
export function permit(
  principal: Principal,
  scope: Scope,
  task: { readonly taskId: string; readonly region: string },
): Permission {
  const oneOf = grantsIn(principal, scope, task.region)
    .filter(({ taskId = task.taskId }) => taskId === task.taskId)
    .map(conditionOf);
  if (oneOf.length === 0) return 'denied';
  const isAllowed = oneOf.some(({ engines, owner }) => engines.length === 0 && owner === undefined);
  return isAllowed ? 'allowed' : { oneOf };
}

/** The grants that permit `scope` in a region, to some task at least. */
export function grantsIn({ grants }: Principal, scope: Scope, region: string): Grant[] {
  return grants
    .filter(({ scopes }) => scopes.includes(scope))
    .filter(({ regions }) => regions?.includes(region) ?? true);
}

export function conditionOf({ engines = [], owner }: Grant): TaskCondition {
  return { engines, owner };
}

/** Says what was checked, for the audit line: where the grant came from, and what DLC was asked for. */
export function ruleOf({ basis }: Principal, met?: TaskCondition): string {
  const hasEngine = met && met.engines.length > 0;
  return [basis, hasEngine && 'engine', met?.owner && 'owner'].filter(Boolean).join(', ');
}

/** What DLC shows of a task that permissions depend on. */
export interface TaskFacts {
  /** Name and id of its engine. */
  readonly engineNames: readonly string[];
  /** `OperateUin`. */
  readonly operator?: string | undefined;
}

/** Finds the first alternative that the task meets. A task that DLC does not show meets none. */
export function metCondition(
  oneOf: readonly TaskCondition[],
  task: TaskFacts | undefined,
): TaskCondition | undefined {
  if (!task) return undefined;
  const { engineNames, operator } = task;
  return oneOf.find(
    ({ engines, owner = operator }) =>
      owner === operator &&
      engines.every((list) => engineNames.some((name) => list.includes(name))),
  );
}
