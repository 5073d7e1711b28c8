import { ApiError } from '../errors.ts';
import { isObject, wrongType } from '../params.ts';
import type { TaskInfo } from '../task-info.ts';

/** One of DescribeTasks' filters: a task passes if any of the values fits. */
interface TaskFilter {
  name: FilterName;
  values: readonly string[];
}

/** The filters that the SDK's `DescribeTasksRequest` documents, and when a task fits a value. */
const filters = {
  'task-id': (task, value) => task.Id === value,
  'task-state': (task, value) => task.State === Number(value),
  'task-sql-keyword': (task, value) => task.SQL.toLowerCase().includes(value.toLowerCase()),
  'task-operator': (task, value) => task.OperateUin === value,
  'task-kind': (task, value) => task.TaskType === value,
} as const satisfies Record<string, (task: TaskInfo, value: string) => boolean>;

type FilterName = keyof typeof filters;

const maxTaskIds = 50;
const maxOtherValues = 5;

/**
 * Reads the parameter `Filters`.
 *
 * @throws ApiError for what is no filter, an unknown name, no value, or too many of them: 50 for
 *   `task-id`, 5 for all others together (the SDK's `DescribeTasksRequest`)
 */
export function readFilters(value: unknown): TaskFilter[] {
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
export function passesFilters(task: TaskInfo, all: readonly TaskFilter[]): boolean {
  return all.every(({ name, values }) => values.some((value) => filters[name](task, value)));
}

/** The ids that the filters leave, undefined for all: so that a big store is not copied for one task. */
export function taskIds(all: readonly TaskFilter[]): ReadonlySet<string> | undefined {
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
