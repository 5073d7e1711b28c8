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

/** Asks DLC for one task. No time range is sent: its zone is undocumented, and the default is 45 days. */
export async function describeTask(
  dlc: Pick<DlcClient, 'call'>,
  taskId: string,
  options: CallOptions,
): Promise<Lookup> {
  const input = {
    Filters: [{ Name: 'task-id', Values: [taskId] }],
    Limit: 1,
  } satisfies DescribeTasksRequest;
  const reply = await dlc.call('DescribeTasks', input, options);
  return reply.outcome === 'answered' ? read(reply.response, taskId, reply.requestId) : reply;
}

function read(response: object, taskId: string, requestId: string): Lookup {
  const list: unknown = 'TaskList' in response ? response.TaskList : undefined;
  if (list === null) return { outcome: 'absent', requestId };
  if (!Array.isArray(list)) return invalidResponse('the answer has no TaskList', requestId);
  const found = list.filter(isRecord).find((task) => task['Id'] === taskId);
  if (!found) return { outcome: 'absent', requestId };
  const upstreamState = found['State'];
  if (typeof upstreamState !== 'number') return invalidResponse('the task has no State', requestId);
  return { outcome: 'found', task: describe(found, upstreamState), requestId };
}

function describe(found: Readonly<Record<string, unknown>>, upstreamState: number): DescribedTask {
  const engine = textIn(found, 'DataEngineName');
  const operator = textIn(found, 'OperateUin');
  const createTime = textIn(found, 'CreateTime');
  const updateTime = textIn(found, 'UpdateTime');
  const engineNames = [engine, textIn(found, 'DataEngineId')].filter((name) => name !== undefined);
  return {
    state: BY_NUMBER.get(upstreamState) ?? 'unknown',
    upstreamState,
    engineNames,
    ...(engine !== undefined && { engine }),
    ...(operator !== undefined && { operator }),
    ...(createTime !== undefined && { upstreamCreateTime: createTime }),
    ...(updateTime !== undefined && { upstreamUpdateTime: updateTime }),
  };
}

function textIn(record: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = record[key];
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null;
}
