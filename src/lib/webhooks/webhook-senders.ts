import type { ClaimTest } from '../auth/json-pointer.ts';
import type { Principal } from '../auth/principal.ts';
import type { Environment } from '../config/secret-reference.ts';
import { faultsIn, SettingError } from '../config/setting-error.ts';
import { KINDS, type Kind, type KindName, type TaskRule } from './kinds.ts';
import type { Proof, Signer } from './proof.ts';
import { secretReader, toKey, type ReadSecrets } from './secrets.ts';
import { entryFaults, type WebhookSenderEntry } from './sender-entries.ts';

/** An entry, ready for use. Its `keys` are tried at `/webhooks/cancel-task`: those of Standard Webhooks alone. */
export interface WebhookSender extends Signer {
  readonly id: string;
  readonly kind: KindName;
  readonly row: Kind;
  readonly principal: Principal;
  readonly proof: Proof;
  /** What a body must say for the sender to be permitted anything. */
  readonly require: readonly ClaimTest[];
  /** Absent: `OWN_BODY`. */
  readonly task: TaskRule | undefined;
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
  const readSecretsOf = secretReader(env, reasons);
  const senders = entries.map((entry) => {
    const { id } = entry;
    if (ids.has(id)) reasons.push(`"${id}" is the id of two senders`);
    if (id === RESERVED_ID) reasons.push(`"${id}" is reserved, and no sender's id`);
    ids.add(id);
    reasons.push(...entryFaults(entry).map((fault) => `"${id}" ${fault}`));
    return toSender(entry, readSecretsOf(id));
  });
  reasons.push(...excess(senders));
  if (reasons.length > 0) throw new SettingError(...reasons);
  return senders;
}

function toSender(entry: WebhookSenderEntry, readSecrets: ReadSecrets): WebhookSender {
  const { id, kind = 'standard-webhooks', require = [], engines, regions, owner, rate } = entry;
  const row: Kind = KINDS[kind];
  const proof = toProof(entry, row, readSecrets);
  const isOwnUrlOnly = (entry.task ?? entry.require) !== undefined;
  return {
    id,
    kind,
    row,
    proof,
    keys: isOwnUrlOnly ? [] : standardKeys({ kind, proof }),
    require,
    task: entry.task ?? row.task,
    principal: {
      id: `hook:${id}`,
      scheme: 'webhook',
      grants: [{ scopes: ['tasks:cancel'], engines, regions, owner }],
      basis: 'scope',
      rate,
    },
  };
}

/** An entry that has neither secrets nor digests, or both, is refused by `entryFaults`. */
function toProof(
  { secrets, sha256 = [], via, hmac, timestampHeader }: WebhookSenderEntry,
  kind: Kind,
  readSecrets: ReadSecrets,
): Proof {
  const scheme = hmac ?? kind.hmac;
  if (!scheme || !secrets) {
    const digests = readSecrets(sha256, (text) => ({
      value: Buffer.from(text, 'hex'),
      identities: [text],
    }));
    return { by: 'secret', via: (via ?? kind.via ?? '').toLowerCase(), digests };
  }
  const { signedWithTimestamp: signed = scheme.signed } = kind;
  return {
    by: 'signature',
    scheme:
      timestampHeader === undefined
        ? scheme
        : { ...scheme, signed, timestamp: { header: timestampHeader } },
    keys: readSecrets(secrets, (text) => toKey(text, scheme.key)),
  };
}

/** Sentences for the log about senders that work, but probably not as somebody meant. */
export function doubtfulSenders(senders: readonly WebhookSender[]): string[] {
  return senders.flatMap(({ id, row, task, require, kind }) => {
    const doubts = faultsIn({
      'has no require: everybody in the workspace who can use the app may cancel':
        row.isSlack === true && require.length === 0,
      [`has no task, and ${kind} sends no task.cancel`]: row.needsTask === true && !task,
    });
    return doubts.map((doubt) => `WEBHOOK_SENDERS: "${id}" ${doubt}`);
  });
}

function standardKeys({ kind, proof }: Pick<WebhookSender, 'kind' | 'proof'>): Signer['keys'] {
  return kind === 'standard-webhooks' && proof.by === 'signature' ? proof.keys : [];
}

function excess(senders: readonly WebhookSender[]): string[] {
  const keys = senders.flatMap(standardKeys);
  const publicKeys = keys.filter(({ type }) => type === 'public');
  return faultsIn({
    [`has more than ${MAX_SECRETS} secrets in all`]: keys.length > MAX_SECRETS,
    [`has more than ${MAX_PUBLIC_KEYS} whpk_ keys in all`]: publicKeys.length > MAX_PUBLIC_KEYS,
  });
}
