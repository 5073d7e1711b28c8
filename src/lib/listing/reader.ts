import { grantsFor, permittingGrant, type Principal } from '../auth/principal.ts';
import { ask, NO_TIME, type Job, type LookupDeps } from '../cancellation/lookup.ts';
import {
  MOST_OPERATORS,
  MOST_PER_PAGE,
  MOST_TASK_IDS,
  type DescribedTask,
  type TaskQuery,
} from '../dlc/describe-task.ts';
import { isTooLarge, toProblem } from '../dlc/failure.ts';
import { Problem } from '../problems.ts';
import type { Position } from './query.ts';

/** The tasks of a region that a principal may read. */
export type Selection = ReturnType<typeof selectReadable>;

/** @throws Problem `task-not-permitted` if the principal may read no task of the region */
export function selectReadable(principal: Principal, region: string) {
  const grants = grantsFor(principal, 'tasks:read', region);
  if (grants.length === 0) throw new Problem('task-not-permitted');
  const owners = differentOf(grants.map(({ owner }) => owner));
  return {
    region,
    // If there are no others, DLC is asked for these alone.
    taskIds: differentOf(grants.map(({ taskId }) => taskId)),
    operators: owners && owners.length <= MOST_OPERATORS ? owners : undefined,
    /** Decides what DLC cannot filter, or was not asked to. */
    isReadable(task: DescribedTask): boolean {
      const { taskId } = task;
      const ofTask = grants.filter((grant) => (grant.taskId ?? taskId) === taskId);
      return permittingGrant(ofTask, task) !== undefined;
    },
  };
}

/** `undefined` if one of the values is absent: then some grant is not restricted by it. */
function differentOf(values: readonly (string | undefined)[]): string[] | undefined {
  const present = values.filter((value) => value !== undefined);
  return present.length < values.length ? undefined : [...new Set(present)];
}

/** Of one request. */
const MOST_CALLS = 20;

/** Tasks of DLC's list, one after another; `undefined` stands for one that DLC does not show. */
export interface Stretch {
  readonly tasks: readonly (DescribedTask | undefined)[];
  /** Of the first task. */
  readonly offset: number;
  readonly total?: number | undefined;
  /** No task comes after them. */
  readonly isEnd: boolean;
}

/** Reads DLC's list of tasks for one request. */
export class TaskReader {
  /** The id of DLC's last response. */
  upstreamRequestId: string | undefined;
  readonly #selection: Selection;
  readonly #job: Job;
  readonly #deps: LookupDeps;
  #calls = 0;
  #perCall = MOST_PER_PAGE;

  constructor(selection: Selection, job: Job, deps: LookupDeps) {
    this.#selection = selection;
    this.#job = job;
    this.#deps = deps;
  }

  /**
   * Reads what comes after a position.
   *
   * @param most how many tasks are wanted; if DLC lists in its own order, there may be more
   * @returns nothing if the request has made all its calls, its time is up, or DLC fails after a response
   * @throws Problem if DLC fails at once
   */
  async readAfter(from: Position, most: number): Promise<Stretch | undefined> {
    const { taskIds } = this.#selection;
    return taskIds ? this.#readByIds(taskIds, from.offset, most) : this.#readList(from);
  }

  async #readByIds(all: readonly string[], offset: number, most: number) {
    if (offset >= all.length) return { tasks: [], offset, isEnd: true };
    let ids: readonly string[] = [];
    const page = await this.#call((limit) => {
      ids = all.slice(offset, offset + Math.min(MOST_TASK_IDS, most, limit));
      return { taskIds: ids, limit: ids.length };
    });
    const byId = new Map(page?.tasks.map((task) => [task.taskId, task]));
    const isEnd = offset + ids.length >= all.length;
    return page && { tasks: ids.map((id) => byId.get(id)), offset, isEnd };
  }

  /**
   * The list grows in front, and may shrink there. So the task before the position is read again: it
   * shows where the list goes on. If it is not there, the list's length says where it went. If it is not
   * there either, tasks are read twice rather than never.
   */
  async #readList({ offset, after, total: before = 0 }: Position): Promise<Stretch | undefined> {
    if (after === undefined) return this.#readFrom(offset, undefined);
    const near = await this.#readFrom(offset - 1, after);
    if (!near || near.isFound) return near;
    const grownBy = (near.total ?? 0) - before;
    const start = Math.max(0, offset + grownBy - MOST_PER_PAGE / 2);
    const moved = await this.#readFrom(start, after);
    return moved && (moved.isFound || moved.offset < near.offset) ? moved : near;
  }

  /** @param after the task that is to come before */
  async #readFrom(offset: number, after: string | undefined) {
    const { operators } = this.#selection;
    const page = await this.#call((limit) => ({ operators, offset, limit }));
    if (!page) return undefined;
    const { tasks, total } = page;
    const next = after === undefined ? 0 : tasks.findIndex(({ taskId }) => taskId === after) + 1;
    const isEnd = tasks.length < this.#perCall;
    return { tasks: tasks.slice(next), offset: offset + next, total, isEnd, isFound: next > 0 };
  }

  /** A call that fails for a passing reason is made once more, and one whose response is too large for fewer tasks. */
  async #call(queryOf: (limit: number) => Omit<TaskQuery, 'region'>) {
    const { region } = this.#selection;
    let failure = NO_TIME;
    for (let mayTryAgain = true; this.#calls < MOST_CALLS;) {
      this.#calls += 1;
      // Half of the time that is left, so that a call that hangs leaves room for another, and for the response.
      const ms = this.#job.deadline.remaining() / 2;
      const query = { ...queryOf(this.#perCall), region };
      const page = await ask(query, ms, this.#job, this.#deps);
      if (page.outcome === 'answered') {
        this.upstreamRequestId = page.upstreamRequestId;
        return page;
      }
      if (page !== NO_TIME) failure = page;
      if (isTooLarge(page) && this.#perCall > 2) this.#perCall = Math.ceil(this.#perCall / 4);
      else if (page.again && mayTryAgain) mayTryAgain = false;
      else break;
    }
    if (this.upstreamRequestId === undefined) throw toProblem(failure);
    return undefined;
  }
}
