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

export const taskStateNames = [
  'initializing',
  'running',
  'succeeded',
  'writing',
  'queued',
  'failed',
  'cancelled',
] as const satisfies readonly TaskStateName[];

/** The states in which CancelTask has something to cancel. */
export const cancellableStates: ReadonlySet<number> = new Set([
  taskStates.initializing,
  taskStates.running,
  taskStates.writing,
  taskStates.queued,
]);

/** The name of a state, `unknown` for a number that DLC does not document. */
export function taskStateName(state: number): TaskStateName | 'unknown' {
  return taskStateNames.find((name) => taskStates[name] === state) ?? 'unknown';
}
