import { setTimeout as sleep } from 'node:timers/promises';
import { clearCloud, cloudStats } from './cloud.ts';
import type { Cloud, EmulatorStats } from './cloud.ts';
import { readFaults, readTasks } from './control-input.ts';
import type { RequestFault } from './faults.ts';
import type { JournalEntry } from './journal.ts';
import type { Refusal } from './refusal.ts';
import { taskStateName } from './tasks.ts';
import type { Task } from './tasks.ts';

const noticeMs = 25;

/** A task as the control API shows it, in the words of the gateway's contract. */
export interface TaskView {
  id: string;
  /** null: it is there in every region. */
  region: string | null;
  engine: string;
  engineId: string;
  /** DLC's OperateUin. */
  operator: string;
  /** DLC's TaskType. */
  kind: string;
  /** A name; `unknown` for a number that DLC does not document. */
  state: string;
  upstreamState: number;
  /** A cancellation was accepted and has not taken effect yet. */
  cancelling: boolean;
  /** RFC 3339. */
  createdAt: string;
  updatedAt: string;
}

/** What a test can do to an emulator besides calling its API, by HTTP or in the same process. */
export class Controls {
  readonly #cloud: Cloud;
  readonly #refusal: Refusal;

  constructor(cloud: Cloud, refusal: Refusal) {
    this.#cloud = cloud;
    this.#refusal = refusal;
  }

  /** Adds one task or an array. @throws ControlError if one of them is wrong; then none is added */
  addTasks(input: unknown): TaskView[] {
    return readTasks(input).map((task) => taskView(this.#cloud.tasks.put(task)));
  }

  tasks(): TaskView[] {
    return this.#cloud.tasks.list().map(taskView);
  }

  /** The task that a request to this region sees; without a region, of any region. */
  task(id: string, region?: string): TaskView | undefined {
    const { tasks } = this.#cloud;
    const task = region === undefined ? tasks.findAnywhere(id) : tasks.find(id, region);
    return task && taskView(task);
  }

  /**
   * Adds faults, which apply at once. After a `refuse` it resolves a moment later, when clients have
   * noticed that their idle connections are closed: their next requests are refused, not reset.
   *
   * @throws ControlError if one of them is wrong; then none is added
   */
  async addFault(input: unknown): Promise<void> {
    for (const fault of readFaults(input)) {
      if (fault.kind === 'refuse') this.#refusal.start(fault);
      else this.#cloud.faults.add(fault);
    }
    if (this.#refusal.isActive) await sleep(noticeMs);
  }

  /** The faults that still wait for requests; `refuse` is not among them. */
  faults(): RequestFault[] {
    return this.#cloud.faults.list();
  }

  /** Forgets all faults; a port that refuses is open again when this resolves. */
  async clearFaults(): Promise<void> {
    this.#cloud.faults.clear();
    await this.#refusal.stop();
  }

  stats(): EmulatorStats {
    return cloudStats(this.#cloud);
  }

  /** The last 1000 requests to the API, the oldest first. */
  requests(): JournalEntry[] {
    return this.#cloud.journal.entries();
  }

  /** As new: no tasks, no faults, nothing counted. */
  async reset(): Promise<void> {
    clearCloud(this.#cloud);
    await this.#refusal.stop();
  }
}

function taskView({ region, state, isCancelling, ...task }: Task): TaskView {
  const { id, engine, engineId, operator, kind } = task;
  return {
    id,
    region: region ?? null,
    engine,
    engineId,
    operator,
    kind,
    state: taskStateName(state),
    upstreamState: state,
    cancelling: isCancelling,
    createdAt: new Date(task.createdAtMs).toISOString(),
    updatedAt: new Date(task.updatedAtMs).toISOString(),
  };
}
