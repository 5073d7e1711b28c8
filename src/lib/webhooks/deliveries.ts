import { isJsonObject, valueAt, type ClaimTest } from '../auth/json-pointer.ts';
import { invalidBody, parseJson } from '../http/json-body.ts';
import { Problem } from '../problems.ts';
import { MOST_UNITS } from '../rate-limit/quota.ts';
import { ID_RULE, TASK_ID, type Regions, type TaskRef } from '../tasks.ts';
import { OWN_BODY, type TaskRule } from './kinds.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** What a verified delivery asks for. */

/**
 * A task; or what stands where one should, and is none: a final result of its own. Its `taskId` is the text, with `?`
 * for characters that no id has, and `null` for what is no text.
 */
export type Named = TaskRef | { readonly taskId: string | null; readonly detail: string };

interface Delivery {
  readonly named: readonly Named[];
  /** Who in Slack asked, for the audit line. */
  readonly person?: Readonly<Record<'userId' | 'teamId', string | undefined>>;
}

/** What is known of a delivery once it was read. */
export type ReadDelivery =
  | { readonly delivery: Delivery; readonly refusal?: never }
  | { readonly refusal: Problem; readonly delivery?: never };

/**
 * Reads a delivery that has been verified. A refusal (`invalid-request`, `unsupported-media-type`,
 * `task-not-permitted`) is kept until the sender's quota was checked.
 */
export function readDelivery(
  { row, require, task }: WebhookSender,
  { contentType = '', body }: { readonly contentType: string | undefined; readonly body: Buffer },
  regions: Regions,
): ReadDelivery {
  try {
    const document = row.isSlack ? readForm(contentType, body) : readJson(contentType, body);
    const unmet = require.find((test) => !meets(test, document));
    if (unmet) {
      const detail = 'The delivery does not say what the entry of its sender requires.';
      throw new Problem('task-not-permitted', { detail, reason: `require: ${unmet.name}` });
    }
    if (!task) refuseUnknownMembers(document);
    const named = namedTasks(document, task ?? OWN_BODY, regions);
    return { delivery: row.isSlack ? { named, person: personOf(document) } : { named } };
  } catch (error) {
    if (error instanceof Problem) return { refusal: error };
    throw error;
  }
}

const JSON_TYPE = /^application\/([\w.+-]+\+)?json[\t ]*(;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded[\t ]*(;|$)/i;

/** @throws Problem `unsupported-media-type`, `invalid-request` */
function readJson(contentType: string, body: Buffer): unknown {
  if (JSON_TYPE.test(contentType)) return parseJson(body);
  const detail =
    'The body must be JSON: choose application/json as the content type at the sender.';
  throw new Problem('unsupported-media-type', { detail });
}

const MOST_FIELDS = 100;

/**
 * Reads the fields of a form; `payload`, which buttons send, is JSON.
 *
 * @throws Problem `unsupported-media-type`, `invalid-request`
 */
function readForm(contentType: string, body: Buffer): unknown {
  if (!FORM_TYPE.test(contentType)) {
    const detail =
      'The body must be a form (application/x-www-form-urlencoded), as Slack sends it.';
    throw new Problem('unsupported-media-type', { detail });
  }
  const fields = new Map<string, unknown>();
  const text = body.toString();
  // Checked before they are decoded: Slack has some twenty.
  if (text.split('&', MOST_FIELDS + 1).length > MOST_FIELDS) {
    throw invalidBody(`must have at most ${MOST_FIELDS} fields`);
  }
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) throw invalidBody('must not have a field twice');
    fields.set(name, name === 'payload' ? parseJson(Buffer.from(value), name) : value);
  }
  return Object.fromEntries(fields);
}

/** A misspelt region must not cancel in another one. */
function refuseUnknownMembers(document: unknown): void {
  const data = valueAt(document, ['data']);
  if (valueAt(document, ['type']) !== 'task.cancel' || !isJsonObject(data)) return;
  if (Object.keys(data).some((name) => name !== 'taskId' && name !== 'region')) {
    throw invalidBody('must have no member but taskId and region', 'data');
  }
}

/** The reason of a delivery that names too many: somebody has to know. */
export const TOO_MANY = `names more than ${MOST_UNITS} tasks`;

/**
 * Gives the tasks that a document names, in its order, each once. Linear in the document's size.
 *
 * @throws Problem `invalid-request` if there are more than 100
 */
function namedTasks(document: unknown, rule: TaskRule, regions: Regions): readonly Named[] {
  const { each, where = [], id: pointers, region } = rule;
  const found = new Map<string, Named>();
  const list: unknown = each ? valueAt(document, each) : [document];
  const items: readonly unknown[] = Array.isArray(list) ? list : [];
  for (const item of items) {
    if (!where.every((test) => meets(test, item))) continue;
    const values = pointers.map((pointer) => valueAt(item, pointer));
    const id = values.find((value) => value !== undefined) ?? '';
    if (id === '') continue;
    const named = toNamed(id, region && valueAt(item, region), regions);
    found.set(`${'region' in named ? named.region : named.detail} ${named.taskId}`, named);
    if (found.size > MOST_UNITS) {
      const { members } = invalidBody(`must name at most ${MOST_UNITS} tasks`);
      throw new Problem('invalid-request', { ...members, reason: TOO_MANY });
    }
  }
  return [...found.values()];
}

/** A condition holds if the member equals one of the values, strictly; a list does not equal its members. */
function meets({ pointer, values }: ClaimTest, item: unknown): boolean {
  return values.has(valueAt(item, pointer));
}

/** Only a text is an id: a number loses digits when it is parsed. */
function toNamed(id: unknown, named: unknown, regions: Regions): Named {
  if (typeof id !== 'string') return { taskId: null, detail: 'A task id must be a JSON string.' };
  const taskId = id.slice(0, 128).replace(/[^A-Za-z0-9_-]/g, '?');
  if (!TASK_ID.test(id)) return { taskId, detail: `A task id ${ID_RULE}.` };
  const region = named === undefined ? regions.defaultRegion : named;
  return typeof region === 'string' && regions.allowedRegions.has(region)
    ? { taskId, region }
    : { taskId, detail: 'The region of the task is not one that this gateway serves.' };
}

/** A command has the ids among its fields, a button within its payload. */
function personOf(document: unknown): NonNullable<Delivery['person']> {
  const idIn = (field: string, member: string): string | undefined =>
    [valueAt(document, [field]), valueAt(document, ['payload', member, 'id'])]
      .find((value) => typeof value === 'string' && /^[A-Z0-9]{1,32}$/.test(value))
      ?.toString();
  return { userId: idIn('user_id', 'user'), teamId: idIn('team_id', 'team') };
}
