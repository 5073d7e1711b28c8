import * as z from 'zod/mini';
import { actionNames, faultKinds, faultSchema } from './faults.ts';
import type { Fault } from './faults.ts';
import { isRegion } from './regions.ts';
import { taskStateNames, taskStates } from './tasks.ts';
import type { NewTask } from './tasks.ts';

/** A wrong request to the control API. Its message is the sentence of the 400. */
export class ControlError extends Error {}

const text = z.string().check(z.minLength(1));

const taskSchema = z.strictObject({
  id: z.string().check(z.minLength(1), z.maxLength(128)),
  state: z.union([z.enum(taskStateNames), z.int()]),
  engine: z.optional(text),
  engineId: z.optional(text),
  operator: z.optional(text),
  kind: z.optional(text),
  createdAt: z.optional(z.iso.datetime({ offset: true })),
  region: z.optional(z.string().check(z.refine(isRegion))),
});

/** A task as a caller writes it. */
export type TaskRequest = z.input<typeof taskSchema>;

/** What each member must be, in words: zod's own messages say less. */
const taskRules: Readonly<Record<string, string>> = {
  id: 'a string of 1 to 128 characters',
  state: `one of ${taskStateNames.join(', ')}, or DLC's number`,
  engine: 'a string that is not empty',
  engineId: 'a string that is not empty',
  operator: 'a string that is not empty',
  kind: 'a string that is not empty',
  createdAt: 'a time such as 2026-01-31T23:59:59Z',
  region: 'one of Tencent Cloud’s regions, such as ap-guangzhou',
};

const faultRules: Readonly<Record<string, string>> = {
  action: `one of ${actionNames.join(', ')}`,
  times: 'a positive integer or "always"',
  taskId: 'a string that is not empty',
  accept: 'true or false',
  kind: `one of ${faultKinds.join(', ')}`,
  code: 'a string that is not empty',
  message: 'a string',
  detail: 'a string',
  status: 'an integer from 200 to 599',
  ms: 'an integer from 0 to 600000',
  body: 'text to send as it is, or any JSON value',
  contentType: 'a header value in ASCII',
  location: 'a URL in ASCII without spaces',
};

/**
 * Reads what `POST /_emulator/tasks` takes: one task or an array.
 *
 * @throws ControlError that names the first wrong member
 */
export function readTasks(input: unknown): NewTask[] {
  return readEach(taskSchema, 'task', taskRules, input).map(({ state, createdAt, ...task }) => ({
    ...task,
    state: typeof state === 'number' ? state : taskStates[state],
    createdAtMs: createdAt === undefined ? undefined : Date.parse(createdAt),
  }));
}

/**
 * Reads what `POST /_emulator/faults` takes: one fault or an array.
 *
 * @throws ControlError that names the first wrong member, or an `accept` that has no meaning
 */
export function readFaults(input: unknown): Fault[] {
  const faults = readEach(faultSchema, 'fault', faultRules, input);
  for (const { accept, action, kind } of faults) {
    if (accept && action !== 'CancelTask') {
      throw new ControlError(`\`accept\` goes with CancelTask only: ${action} cancels nothing.`);
    }
    if (accept && kind === 'refuse') {
      throw new ControlError('`accept` does not go with `refuse`: nothing arrives to be accepted.');
    }
  }
  return faults;
}

function readEach<Schema extends z.ZodMiniType>(
  schema: Schema,
  noun: string,
  rules: Readonly<Record<string, string>>,
  input: unknown,
): z.output<Schema>[] {
  const items: unknown[] = Array.isArray(input) ? input : [input];
  return items.map((item, index) => {
    const result = schema.safeParse(item);
    if (result.success) return result.data;
    const where = Array.isArray(input) ? `${noun} ${index + 1}: ` : '';
    throw new ControlError(where + sentence(result.error.issues[0], noun, rules, item));
  });
}

function sentence(
  issue: z.core.$ZodIssue | undefined,
  noun: string,
  rules: Readonly<Record<string, string>>,
  item: unknown,
): string {
  if (issue?.code === 'unrecognized_keys') {
    return `unknown member \`${issue.keys.join('`, `')}\`.`;
  }
  const [name] = issue?.path ?? [];
  if (typeof name !== 'string') return `a ${noun} must be a JSON object.`;
  const rule = rules[name] ?? 'something else';
  const isMissing = typeof item === 'object' && item !== null && !Object.hasOwn(item, name);
  return `\`${name}\` ${isMissing ? 'is missing: it ' : ''}must be ${rule}.`;
}
