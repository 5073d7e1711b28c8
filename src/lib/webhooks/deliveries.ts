import { isJsonObject, valueAt } from '../auth/json-pointer.ts';
import { readForm, readJson, invalidBody, Unreadable, type Refusal } from './delivery-body.ts';
import { meets, namedTasks, type Named, type Served, type TaskRule } from './extract.ts';
import type { WebhookSender } from './webhook-senders.ts';

/** What only deliveries need: a file of its own (`deliveries.js`), loaded with the first one. */

export { textOfNothing, textOfProblem, textOfResults } from './slack-text.ts';
export { whyNotProven } from './prove.ts';

/** A verified delivery: what it asks for. */
interface Delivery {
  readonly named: readonly Named[];
  /** Who in Slack asked, for the audit line. */
  readonly person?: Readonly<Record<'userId' | 'teamId', string | undefined>>;
}

/** What is known of a delivery once it was read. */
export type Read =
  | { readonly delivery: Delivery; readonly refusal?: never }
  | { readonly refusal: Refusal; readonly delivery?: never };

/** A delivery that has been verified, as it came. */
interface Arrived {
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
function read(
  { row, require, task }: WebhookSender,
  { contentType = '', body }: Arrived,
  served: Served,
): Delivery {
  const document = row.isSlack ? readForm(contentType, body) : readJson(contentType, body);
  const unmet = require.find((test) => !meets([test], document));
  if (unmet) {
    const detail = 'The delivery does not say what the entry of its sender requires.';
    throw new Unreadable({ code: 'task-not-permitted', detail, reason: `require: ${unmet.name}` });
  }
  if (!task) refuseStrangers(document);
  const named = namedTasks(document, task ?? OWN_BODY, served);
  return row.isSlack ? { named, person: personOf(document) } : { named };
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
  if (Object.keys(data).some((name) => name !== 'taskId' && name !== 'region')) {
    throw invalidBody('must have no member but taskId and region', 'data');
  }
}

/** A command has the ids among its fields, a button within its payload. */
function personOf(document: unknown): NonNullable<Delivery['person']> {
  const idIn = (field: string, member: string): string | undefined =>
    [valueAt(document, [field]), valueAt(document, ['payload', member, 'id'])]
      .find((value) => typeof value === 'string' && /^[A-Z0-9]{1,32}$/.test(value))
      ?.toString();
  return { userId: idIn('user_id', 'user'), teamId: idIn('team_id', 'team') };
}
