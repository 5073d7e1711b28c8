import * as z from 'zod/mini';

/** The actions that the emulator knows, which are those that the gateway uses. */
export const actionNames = ['CancelTask', 'DescribeTasks'] as const;

export type ActionName = (typeof actionNames)[number];

const common = {
  action: z.enum(actionNames),
  /** How many requests it applies to. */
  times: z.prefault(z.union([z.int().check(z.positive()), z.literal('always')]), 1),
  /** Only requests about this task: for DescribeTasks, those that filter for its id. */
  taskId: z.optional(z.string().check(z.minLength(1))),
  /** The cancellation takes effect first. */
  accept: z.prefault(z.boolean(), false),
};

const milliseconds = z.int().check(z.nonnegative(), z.lte(600_000));

/** What `POST /_emulator/faults` takes, one schema for each kind. */
const faultSchemas = [
  z.strictObject({
    ...common,
    kind: z.literal('code'),
    code: z.string().check(z.minLength(1)),
    message: z.optional(z.string()),
    detail: z.optional(z.string()),
  }),
  z.strictObject({
    ...common,
    kind: z.literal('status'),
    status: z.int().check(z.gte(200), z.lte(599)),
  }),
  z.strictObject({ ...common, kind: z.literal('delay'), ms: milliseconds }),
  z.strictObject({ ...common, kind: z.literal('refuse'), ms: z.optional(milliseconds) }),
  z.strictObject({ ...common, kind: z.literal('reset-before') }),
  z.strictObject({ ...common, kind: z.literal('reset-after') }),
  z.strictObject({ ...common, kind: z.literal('hang') }),
  z.strictObject({ ...common, kind: z.literal('hang-body') }),
  z.strictObject({ ...common, kind: z.literal('drip') }),
  z.strictObject({ ...common, kind: z.literal('truncate') }),
  z.strictObject({ ...common, kind: z.literal('truncate-chunk') }),
  z.strictObject({ ...common, kind: z.literal('empty') }),
  z.strictObject({ ...common, kind: z.literal('html') }),
  z.strictObject({
    ...common,
    kind: z.literal('body'),
    /** Text is sent as it is, anything else as JSON. */
    body: z.json(),
    contentType: z.optional(z.string().check(z.regex(/^[\x20-\x7e]+$/))),
  }),
  z.strictObject({ ...common, kind: z.literal('huge') }),
  z.strictObject({
    ...common,
    kind: z.literal('redirect'),
    location: z.string().check(z.regex(/^[\x21-\x7e]+$/)),
  }),
] as const;

export const faultSchema = z.discriminatedUnion('kind', faultSchemas);

/** A fault with all its defaults. */
export type Fault = z.output<typeof faultSchema>;

/** A fault as a caller writes it. */
export type FaultRequest = z.input<typeof faultSchema>;

type FaultKind = Fault['kind'];

/** A fault that applies to requests; `refuse` applies to connections, see refusal.ts. */
export type RequestFault = Exclude<Fault, { kind: 'refuse' }>;

/** All kinds. */
export const faultKinds: readonly FaultKind[] = faultSchemas.flatMap(
  (schema) => schema.shape.kind.def.values,
);

/** The faults that wait for requests: the one posted first comes first. */
export class FaultQueue {
  #faults: RequestFault[] = [];

  add(fault: RequestFault): void {
    this.#faults.push({ ...fault });
  }

  /**
   * Takes the fault that applies to a request, if any, and counts it.
   *
   * @param taskIds the tasks that the request is about
   */
  take(action: string, taskIds: readonly string[]): RequestFault | undefined {
    const fault = this.#faults.find(
      (each) =>
        each.action === action && (each.taskId === undefined || taskIds.includes(each.taskId)),
    );
    if (fault === undefined || fault.times === 'always') return fault;
    fault.times -= 1;
    if (fault.times === 0) this.#faults = this.#faults.filter((each) => each !== fault);
    return fault;
  }

  /** The faults that still wait; `times` is how often each will still apply. */
  list(): RequestFault[] {
    return this.#faults.map((fault) => ({ ...fault }));
  }

  clear(): void {
    this.#faults = [];
  }
}
