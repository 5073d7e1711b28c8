import { grantsFor, permittingGrant, type Principal } from '../auth/principal.ts';
import { MOST_OPERATORS, type DescribedTask } from '../dlc/describe-task.ts';
import { Problem } from '../problems.ts';

/** The tasks of a region that a principal may read. */
export interface Selection {
  /** If there are no others, DLC is asked for these alone. */
  readonly taskIds: readonly string[] | undefined;
  /** The same, by their owners. */
  readonly operators: readonly string[] | undefined;
  /** What DLC cannot filter, or was not asked to. */
  isReadable(taskId: string, task: DescribedTask): boolean;
}

/** @throws Problem `task-not-permitted` if the principal may read no task of the region */
export function selectReadable(principal: Principal, region: string): Selection {
  const grants = grantsFor(principal, 'tasks:read', region);
  if (grants.length === 0) throw new Problem('task-not-permitted');
  const owners = differentOf(grants.map(({ owner }) => owner));
  return {
    taskIds: differentOf(grants.map(({ taskId }) => taskId)),
    operators: owners && owners.length <= MOST_OPERATORS ? owners : undefined,
    isReadable: (taskId, task) =>
      grants.some(
        (grant) =>
          (grant.taskId ?? taskId) === taskId && permittingGrant([grant], task) !== undefined,
      ),
  };
}

/** `undefined` if one of the values is absent: then some grant is not restricted by it. */
function differentOf(values: readonly (string | undefined)[]): string[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length < values.length ? undefined : [...new Set(present)];
}
