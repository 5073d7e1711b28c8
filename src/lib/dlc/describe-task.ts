import type { DescribeTasksRequest } from 'tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_models.js';

import type { CallOptions, DlcClient } from './client.ts';
import { invalidResponse, type Failure } from './failure.ts';

/** DLC's numbers. Expired and timed-out tasks are said to have others, undocumented: `unknown`. */
const NUMBERS = [
  [0, 'initializing'],
  [1, 'running'],
  [2, 'succeeded'],
  [3, 'writing'],
  [4, 'queued'],
  [-1, 'failed'],
  [-3, 'cancelled'],
] as const;
const BY_NUMBER = new Map<number, TaskState>(NUMBERS);

export type TaskState = (typeof NUMBERS)[number][1] | 'unknown';
export const TASK_STATES: readonly TaskState[] = [...BY_NUMBER.values(), 'unknown'];
export type FinalState = 'succeeded' | 'failed' | 'cancelled';

export function isFinal(state: TaskState): state is FinalState {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** Worth asking again for: a known state that is not final. */
export function mayStillChange(state: TaskState): boolean {
  return state !== 'unknown' && !isFinal(state);
}

/** A task as DLC shows it; never its SQL, paths or users. */
export interface DescribedTask {
  /** Empty if DLC gives none. */
  readonly taskId: string;
  readonly state: TaskState;
  /** Absent if DLC gives none; then nothing is known of the state. */
  readonly upstreamState: number | undefined;
  readonly engine: string | undefined;
  /** DLC's `TaskType`. */
  readonly kind: string | undefined;
  /** Name and id of its engine, as far as DLC gives them: what a permission may name. */
  readonly engineNames: readonly string[];
  /** `OperateUin`: who started it. For permissions alone, never for a response. */
  readonly operator: string | undefined;
  readonly upstreamCreateTime: string | undefined;
  readonly upstreamUpdateTime: string | undefined;
}

/**
 * A task that cannot exist: of a UUID's form, so that DLC looks for it, but of version 0, which no
 * generator makes (RFC 9562 section 4.2), and neither nil nor all ones, which a program may take for
 * "none" or "all". It is always the same one, so that it is recognised in the account's audit log.
 */
export const NO_TASK = 'd0c70000-0000-0000-0000-00000000d0c7';

/** What a region's task list is narrowed by, and which part of it is wanted. */
export interface TaskQuery {
  readonly region: string;
  /** At most `MOST_TASK_IDS`. */
  readonly taskIds?: readonly string[] | undefined;
  /** `OperateUin`s, at most `MOST_OPERATORS`. */
  readonly operators?: readonly string[] | undefined;
  /** How many tasks of the list come before; 0 if absent. */
  readonly offset?: number;
  /** At most `MOST_PER_PAGE`. */
  readonly limit: number;
}

/** The bounds that DLC documents. */
export const MOST_TASK_IDS = 50;
export const MOST_OPERATORS = 5;
export const MOST_PER_PAGE = 100;

export interface TaskPage {
  readonly outcome: 'answered';
  readonly tasks: readonly DescribedTask[];
  /** How many there are on all pages, if DLC says so. */
  readonly total: number | undefined;
  readonly upstreamRequestId: string;
}

/** Asks DLC for tasks. No time range is sent: its zone is undocumented, and the default is 45 days. */
export async function describeTasks(
  dlc: Pick<DlcClient, 'call'>,
  { region, taskIds, operators, offset, limit }: TaskQuery,
  options: Pick<CallOptions, 'caller' | 'signal'>,
): Promise<TaskPage | Failure> {
  const filters = [
    ...(taskIds ? [{ Name: 'task-id', Values: [...taskIds] }] : []),
    ...(operators ? [{ Name: 'task-operator', Values: [...operators] }] : []),
  ];
  const input = {
    ...(filters.length > 0 && { Filters: filters }),
    ...(offset !== undefined && { Offset: offset }),
    Limit: limit,
  } satisfies DescribeTasksRequest;
  const reply = await dlc.call('DescribeTasks', input, { ...options, region });
  if (reply.outcome !== 'answered') return reply;
  const { upstreamRequestId } = reply;
  const { TaskList, TotalCount }: TaskList = reply.response;
  const list: unknown = TaskList === null ? [] : TaskList;
  if (!Array.isArray(list))
    return invalidResponse('the response has no TaskList', upstreamRequestId);
  const tasks = list.filter(isRecord).map(describe);
  const total = typeof TotalCount === 'number' ? TotalCount : undefined;
  return { outcome: 'answered', tasks, total, upstreamRequestId };
}

interface TaskList {
  readonly TaskList?: unknown;
  readonly TotalCount?: unknown;
}

/** One of the tasks that DLC was asked for by their ids. */
export type Lookup =
  | { readonly outcome: 'found'; readonly task: DescribedTask; readonly upstreamRequestId: string }
  | Failure;

/** A task that DLC does not show. It may exist: a cancellation takes its state for not known. */
const NOT_SHOWN: Failure = {
  outcome: 'refused',
  code: 'task-not-found',
  again: true,
  reason: 'DescribeTasks does not show the task',
  detail: 'DLC shows no such task in this region in the last 45 days.',
};

/** What a response says about one of the tasks that DLC was asked for. */
export function lookupIn(page: TaskPage | Failure, taskId: string): Lookup {
  if (page.outcome !== 'answered') return page;
  const { tasks, upstreamRequestId } = page;
  const task = tasks.find((one) => one.taskId === taskId);
  if (!task) return { ...NOT_SHOWN, upstreamRequestId };
  if (task.upstreamState === undefined) return withoutState(upstreamRequestId);
  return { outcome: 'found', task, upstreamRequestId };
}

/** The response about a task that has no state. Other tasks of the same response are none the worse for it. */
export const withoutState = (upstreamRequestId: string | undefined): Failure =>
  invalidResponse('the task has no State', upstreamRequestId);

type TaskRecord = Readonly<Record<string, unknown>>;

function isRecord(value: unknown): value is TaskRecord {
  return typeof value === 'object' && value !== null;
}

function describe(record: TaskRecord): DescribedTask {
  const text = (key: string): string | undefined => {
    const value = record[key];
    return typeof value === 'string' && value !== '' ? value : undefined;
  };
  const state = record['State'];
  const upstreamState = typeof state === 'number' ? state : undefined;
  const engine = text('DataEngineName');
  return {
    taskId: text('Id') ?? '',
    state: BY_NUMBER.get(upstreamState ?? NaN) ?? 'unknown',
    upstreamState,
    engine,
    kind: text('TaskType'),
    engineNames: [engine, text('DataEngineId')].filter((name) => name !== undefined),
    operator: text('OperateUin'),
    upstreamCreateTime: text('CreateTime'),
    upstreamUpdateTime: text('UpdateTime'),
  };
}
