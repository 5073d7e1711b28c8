import { isJsonObject } from '../auth/json-pointer.ts';
import { valueAt } from '../auth/json-pointer.ts';
import { meets, namedTasks, type Named, type Served, type TaskRule } from './extract.ts';
import { parseStrictJson } from './strict-json.ts';
import { invalidBody, Unreadable, type Refusal } from './unreadable.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** A verified delivery: what it asks for. */
export interface Delivery {
  readonly named: readonly Named[];
  /** Who in Slack asked, for the audit line. */
  readonly person?: { readonly userId?: string; readonly teamId?: string };
}

/** What is known of a delivery once it was read. */
export type Read =
  | { readonly delivery: Delivery; readonly refusal?: never }
  | { readonly refusal: Refusal; readonly delivery?: never };

/** A delivery that has been verified, as it came. */
export interface Arrived {
  readonly contentType: string | undefined;
  readonly body: Buffer;
}

/** Reads a delivery that has been verified; a refusal is kept until the sender's quota was checked. */
export function readDelivery(sender: WebhookSender, arrived: Arrived, served: Served): Read {
  try {
    return { delivery: read(sender, arrived, served) };
  } catch (error) {
    if (error instanceof Unreadable) return { refusal: error.refusal };
    throw error;
  }
}

/** @throws Unreadable */
function read({ row, require, task }: WebhookSender, arrived: Arrived, served: Served): Delivery {
  const document = row.isSlack ? readForm(arrived) : readJson(arrived);
  const unmet = require.find((test) => !meets([test], document));
  if (unmet) {
    const detail = 'The delivery does not say what the entry of its sender requires.';
    throw new Unreadable({ code: 'task-not-permitted', detail, reason: `require: ${unmet.name}` });
  }
  if (!task) refuseStrangers(document);
  const named = namedTasks(document, task ?? OWN_BODY, served);
  return row.isSlack ? { named, person: personOf(document) } : { named };
}

const JSON_TYPE = /^application\/([\w.+-]+\+)?json[\t ]*(;|$)/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded[\t ]*(;|$)/i;

function readJson({ contentType, body }: Arrived): unknown {
  if (JSON_TYPE.test(contentType ?? '')) return parseStrictJson(body);
  const detail =
    'The body must be JSON: choose application/json as the content type at the sender.';
  throw new Unreadable({ code: 'unsupported-media-type', detail });
}

const MOST_FIELDS = 100;

/** The fields of a form; `payload`, which buttons send, is JSON. */
function readForm({ contentType, body }: Arrived): unknown {
  if (!FORM_TYPE.test(contentType ?? '')) {
    const detail =
      'The body must be a form (application/x-www-form-urlencoded), as Slack sends it.';
    throw new Unreadable({ code: 'unsupported-media-type', detail });
  }
  const fields = new Map<string, unknown>();
  const text = body.toString();
  // Checked before they are decoded: Slack has some twenty.
  if (text.split('&', MOST_FIELDS + 1).length > MOST_FIELDS) {
    throw invalidBody(`must have at most ${MOST_FIELDS} fields`);
  }
  for (const [name, value] of new URLSearchParams(text)) {
    if (fields.has(name)) {
      throw invalidBody('must not have a field twice');
    }
    fields.set(name, value);
  }
  const payload = fields.get('payload');
  if (typeof payload === 'string') {
    fields.set('payload', parseStrictJson(Buffer.from(payload), 'payload'));
  }
  return Object.fromEntries(fields);
}

/** The gateway's own body, which senders with templates send. */
const OWN_BODY: TaskRule = {
  where: [{ name: '/type', pointer: ['type'], values: new Set(['task.cancel']) }],
  ids: [['data', 'taskId']],
  region: ['data', 'region'],
};

/** A misspelt region must not cancel in another one. */
function refuseStrangers(document: unknown): void {
  const data = valueAt(document, ['data']);
  if (!meets(OWN_BODY.where, document) || !isJsonObject(data)) return;
  const others = Object.keys(data).filter((name) => name !== 'taskId' && name !== 'region');
  if (others.length > 0) {
    throw invalidBody('must have no member but taskId and region', 'data');
  }
}

/** A command has the ids among its fields, a button within its payload. */
function personOf(document: unknown): NonNullable<Delivery['person']> {
  const idAt = (...pointers: readonly (readonly string[])[]): string | undefined =>
    pointers
      .map((pointer) => valueAt(document, pointer))
      .find((value) => typeof value === 'string' && /^[A-Z0-9]{1,32}$/.test(value))
      ?.toString();
  const userId = idAt(['user_id'], ['payload', 'user', 'id']);
  const teamId = idAt(['team_id'], ['payload', 'team', 'id']);
  return { ...(userId !== undefined && { userId }), ...(teamId !== undefined && { teamId }) };
}
