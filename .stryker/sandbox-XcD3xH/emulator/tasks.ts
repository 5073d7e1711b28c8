import type { Clock } from './clock.ts';
import { ApiError } from './errors.ts';
import { cancellableStates, taskStates } from './task-states.ts';

/** What it takes to make a task. */
export interface NewTask {
  id: string;
  /** DLC's number; numbers that DLC does not document are kept and shown as they are. */
  state: number;
  engine?: string | undefined;
  /** Without one the task is there in every region, as one task. */
  region?: string | undefined;
}

/** A task as it is now. */
export interface Task {
  id: string;
  region: string | undefined;
  engine: string;
  state: number;
  /** A cancellation was accepted and has not taken effect yet. */
  isCancelling: boolean;
  /** Times of day, in ms since 1970. */
  createdAtMs: number;
  updatedAtMs: number;
}

interface StoredTask extends Omit<Task, 'isCancelling'> {
  /** On the steady clock. */
  cancelAcceptedAtMs?: number;
}

const defaultEngine = 'demo-engine';

/** The tasks of all regions. What time does to them is worked out when they are looked at: no timers. */
export class TaskStore {
  /** The ids whose cancellation was accepted, in that order. */
  accepted: string[] = [];
  readonly #clock: Clock;
  readonly #cancelMs: number;
  readonly #tasks = new Map<string, StoredTask>();

  /** @param cancelMs from a cancellation's acceptance to the state *cancelled*; 0: at once */
  constructor(clock: Clock, cancelMs: number) {
    this.#clock = clock;
    this.#cancelMs = cancelMs;
  }

  /** Adds a task, or starts one of the same id and region anew. */
  put({ id, state, engine = defaultEngine, region }: NewTask): Task {
    const now = this.#clock.wallMs();
    const key = keyOf(id, region);
    this.#tasks.delete(key);
    const stored = { id, region, engine, state, createdAtMs: now, updatedAtMs: now };
    this.#tasks.set(key, stored);
    return this.#asOfNow(stored);
  }

  /** The task that a request to this region sees under this id. */
  find(id: string, region: string): Task | undefined {
    const stored = this.#stored(id, region);
    return stored && this.#asOfNow(stored);
  }

  /** The task of this id, whichever region it is in; where there are several, the newest. */
  findAnywhere(id: string): Task | undefined {
    return this.list(undefined, new Set([id]))[0];
  }

  /**
   * All tasks, the newest first.
   *
   * @param region only those that a request to this region sees
   * @param ids only these
   */
  list(region?: string, ids?: ReadonlySet<string>): Task[] {
    return [...this.#tasks.values()]
      .filter((task) => ids === undefined || ids.has(task.id))
      .filter((task) => region === undefined || this.#stored(task.id, region) === task)
      .toReversed()
      .map((task) => this.#asOfNow(task));
  }

  /**
   * Accepts a task's cancellation, which takes effect `cancelMs` later.
   *
   * @throws ApiError as CancelTask documents: no such task, already finished or failed, or being
   *   cancelled already. A state that DLC does not document is one that cannot be cancelled.
   */
  cancel(id: string, region: string): void {
    const stored = this.#stored(id, region);
    if (stored === undefined) throw new ApiError('InvalidParameter.InvalidTaskId');
    const { state, isCancelling } = this.#asOfNow(stored);
    if (isCancelling) throw new ApiError('FailedOperation.AnotherRequestProcessing');
    if (state === taskStates.failed) throw new ApiError('ResourceNotFound.TaskAlreadyFailed');
    if (!cancellableStates.has(state)) throw new ApiError('InvalidParameter.TaskAlreadyFinished');
    stored.cancelAcceptedAtMs = this.#clock.steadyMs();
    stored.updatedAtMs = this.#clock.wallMs();
    this.accepted.push(id);
  }

  clear(): void {
    this.#tasks.clear();
    this.accepted = [];
  }

  #stored(id: string, region: string): StoredTask | undefined {
    return this.#tasks.get(keyOf(id, region)) ?? this.#tasks.get(keyOf(id, undefined));
  }

  #asOfNow({ cancelAcceptedAtMs, ...task }: StoredTask): Task {
    if (cancelAcceptedAtMs === undefined) return { ...task, isCancelling: false };
    if (this.#clock.steadyMs() - cancelAcceptedAtMs < this.#cancelMs) {
      return { ...task, isCancelling: true };
    }
    const updatedAtMs = task.updatedAtMs + this.#cancelMs;
    return { ...task, state: taskStates.cancelled, isCancelling: false, updatedAtMs };
  }
}

function keyOf(id: string, region: string | undefined): string {
  return JSON.stringify([region ?? null, id]);
}
