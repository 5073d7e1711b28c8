import { ApiError } from '../errors.ts';
import { optionalString, requireKnown, wrongType } from '../params.ts';
import type { Params } from '../params.ts';
import { taskInfo } from '../task-info.ts';
import type { TaskInfo } from '../task-info.ts';
import { taskStates } from '../task-states.ts';
import type { TaskStore } from '../tasks.ts';
import { passesFilters, readFilters, taskIds } from './filters.ts';

const known: ReadonlySet<string> = new Set([
  'Limit',
  'Offset',
  'Filters',
  'SortBy',
  'Sorting',
  'StartTime',
  'EndTime',
  'DataEngineName',
  'ResourceGroupName',
]);
const defaultLimit = 10;
const maxLimit = 100;

/** DescribeTasks' answer, less the RequestId. */
interface DescribedTasks {
  TaskList: TaskInfo[];
  /** Of all that fit, beyond this page too. */
  TotalCount: number;
  TasksOverview: Record<string, number>;
}

/**
 * DescribeTasks, after the SDK's `DescribeTasksRequest`.
 *
 * @throws ApiError for wrong parameters
 */
export function describeTasks(
  tasks: Pick<TaskStore, 'list'>,
  params: Params,
  region: string,
): DescribedTasks {
  requireKnown(params, known);
  const limit = readCount(params, 'Limit', defaultLimit, maxLimit);
  const offset = readCount(params, 'Offset', 0, Number.MAX_SAFE_INTEGER);
  const filters = readFilters(params['Filters']);
  const isWanted = readNarrowing(params);
  const infos = tasks.list(region, taskIds(filters)).map((task) => taskInfo(task));
  const fitting = infos.filter((task) => isWanted(task) && passesFilters(task, filters));
  const sorted = sortTasks(fitting, params);
  return {
    TaskList: sorted.slice(offset, offset + limit),
    TotalCount: fitting.length,
    TasksOverview: overview(fitting),
  };
}

function readCount(params: Params, name: string, absent: number, max: number): number {
  const value = params[name] ?? absent;
  if (typeof value !== 'number' || !Number.isInteger(value)) throw wrongType(name, 'an integer');
  if (value < 0 || value > max) {
    throw new ApiError('InvalidParameterValue', `The value of \`${name}\` must be 0 to ${max}.`);
  }
  return value;
}

/** The times are compared as the text they are: in this format that is the order of time. */
function readNarrowing(params: Params): (task: TaskInfo) => boolean {
  const from = readTime(params, 'StartTime') ?? '';
  const until = readTime(params, 'EndTime') ?? '9999';
  const engine = optionalString(params, 'DataEngineName');
  const group = optionalString(params, 'ResourceGroupName');
  return (task) =>
    task.CreateTime >= from &&
    task.CreateTime <= until &&
    (engine === undefined || task.DataEngineName === engine) &&
    group === undefined;
}

function readTime(params: Params, name: string): string | undefined {
  const time = optionalString(params, name);
  if (time === undefined || /^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d$/.test(time)) return time;
  throw new ApiError('InvalidParameter.InvalidTimeFormat');
}

/** Tasks come newest first, which is what DLC calls `asc`: its `desc` is the natural order [doc]. */
function sortTasks(newestFirst: readonly TaskInfo[], params: Params): TaskInfo[] {
  const sortBy = optionalString(params, 'SortBy') ?? 'create-time';
  const sorting = optionalString(params, 'Sorting') ?? 'asc';
  if (!['create-time', 'update-time'].includes(sortBy) || !['asc', 'desc'].includes(sorting)) {
    throw new ApiError('InvalidParameter.SQLTaskSortByTypeNotMatch');
  }
  const sorted =
    sortBy === 'create-time'
      ? newestFirst
      : newestFirst.toSorted((left, right) => right.UpdateTime.localeCompare(left.UpdateTime));
  return sorting === 'asc' ? [...sorted] : sorted.toReversed();
}

function overview(tasks: readonly TaskInfo[]): Record<string, number> {
  const count = (state: number): number => tasks.filter(({ State }) => State === state).length;
  return {
    TaskQueuedCount: count(taskStates.queued),
    TaskInitCount: count(taskStates.initializing),
    TaskRunningCount: count(taskStates.running),
    TotalTaskCount: tasks.length,
  };
}
