import type { ClaimTest } from '../auth/claim-tests.ts';
import { valueAt, type Pointer } from '../auth/json-pointer.ts';
import type { Regions, TaskRef } from '../tasks.ts';
import { MOST_TASKS, TOO_MANY } from './most-tasks.ts';
import { invalidBody } from './unreadable.ts';

/** The one extractor: which tasks a delivery names. */

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
  for (const item of itemsOf(document, rule)) {
    if (!meets(rule.where, item)) continue;
    const id = firstValue(rule.ids, item);
    if (id === undefined || id === null || id === '') continue;
    const named = toNamed(id, rule.region && valueAt(item, rule.region), served);
    found.set(keyOf(named), named);
    if (found.size > MOST_TASKS) {
      throw invalidBody(`must name at most ${MOST_TASKS} tasks`, '', TOO_MANY);
    }
  }
  return [...found.values()];
}

function keyOf(named: Named): string {
  const what = 'region' in named ? named.region : named.detail;
  return `${what} ${String(named.taskId)}`;
}

function itemsOf(document: unknown, { each }: TaskRule): readonly unknown[] {
  if (!each) return [document];
  const list = valueAt(document, each);
  return Array.isArray(list) ? list : [];
}

/** A condition holds if the member equals one of the values, strictly; a list does not equal its members. */
export function meets(tests: readonly ClaimTest[], item: unknown): boolean {
  return tests.every(({ pointer, values }) => values.has(valueAt(item, pointer)));
}

function firstValue(pointers: readonly Pointer[], item: unknown): unknown {
  for (const pointer of pointers) {
    const value = valueAt(item, pointer);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** Only a text is an id: a number loses digits when it is parsed. */
function toNamed(id: unknown, named: unknown, served: Served): Named {
  const { taskPattern, defaultRegion, allowedRegions } = served;
  if (typeof id !== 'string') return { taskId: null, detail: 'A task id must be a JSON string.' };
  const taskId = id.slice(0, 128).replace(/[^A-Za-z0-9_-]/g, '?');
  if (!taskPattern.test(id)) return { taskId, detail: NO_ID };
  const region = named === undefined ? defaultRegion : named;
  return typeof region === 'string' && allowedRegions.has(region)
    ? { taskId, region }
    : { taskId, detail: 'The region of the task is not one that this gateway serves.' };
}

const NO_ID = 'A task id must be 1 to 128 letters, digits, "_" or "-".';
