import { ApiError } from '../errors.ts';
import { optionalString, requireKnown } from '../params.ts';
import type { Params } from '../params.ts';
import type { TaskStore } from '../tasks.ts';

const known: ReadonlySet<string> = new Set(['TaskId']);

/**
 * CancelTask: `{TaskId}` gives nothing but a RequestId.
 *
 * @throws ApiError for wrong parameters, and as {@link TaskStore.cancel} does
 */
export function cancelTask(
  tasks: Pick<TaskStore, 'cancel'>,
  params: Params,
  region: string,
): Record<string, never> {
  requireKnown(params, known);
  const id = optionalString(params, 'TaskId');
  if (id === undefined) {
    throw new ApiError('MissingParameter', 'The request is missing a required parameter `TaskId`.');
  }
  if (id === '') throw new ApiError('InvalidParameter.ParameterNotFoundOrBeNone');
  tasks.cancel(id, region);
  return {};
}
