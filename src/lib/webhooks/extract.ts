import { valueAt, type ClaimTest, type Pointer } from '../auth/json-pointer.ts';
import type { Regions, TaskRef } from '../tasks.ts';
import { invalidBody } from './delivery-body.ts';

/** The one extractor: which tasks a delivery names. */

/** The most tasks of one delivery. */
const MOST_TASKS = 100;

/** Why a delivery that names more is refused: somebody has to know. */
export const TOO_MANY = `names more than ${MOST_TASKS} tasks`;

export interface TaskRule {
  /** Absent: the document is the one item. */
  readonly each?: Pointer;
  readonly where: readonly ClaimTest[];
  readonly ids: readonly Pointer[];
  readonly region?: Pointer;
}

/** What stands where a task should, and is none: a final result of its own. */
export interface NoTask {
  /** The text, with `?` for characters that no id has; `null` for what is no text. */
  readonly taskId: string | null;
  readonly detail: string;
}

export type Named = TaskRef | NoTask;

/** What ids and regions the gateway takes. */
export interface Served extends Regions {
  readonly taskPattern: RegExp;
}

/**
 * Gives the tasks that a document names, in its order, each once. Linear in the document's size.
 *
 * @throws Unreadable if there are more than 100
 */
export function namedTasks(document: unknown, rule: TaskRule, served: Served): Named[] {
  const found = new Map<string, Named>();
  const list: unknown = rule.each ? valueAt(document, rule.each) : [document];
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  for (const item of items) {
    if (!meets(rule.where, item)) continue;
    const values = rule.ids.map((pointer) => valueAt(item, pointer));
    const id = values.find((value) => value !== undefined) ?? '';
    if (id === '') continue;
    const named = toNamed(id, rule.region && valueAt(item, rule.region), served);
    found.set(`${'region' in named ? named.region : named.detail} ${named.taskId}`, named);
    if (found.size > MOST_TASKS) {
      throw invalidBody(`must name at most ${MOST_TASKS} tasks`, '', TOO_MANY);
    }
  }
  return [...found.values()];
}

/** A condition holds if the member equals one of the values, strictly; a list does not equal its members. */
export function meets(tests: readonly ClaimTest[], item: unknown): boolean {
  return tests.every(({ pointer, values }) => values.has(valueAt(item, pointer)));
}

/** Only a text is an id: a number loses digits when it is parsed. */
function toNamed(id: unknown, named: unknown, served: Served): Named {
  if (typeof id !== 'string') return { taskId: null, detail: 'A task id must be a JSON string.' };
  const taskId = id.slice(0, 128).replace(/[^A-Za-z0-9_-]/g, '?');
  if (!served.taskPattern.test(id)) return { taskId, detail: NO_ID };
  const region = named === undefined ? served.defaultRegion : named;
  return typeof region === 'string' && served.allowedRegions.has(region)
    ? { taskId, region }
    : { taskId, detail: 'The region of the task is not one that this gateway serves.' };
}

const NO_ID = 'A task id must be 1 to 128 letters, digits, "_" or "-".';
