import type { DescribeTasksRequest } from 'tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_models.js';

import type { CallOptions, DlcClient } from './client.ts';
import { invalidResponse, type Failure } from './failure.ts';

export const TASK_STATES = [
  'initializing',
  'running',
  'succeeded',
  'writing',
  'queued',
  'failed',
  'cancelled',
  'unknown',
] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** DLC's numbers. Expired and timed-out tasks are said to have others, undocumented: `unknown`. */
const BY_NUMBER = new Map<number, TaskState>([
  [0, 'initializing'],
  [1, 'running'],
  [2, 'succeeded'],
  [3, 'writing'],
  [4, 'queued'],
  [-1, 'failed'],
  [-3, 'cancelled'],
]);

const MAY_STILL_CHANGE: ReadonlySet<TaskState> = new Set([
  'initializing',
  'running',
  'writing',
  'queued',
]);

/** Worth asking again for: a known state that is not final. */
export function mayStillChange(state: TaskState): boolean {
  return MAY_STILL_CHANGE.has(state);
}

export type FinalState = 'succeeded' | 'failed' | 'cancelled';

export function isFinal(state: TaskState): state is FinalState {
  return state === 'succeeded' || state === 'failed' || state === 'cancelled';
}

/** A task as DLC shows it; never its SQL, paths or users. */
export interface DescribedTask {
  readonly state: TaskState;
  readonly upstreamState: number;
  readonly engine?: string;
  /** DLC's `TaskType`. */
  readonly kind?: string;
  /** Name and id of its engine, as far as DLC gives them: what a permission may name. */
  readonly engineNames: readonly string[];
  /** `OperateUin`: who started it. For permissions alone, never for a response. */
  readonly operator?: string;
  readonly upstreamCreateTime?: string;
  readonly upstreamUpdateTime?: string;
}

export type Lookup =
  | { readonly outcome: 'found'; readonly task: DescribedTask; readonly requestId: string }
  /** Nothing found means "not known", never "does not exist". */
  | { readonly outcome: 'absent'; readonly requestId: string }
  | Failure;

/**
 * A task that cannot exist: of a UUID's form, so that DLC looks for it, but of version 0, which no
 * generator makes (RFC 9562 section 4.2), and neither nil nor all ones, which a program may take for
 * "none" or "all". It is always the same one, so that it is recognised in the account's audit log.
 */
export const NO_TASK = 'd0c70000-0000-0000-0000-00000000d0c7';

/** What a task list is narrowed by, and which part of it is wanted. */
export interface TaskQuery {
  /** At most `MOST_TASK_IDS`. */
  readonly taskIds?: readonly string[];
  /** `OperateUin`s, at most `MOST_OPERATORS`. */
  readonly operators?: readonly string[];
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
  /** As DLC gives them, not looked at yet. */
  readonly tasks: readonly TaskRecord[];
  /** How many there are on all pages, if DLC says so. */
  readonly total?: number;
  readonly requestId: string;
}

export type TaskRecord = Readonly<Record<string, unknown>>;

/** Asks DLC for tasks. No time range is sent: its zone is undocumented, and the default is 45 days. */
export async function describeTasks(
  dlc: Pick<DlcClient, 'call'>,
  { taskIds, operators, offset, limit }: TaskQuery,
  options: CallOptions,
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
  const reply = await dlc.call('DescribeTasks', input, options);
  if (reply.outcome !== 'answered') return reply;
  const { response, requestId } = reply;
  const list: unknown = 'TaskList' in response ? response.TaskList : undefined;
  if (list === null) return { outcome: 'answered', tasks: [], requestId };
  if (!Array.isArray(list)) return invalidResponse('the answer has no TaskList', requestId);
  const total: unknown = 'TotalCount' in response ? response.TotalCount : undefined;
  return {
    outcome: 'answered',
    tasks: list.filter(isRecord),
    ...(typeof total === 'number' && { total }),
    requestId,
  };
}

/** What an answer says about one of the tasks that it was asked for. */
export function lookupIn(page: TaskPage | Failure, taskId: string): Lookup {
  if (page.outcome !== 'answered') return page;
  const { tasks, requestId } = page;
  const found = tasks.find(({ Id }) => Id === taskId);
  if (!found) return { outcome: 'absent', requestId };
  const task = describe(found);
  return task
    ? { outcome: 'found', task, requestId }
    : invalidResponse('the task has no State', requestId);
}

/** Asks DLC for one task. */
export async function describeTask(
  dlc: Pick<DlcClient, 'call'>,
  taskId: string,
  options: CallOptions,
): Promise<Lookup> {
  return lookupIn(await describeTasks(dlc, { taskIds: [taskId], limit: 1 }, options), taskId);
}

/** Reads what DLC shows of a task; gives nothing if it shows no state. */
export function describe(found: TaskRecord): DescribedTask | undefined {
  const upstreamState = found['State'];
  if (typeof upstreamState !== 'number') return undefined;
  const engine = textIn(found, 'DataEngineName');
  const kind = textIn(found, 'TaskType');
  const operator = textIn(found, 'OperateUin');
  const createTime = textIn(found, 'CreateTime');
  const updateTime = textIn(found, 'UpdateTime');
  const engineNames = [engine, textIn(found, 'DataEngineId')].filter((name) => name !== undefined);
  return {
    state: BY_NUMBER.get(upstreamState) ?? 'unknown',
    upstreamState,
    engineNames,
    ...(kind !== undefined && { kind }),
    ...(engine !== undefined && { engine }),
    ...(operator !== undefined && { operator }),
    ...(createTime !== undefined && { upstreamCreateTime: createTime }),
    ...(updateTime !== undefined && { upstreamUpdateTime: updateTime }),
  };
}

export function textIn(record: TaskRecord, key: string): string | undefined {
  const value = record[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is TaskRecord {
  return typeof value === 'object' && value !== null;
}
