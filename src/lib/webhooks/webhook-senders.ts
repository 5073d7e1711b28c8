import { toClaimTests, toPointer, type ClaimTest } from '../auth/json-pointer.ts';
import type { Principal } from '../auth/principal.ts';
import type { Environment } from '../config/secret-reference.ts';
import { reasonsIn, SettingError } from '../config/setting-error.ts';
import type { TaskRule } from './extract.ts';
import { KINDS, type Kind, type KindName, type TaskMembers } from './kinds.ts';
import { entryFaults, type WebhookSenderEntry } from './sender-entries.ts';
import { toProof, type Proof, type Reading } from './sender-proof.ts';
import type { WebhookSecret } from './webhook-signature.ts';

export interface WebhookSender {
  readonly id: string;
  readonly kind: KindName;
  readonly row: Kind;
  readonly principal: Principal;
  readonly proof: Proof;
  /** Of Standard Webhooks. Empty: the entry cannot be called at `/webhooks/cancel-task`. */
  readonly secrets: readonly WebhookSecret[];
  /** What a body must say for the sender to be permitted anything. */
  readonly require: readonly ClaimTest[];
  /** Absent: the gateway's own body, `task.cancel`. */
  readonly task?: TaskRule;
}

/** A request without a valid signature costs one HMAC for each secret, or four checks for each public key. */
const MAX_SECRETS = 100;
const MAX_PUBLIC_KEYS = 10;

/** `/webhooks/cancel-task` is a route of its own. */
const RESERVED_ID = 'cancel-task';

/**
 * Makes the configured entries ready for use.
 *
 * @throws SettingError with every reason; names senders and positions, never a value
 */
export function toWebhookSenders(
  entries: readonly WebhookSenderEntry[],
  env: Environment,
): readonly WebhookSender[] {
  const reasons: string[] = [];
  const ids = new Set<string>();
  const holders = new Map<string, string>();
  const senders = entries.map((entry): WebhookSender => {
    const { id } = entry;
    if (ids.has(id)) reasons.push(`"${id}" is the id of two senders`);
    if (id === RESERVED_ID) reasons.push(`"${id}" is reserved, and no sender's id`);
    ids.add(id);
    reasons.push(...entryFaults(entry).map((fault) => `"${id}" ${fault}`));
    return toSender(entry, {
      env,
      report: (reason, position) => reasons.push(`"${id}", secret ${position}: ${reason}`),
      claim(identities) {
        const holder = identities.map((one) => holders.get(one)).find((one) => one !== undefined);
        if (holder !== undefined) {
          throw new SettingError(`is the same as an earlier one of "${holder}"`);
        }
        for (const identity of identities) holders.set(identity, id);
      },
    });
  });
  reasons.push(...excess(senders));
  if (reasons.length > 0) throw new SettingError(...reasons);
  return senders;
}

function toSender(entry: WebhookSenderEntry, reading: Reading): WebhookSender {
  const { id, kind = 'standard-webhooks', require = {}, engines, regions, owner, rate } = entry;
  const row: Kind = KINDS[kind];
  const task = entry.task ?? row.task;
  const proof = toProof(entry, reading);
  const isOwnUrlOnly = (entry.task ?? entry.require) !== undefined;
  return {
    id,
    kind,
    row,
    proof,
    secrets: proof.by === 'standard' && !isOwnUrlOnly ? proof.secrets : [],
    require: toClaimTests(require),
    ...(task && { task: toTaskRule(task) }),
    principal: {
      id: `hook:${id}`,
      scheme: 'webhook',
      grants: [{ scopes: ['tasks:cancel'], engines, regions, owner }],
      basis: 'scope',
      rate,
    },
  };
}

function toTaskRule({ each, where = {}, id, region }: TaskMembers): TaskRule {
  return {
    ...(each !== undefined && { each: toPointer(each) }),
    where: toClaimTests(where),
    ids: [id].flat().map(toPointer),
    ...(region !== undefined && { region: toPointer(region) }),
  };
}

/** Sentences for the log about senders that work, but probably not as somebody meant. */
export function doubtfulSenders(senders: readonly WebhookSender[]): string[] {
  return senders.flatMap(({ id, row, task, require, kind }) => {
    const doubts = reasonsIn([
      [
        row.isSlack === true && require.length === 0,
        'has no require: everybody in the workspace who can use the app may cancel',
      ],
      [row.needsTask === true && !task, `has no task, and ${kind} sends no task.cancel`],
    ]);
    return doubts.map((doubt) => `WEBHOOK_SENDERS: "${id}" ${doubt}`);
  });
}

function excess(senders: readonly WebhookSender[]): string[] {
  const secrets = senders.flatMap(({ proof }) => (proof.by === 'standard' ? proof.secrets : []));
  const publicKeys = secrets.filter(({ version }) => version === 'v1a');
  return reasonsIn([
    [secrets.length > MAX_SECRETS, `has more than ${MAX_SECRETS} secrets in all`],
    [publicKeys.length > MAX_PUBLIC_KEYS, `has more than ${MAX_PUBLIC_KEYS} whpk_ keys in all`],
  ]);
}
