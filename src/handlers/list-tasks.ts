import type { OtherEndpoint } from '../endpoint.ts';
import { withoutState, type DescribedTask } from '../lib/dlc/describe-task.ts';
import { toProblem } from '../lib/dlc/failure.ts';
import { jsonResponse, upstreamId } from '../lib/http/response.ts';
import { parseListQuery, toCursor, type ListQuery, type Position } from '../lib/listing/query.ts';
import { selectReadable, TaskReader, type Selection } from '../lib/listing/reader.ts';
import { TASK_ID } from '../lib/tasks.ts';

/** `GET /tasks`: the tasks that the caller may read, page by page. */
export const listTasks: OtherEndpoint<{ readonly list: ListQuery }> = {
  access: { schemes: ['bearer', 'api-key'], scope: 'tasks:read' },
  validate: ({ request }, settings) => ({ list: parseListQuery(request.query, settings) }),
  async handle(context, deps) {
    const { list, requestId } = context;
    const { region } = list;
    const selection = selectReadable(context.principal, region);
    const reader = new TaskReader(selection, context, deps);
    const { tasks, next } = await fillPage(list, selection, reader);
    const nextCursor = next && toCursor(next);
    const { upstreamRequestId } = reader;
    const body = { tasks, nextCursor, region, requestId, upstreamRequestId };
    const logged = { outcome: 'listed', tasks: tasks.length, upstreamRequestId };
    return { ...jsonResponse(200, body, upstreamId(upstreamRequestId)), logged };
  },
};

/**
 * A page is short if the calls or the time of the request are used up.
 *
 * @returns without `next` if no task comes after them
 */
async function fillPage(
  list: ListQuery,
  selection: Selection,
  reader: TaskReader,
): Promise<{ tasks: object[]; next?: Position }> {
  const tasks: object[] = [];
  let next = list.from;
  for (;;) {
    const read = await reader.readAfter(next, list.limit - tasks.length);
    if (!read) return { tasks, next };
    let { offset } = read;
    next = { offset, total: next.total, after: next.after };
    for (const task of read.tasks) {
      if (tasks.length === list.limit) return { tasks, next };
      // No route of the gateway takes another id.
      const isUsable = task !== undefined && TASK_ID.test(task.taskId);
      if (isUsable && isListed(task, list, selection)) {
        if (task.upstreamState === undefined)
          throw toProblem(withoutState(reader.upstreamRequestId));
        tasks.push(shown(task));
      }
      offset += 1;
      next = { offset, total: read.total, after: isUsable ? task.taskId : undefined };
    }
    if (read.isEnd) return { tasks };
    if (tasks.length === list.limit) return { tasks, next };
  }
}

/** Whether the caller asked for the task, and may read it. */
function isListed(
  task: DescribedTask,
  { states, engine }: ListQuery,
  selection: Selection,
): boolean {
  // A task whose state nobody knows may be in any.
  const isInState = task.upstreamState === undefined || (states?.has(task.state) ?? true);
  const isOnEngine = engine === undefined || task.engineNames.includes(engine);
  return isInState && isOnEngine && selection.isReadable(task);
}

/** The members that callers get: never the operator. */
function shown(task: DescribedTask): object {
  const { taskId, state, upstreamState, engine, kind, upstreamCreateTime, upstreamUpdateTime } =
    task;
  return { taskId, state, upstreamState, engine, kind, upstreamCreateTime, upstreamUpdateTime };
}
