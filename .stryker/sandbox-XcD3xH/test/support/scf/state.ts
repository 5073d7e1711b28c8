/** SCF's state: functions with their versions, aliases, triggers and quota. */
export interface Snapshot {
  readonly config: Record<string, unknown>;
  readonly zip: string;
  readonly description: string;
}

/** A state that passes after so many looks at it. */
export interface Moving {
  readonly state: string;
  looks: number;
  readonly until: string;
}

export interface ScfFunction {
  latest: Snapshot;
  readonly versions: Map<string, Snapshot & { moving?: Moving }>;
  readonly aliases: Map<string, string>;
  readonly triggers: Record<string, unknown>[];
  reserved?: number;
  state: string;
  moving?: Moving;
}

/** A refusal with a code of SCF's. */
export class ScfRefusal extends Error {
  readonly code: string;

  constructor(code: string, message = 'refused') {
    super(message);
    this.code = code;
  }
}

export type Input = Record<string, unknown>;

export interface ScfWorld {
  readonly functions: Map<string, ScfFunction>;
  /** Looks at a function until a change has taken effect. */
  looks: number;
  /** What a change of this action ends in, where it is not `Active`. */
  readonly endsIn: Map<string, string>;
  /** The address that function URLs get. */
  url: string;
}

/** Begins a change that takes its time. */
export function move(world: ScfWorld, target: ScfFunction, state: string, action: string): void {
  target.moving = { state, looks: world.looks, until: world.endsIn.get(action) ?? 'Active' };
}

export function refuseWhileMoving({ moving }: ScfFunction): void {
  if (moving) throw new ScfRefusal('FailedOperation.FunctionStatusError', `it is ${moving.state}`);
}

/** One look at a state: time passes by being looked at. */
export function look(target: { moving?: Moving }, settled: string): string {
  const { moving } = target;
  if (!moving) return settled;
  if (moving.looks > 0) {
    moving.looks -= 1;
    return moving.state;
  }
  delete target.moving;
  return moving.until;
}

export type ScfAction = (found: ScfFunction, input: Input, world: ScfWorld) => object;
