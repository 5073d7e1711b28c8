import type { Clock } from './clock.ts';
import { ApiError } from './envelope.ts';
import { isObject, optionalString, requireKnown, wrongType } from './params.ts';
import type { Params } from './params.ts';
import { parseTime, sqlOf, taskInfo } from './task-info.ts';
import type { TaskInfo } from './task-info.ts';
import { taskStates } from './tasks.ts';
import type { Task, TaskStore } from './tasks.ts';

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

const dayMs = 24 * 60 * 60 * 1000;
const shownDays = 45;
const maxSpanDays = 30;

/** DescribeTasks' response without the RequestId. */
interface DescribedTasks {
  TaskList: TaskInfo[];
  /** How many tasks fit, on all pages. */
  TotalCount: number;
  TasksOverview: Record<string, number>;
}

/**
 * DescribeTasks, after the SDK's `DescribeTasksRequest`.
 *
 * @throws ApiError for wrong parameters
 */
export function describeTasks(
  { tasks, clock }: { tasks: Pick<TaskStore, 'list'>; clock: Pick<Clock, 'wallMs'> },
  params: Params,
  region: string,
): DescribedTasks {
  requireKnown(params, known);
  const limit = readCount(params, 'Limit', defaultLimit, maxLimit);
  const offset = readCount(params, 'Offset', 0, Number.MAX_SAFE_INTEGER);
  const filters = readFilters(params['Filters']);
  const isWanted = readSelection(params, clock.wallMs());
  const fitting = tasks
    .list(region, taskIds(filters))
    .filter((task) => isWanted(task) && passesFilters(task, filters));
  const page = sortTasks(fitting, params).slice(offset, offset + limit);
  return {
    TaskList: page.map(taskInfo),
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

/**
 * Reads what narrows the list besides the filters. Without StartTime it goes back 45 days; a given span
 * is at most 30 days (the SDK's `DescribeTasksRequest`).
 */
function readSelection(params: Params, nowMs: number): (task: Task) => boolean {
  const given = readTime(params, 'StartTime');
  const fromMs = given ?? nowMs - shownDays * dayMs;
  const untilMs = readTime(params, 'EndTime') ?? nowMs;
  const spanMs = untilMs - fromMs;
  if (given !== undefined && (spanMs <= 0 || spanMs > maxSpanDays * dayMs)) {
    const message = `The time from StartTime to EndTime must be over 0 and at most ${maxSpanDays} days.`;
    throw new ApiError('InvalidParameterValue', message);
  }
  const engine = optionalString(params, 'DataEngineName');
  const group = optionalString(params, 'ResourceGroupName');
  return ({ createdAtMs, engine: name }) =>
    createdAtMs >= fromMs &&
    // The API's times are whole seconds: this one includes its whole second.
    createdAtMs < untilMs + 1000 &&
    (engine === undefined || name === engine) &&
    group === undefined;
}

/** @returns ms since 1970 */
function readTime(params: Params, name: string): number | undefined {
  const time = optionalString(params, name);
  if (time === undefined) return undefined;
  const ms = parseTime(time);
  if (ms === undefined) throw new ApiError('InvalidParameter.InvalidTimeFormat');
  return ms;
}

/** The newest first is what DLC calls `asc`, its default; it calls the other order `desc` [doc]. */
function sortTasks(newestFirst: readonly Task[], params: Params): readonly Task[] {
  const sortBy = optionalString(params, 'SortBy') ?? 'create-time';
  const sorting = optionalString(params, 'Sorting') ?? 'asc';
  if (!['create-time', 'update-time'].includes(sortBy) || !['asc', 'desc'].includes(sorting)) {
    throw new ApiError('InvalidParameter.SQLTaskSortByTypeNotMatch');
  }
  const sorted =
    sortBy === 'create-time'
      ? newestFirst
      : newestFirst.toSorted((left, right) => right.updatedAtMs - left.updatedAtMs);
  return sorting === 'asc' ? sorted : sorted.toReversed();
}

function overview(tasks: readonly Task[]): Record<string, number> {
  const count = (state: number): number => tasks.filter((task) => task.state === state).length;
  return {
    TaskQueuedCount: count(taskStates.queued),
    TaskInitCount: count(taskStates.initializing),
    TaskRunningCount: count(taskStates.running),
    TotalTaskCount: tasks.length,
  };
}

/** One of DescribeTasks' filters. A task passes it if any of the values fits. */
interface TaskFilter {
  name: FilterName;
  values: readonly string[];
}

/** The filters that the SDK's `DescribeTasksRequest` documents, and when a task fits a value. */
const filters = {
  'task-id': (task, value) => task.id === value,
  'task-state': (task, value) => task.state === Number(value),
  'task-sql-keyword': (task, value) => sqlOf(task).toLowerCase().includes(value.toLowerCase()),
  'task-operator': (task, value) => task.operator === value,
  'task-kind': (task, value) => task.kind === value,
} as const satisfies Record<string, (task: Task, value: string) => boolean>;

type FilterName = keyof typeof filters;

const maxTaskIds = 50;
const maxOtherValues = 5;

/**
 * Reads the parameter `Filters`.
 *
 * @throws ApiError for a filter of another shape, an unknown name, or the wrong number of values: at
 *   least one, at most 50 for `task-id` and 5 for all others together (the SDK's `DescribeTasksRequest`)
 */
function readFilters(value: unknown): TaskFilter[] {
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw wrongType('Filters', 'an array');
  const read = value.map((filter: unknown, index) => readFilter(filter, `Filters.${index}`));
  const isTaskId = ({ name }: TaskFilter): boolean => name === 'task-id';
  const count = (some: TaskFilter[]): number => some.flatMap(({ values }) => values).length;
  if (
    count(read.filter(isTaskId)) > maxTaskIds ||
    count(read.filter((filter) => !isTaskId(filter))) > maxOtherValues
  ) {
    throw new ApiError('InvalidParameter.FiltersValuesNumberOutOfLimit');
  }
  return read;
}

/** Whether a task passes all of the filters. */
function passesFilters(task: Task, all: readonly TaskFilter[]): boolean {
  return all.every(({ name, values }) => values.some((value) => filters[name](task, value)));
}

/** The ids that a filter names, so that the store need not be searched; undefined for all tasks. */
function taskIds(all: readonly TaskFilter[]): ReadonlySet<string> | undefined {
  const byId = all.find(({ name }) => name === 'task-id');
  return byId && new Set(byId.values);
}

function readFilter(filter: unknown, path: string): TaskFilter {
  if (!isObject(filter)) throw wrongType(path, 'an object');
  const { Name: name, Values: values } = filter;
  if (typeof name !== 'string' || !isFilterName(name)) {
    throw new ApiError('InvalidParameter.SQLTaskFiltersKeyTypeNotMath');
  }
  if (!Array.isArray(values) || !values.every((value) => typeof value === 'string')) {
    throw wrongType(`${path}.Values`, 'an array of strings');
  }
  if (values.length === 0) throw new ApiError('InvalidParameter.InvalidFilterLength');
  if (name === 'task-state' && !values.every((value) => /^-?\d+$/.test(value))) {
    throw new ApiError('InvalidParameter.TaskStateTypeNotMath');
  }
  return { name, values };
}

function isFilterName(name: string): name is FilterName {
  return Object.hasOwn(filters, name);
}
