import type { Clock } from './clock.ts';
import { ApiError } from './envelope.ts';

/** DLC's states by the names that the gateway's contract gives them. */
export const taskStates = {
  initializing: 0,
  running: 1,
  succeeded: 2,
  writing: 3,
  queued: 4,
  failed: -1,
  cancelled: -3,
} as const satisfies Record<string, number>;

type TaskStateName = keyof typeof taskStates;

export const taskStateNames = Object.keys(taskStates).filter(
  (name): name is TaskStateName => name in taskStates,
);

/** The states in which CancelTask accepts a cancellation. */
const cancellableStates: ReadonlySet<number> = new Set([
  taskStates.initializing,
  taskStates.running,
  taskStates.writing,
  taskStates.queued,
]);

/** The name of a state, `unknown` for a number that DLC does not document. */
export function taskStateName(state: number): TaskStateName | 'unknown' {
  return taskStateNames.find((name) => taskStates[name] === state) ?? 'unknown';
}

/** A task to add. */
export interface NewTask {
  id: string;
  /** DLC's number; the emulator keeps and shows numbers that DLC does not document as they are. */
  state: number;
  /** Without one, every region has the task, as one task. */
  region?: string | undefined;
  /** The engine's name. */
  engine?: string | undefined;
  /** `DataEngine-<name>` by default. */
  engineId?: string | undefined;
  /** The account number of the user that started it (DLC's OperateUin). */
  operator?: string | undefined;
  /** DLC's TaskType. */
  kind?: string | undefined;
  /** In ms since 1970; now by default. */
  createdAtMs?: number | undefined;
}

/** A task as it is now. */
export interface Task {
  id: string;
  region: string | undefined;
  engine: string;
  engineId: string;
  operator: string;
  kind: string;
  state: number;
  /** A cancellation was accepted and has not taken effect yet. */
  isCancelling: boolean;
  /** Times of day, in ms since 1970. */
  createdAtMs: number;
  updatedAtMs: number;
}

interface StoredTask extends Omit<Task, 'isCancelling'> {
  /** Tasks of the same time keep the order in which they were added. */
  number: number;
  /** On the steady clock. */
  cancelAcceptedAtMs?: number;
}

/** The tasks of all regions. A task's state is worked out when somebody asks for it: there are no timers. */
export class TaskStore {
  /** The ids whose cancellation was accepted, in that order. */
  accepted: string[] = [];
  readonly #clock: Clock;
  readonly #cancelMs: number;
  /** By region and id; the tasks of every region are under `undefined`. */
  readonly #tasks = new Map<string | undefined, Map<string, StoredTask>>();
  #added = 0;

  /** @param cancelMs from a cancellation's acceptance to the state *cancelled*; 0: at once */
  constructor(clock: Clock, cancelMs: number) {
    this.#clock = clock;
    this.#cancelMs = cancelMs;
  }

  /** Adds a task. It replaces one of the same id and region. */
  put({ id, state, region, engine = 'demo-engine', ...more }: NewTask): Task {
    const createdAtMs = more.createdAtMs ?? this.#clock.wallMs();
    const stored = {
      id,
      region,
      engine,
      engineId: more.engineId ?? `DataEngine-${engine}`,
      operator: more.operator ?? '100004561234',
      kind: more.kind ?? 'SQLTask',
      state,
      createdAtMs,
      updatedAtMs: createdAtMs,
      number: (this.#added += 1),
    };
    const ofRegion = this.#tasks.get(region) ?? new Map<string, StoredTask>();
    this.#tasks.set(region, ofRegion.set(id, stored));
    return this.#asOfNow(stored);
  }

  /** The task that a request to this region sees under this id. */
  find(id: string, region: string): Task | undefined {
    const stored = this.#stored(id, region);
    return stored && this.#asOfNow(stored);
  }

  /** The task of this id in any region; of several, the newest. */
  findAnywhere(id: string): Task | undefined {
    const found = [...this.#tasks.values()].flatMap((ofRegion) => ofRegion.get(id) ?? []);
    return this.#newestFirst(found)[0];
  }

  /**
   * Lists tasks, the newest first.
   *
   * @param region only those that a request to this region sees
   * @param ids only these
   */
  list(region?: string, ids?: ReadonlySet<string>): Task[] {
    if (region === undefined) {
      return this.#newestFirst([...this.#tasks.values()].flatMap((some) => [...some.values()]));
    }
    if (ids) return this.#newestFirst([...ids].flatMap((id) => this.#stored(id, region) ?? []));
    const visible = new Map([...this.#of(undefined), ...this.#of(region)]);
    return this.#newestFirst([...visible.values()]);
  }

  /**
   * Accepts a task's cancellation, which takes effect `cancelMs` later.
   *
   * @throws ApiError as CancelTask documents: the task does not exist, has finished or failed, or is
   *   being cancelled already. A state that DLC does not document counts as finished.
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

  #of(region: string | undefined): ReadonlyMap<string, StoredTask> {
    return this.#tasks.get(region) ?? new Map<string, StoredTask>();
  }

  #stored(id: string, region: string): StoredTask | undefined {
    return this.#of(region).get(id) ?? this.#of(undefined).get(id);
  }

  #newestFirst(tasks: readonly StoredTask[]): Task[] {
    return tasks
      .toSorted((a, b) => b.createdAtMs - a.createdAtMs || b.number - a.number)
      .map((task) => this.#asOfNow(task));
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
