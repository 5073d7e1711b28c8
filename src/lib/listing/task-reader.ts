import type { Job, LookupDeps } from '../cancellation/lookup.ts';
import { within } from '../deadline.ts';
import {
  describeTasks,
  MOST_PER_PAGE,
  MOST_TASK_IDS,
  type TaskPage,
  type TaskQuery,
  type TaskRecord,
} from '../dlc/describe-task.ts';
import { isTooLarge, toLookupProblem, type Failure } from '../dlc/failure.ts';
import { Problem } from '../problems.ts';
import type { Position } from './query.ts';
import type { Selection } from './selection.ts';

/** Of one request. */
const MOST_CALLS = 20;

/** Kept free for the response: this much, or a quarter of what there is. */
const RESERVE_MS = 1000;

/** Tasks of DLC's list, one after another. */
export interface Stretch {
  readonly tasks: readonly TaskRecord[];
  /** Of the first task. */
  readonly offset: number;
  readonly total?: number | undefined;
  /** No task comes after them. */
  readonly isEnd: boolean;
}

/** Reads DLC's list of tasks for one request. */
export class TaskReader {
  /** Of DLC's last answer. */
  requestId: string | undefined;
  readonly #region: string;
  readonly #selection: Selection;
  readonly #job: Job;
  readonly #deps: LookupDeps;
  readonly #reserveMs: number;
  #calls = 0;
  #perCall = MOST_PER_PAGE;

  constructor(region: string, selection: Selection, job: Job, deps: LookupDeps) {
    this.#region = region;
    this.#selection = selection;
    this.#job = job;
    this.#deps = deps;
    this.#reserveMs = Math.min(RESERVE_MS, job.deadline.remaining() / 4);
  }

  /**
   * Reads what comes after a position.
   *
   * @param most how many tasks are wanted; if DLC lists in its own order, there may be more
   * @returns nothing if the request has made all its calls, its time is up, or DLC fails after it answered
   * @throws Problem if DLC fails at once
   */
  async readAfter(from: Position, most: number): Promise<Stretch | undefined> {
    const { taskIds } = this.#selection;
    return taskIds ? this.#readByIds(taskIds, from.offset, most) : this.#readList(from);
  }

  async #readByIds(all: readonly string[], offset: number, most: number) {
    const taskIds = all.slice(offset, offset + Math.min(MOST_TASK_IDS, most));
    if (taskIds.length === 0) return { tasks: [], offset, isEnd: true };
    const page = await this.#call(() => ({ taskIds, limit: taskIds.length }));
    // Not every id is of a task that DLC shows: each of them counts.
    const isEnd = offset + taskIds.length >= all.length;
    const byId = new Map(page?.tasks.map((task) => [task['Id'], task] as const));
    return page && { tasks: taskIds.map((id) => byId.get(id) ?? {}), offset, isEnd };
  }

  /**
   * The list grows in front, and may shrink there. So the task before the position is read again: it
   * shows where the list goes on. If it is not there, the list's length says where it went. If it is not
   * there either, tasks are read twice rather than never.
   */
  async #readList(from: Position): Promise<Stretch | undefined> {
    const { offset, after, total: before } = from;
    if (after === undefined) return this.#readFrom(offset, undefined);
    const near = await this.#readFrom(offset - 1, after);
    if (!near || near.isFound) return near;
    const grownBy = (near.total ?? 0) - (before ?? 0);
    const start = Math.max(0, offset + grownBy - MOST_PER_PAGE / 2);
    const moved = await this.#readFrom(start, after);
    return moved && (moved.isFound || moved.offset < near.offset) ? moved : near;
  }

  /** @param after the task that is to come before */
  async #readFrom(start: number, after: string | undefined) {
    const { operators } = this.#selection;
    const filter = operators ? { operators } : {};
    const page = await this.#call((limit) => ({ ...filter, offset: start, limit }));
    if (!page) return undefined;
    const next = after === undefined ? 0 : page.tasks.findIndex(({ Id }) => Id === after) + 1;
    const isEnd = page.tasks.length < this.#perCall;
    const { total } = page;
    return { tasks: page.tasks.slice(next), offset: start + next, total, isEnd, isFound: next > 0 };
  }

  /** A call that fails for a passing reason is made once more, and one with too large an answer for fewer tasks. */
  async #call(queryOf: (limit: number) => TaskQuery): Promise<TaskPage | undefined> {
    let failure: Failure | undefined;
    for (let mayTryAgain = true; ;) {
      const page = await this.#callOnce(queryOf(this.#perCall));
      if (page?.outcome === 'answered') {
        this.requestId = page.requestId;
        return page;
      }
      failure = page ?? failure;
      if (page && isTooLarge(page) && this.#perCall > 2) {
        this.#perCall = Math.ceil(this.#perCall / 4);
      } else if (page?.again && mayTryAgain) mayTryAgain = false;
      else break;
    }
    if (this.requestId !== undefined) return undefined;
    if (failure) throw toLookupProblem(failure);
    throw new Problem('upstream-timeout', { reason: 'no time for a lookup' });
  }

  async #callOnce(query: TaskQuery): Promise<TaskPage | Failure | undefined> {
    const { deadline } = this.#job;
    const timeLeft = deadline.remaining() - this.#reserveMs;
    if (timeLeft <= 0 || this.#calls === MOST_CALLS) return undefined;
    this.#calls += 1;
    // Half of the time that is left, so that a call that hangs leaves room for another.
    const ms = Math.min(this.#deps.settings.attemptTimeoutMs, timeLeft / 2);
    return within(ms, deadline.signal, (signal) =>
      describeTasks(this.#deps.dlc, query, { region: this.#region, caller: this.#job, signal }),
    );
  }
}
