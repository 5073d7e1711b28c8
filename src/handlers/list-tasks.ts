import type { CallerEndpoint, TaskInput } from '../endpoint.ts';
import { describe, textIn, type DescribedTask, type TaskRecord } from '../lib/dlc/describe-task.ts';
import { invalidResponse, toLookupProblem } from '../lib/dlc/failure.ts';
import { jsonResponse, upstreamId } from '../lib/http/response.ts';
import { parseListQuery, toCursor, type ListQuery, type Position } from '../lib/listing/query.ts';
import { selectReadable, type Selection } from '../lib/listing/selection.ts';
import { TaskReader } from '../lib/listing/task-reader.ts';
import { TASK_ID } from '../lib/tasks.ts';

/** `GET /tasks`: the tasks that the caller may read, page by page. */
export const listTasks: CallerEndpoint<TaskInput & { readonly list: ListQuery }> = {
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:read' },
  validate: ({ request }, settings) => ({ list: parseListQuery(request.query, settings) }),
  async handle(context, deps) {
    const { list, requestId } = context;
    const { region } = list;
    const selection = selectReadable(context.principal, region);
    const reader = new TaskReader(region, selection, context, deps);
    const { tasks, next } = await fillPage(list, selection, reader);
    const nextCursor = next && toCursor(next);
    const upstreamRequestId = reader.requestId;
    const body = { tasks, nextCursor, region, requestId, upstreamRequestId };
    const logged = { outcome: 'listed', tasks: tasks.length, upstreamRequestId };
    return { ...jsonResponse(200, body, upstreamId(upstreamRequestId)), logged };
  },
};

interface Page {
  readonly tasks: readonly object[];
  /** Absent: no task comes after them. */
  readonly next?: Position;
}

/** A page is short if the calls or the time of the request are used up. */
async function fillPage(list: ListQuery, selection: Selection, reader: TaskReader): Promise<Page> {
  const tasks: object[] = [];
  let next = list.from;
  for (;;) {
    const read = await reader.readAfter(next, list.limit - tasks.length);
    if (!read) return { tasks, next };
    next = movedTo(read.offset, next);
    for (const [i, record] of read.tasks.entries()) {
      if (tasks.length === list.limit) return { tasks, next };
      const task = toListed(record, list, selection);
      if (task) tasks.push(task);
      next = positionAfter(record, read.offset + i, read.total);
    }
    if (read.isEnd) return { tasks };
    if (tasks.length === list.limit) return { tasks, next };
  }
}

function movedTo(offset: number, position: Position): Position {
  return { ...position, offset };
}

function positionAfter({ Id }: TaskRecord, offset: number, total = 0): Position {
  const isUsable = typeof Id === 'string' && TASK_ID.test(Id);
  return { offset: offset + 1, total, ...(isUsable && { after: Id }) };
}

/** A task as callers see it, if it is one that they may read and asked for. */
function toListed(
  record: TaskRecord,
  { states, engine }: ListQuery,
  selection: Selection,
): object | undefined {
  const taskId = textIn(record, 'Id');
  // No route of the gateway takes another id.
  if (taskId === undefined || !TASK_ID.test(taskId)) return undefined;
  const task: DescribedTask | undefined = describe(record);
  if (!task) throw toLookupProblem(invalidResponse('a task has no State'));
  const isAskedFor =
    (states?.has(task.state) ?? true) &&
    (engine === undefined || task.engineNames.includes(engine));
  if (!isAskedFor || !selection.isReadable(taskId, task)) return undefined;
  const { engineNames: _, operator: _operator, ...members } = task;
  return { taskId, ...members };
}
