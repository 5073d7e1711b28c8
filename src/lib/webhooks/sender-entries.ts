import * as z from 'zod/mini';

import { claimTests, entryId, list, ownRestrictions, sha256, text } from '../auth/entries.ts';
import { POINTER_OR_WHOLE, toPointer } from '../auth/json-pointer.ts';
import { faultsIn } from '../config/setting-error.ts';
import { KIND_NAMES, KINDS, type SignatureScheme, type Kind } from './kinds.ts';

/** The list of webhook senders in the settings: its schema, made at its first use, and what the schema cannot say. */

/** Relative to an item of a delivery: the empty pointer is the item itself. */
const written = () => z.string().check(z.maxLength(2048), z.regex(POINTER_OR_WHOLE));
const itemPointer = () => z.pipe(written(), z.transform(toPointer));
const itemPointers = () =>
  z.pipe(
    z.union([written(), list(written())]),
    z.transform((some) => [some].flat().map(toPointer)),
  );

const fieldName = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const literal = () => z.string().check(z.minLength(1), z.maxLength(64));
const isTolerance = (value: number): boolean =>
  Number.isInteger(value) && value > 0 && value <= 3600;
const TOLERANCE_RULE = 'must be a whole number of seconds, at most 3600';
const fieldOf = () => z.strictObject({ header: fieldName() });

/** How a sender of kind `generic-hmac` signs; the rows of `webhooks/kinds.ts` say the same of the others. */
const hmac = () =>
  z.strictObject({
    header: fieldName(),
    signed: text(),
    encoding: z.enum(['hex', 'base64']),
    prefix: z.optional(literal()),
    split: z.optional(z.enum([',', ' '])),
    id: z.optional(fieldOf()),
    timestamp: z.optional(z.union([fieldOf(), z.strictObject({ part: literal() })])),
    unit: z.optional(z.enum(['s', 'ms'])),
    tolerance: z.optional(z.number().check(z.refine(isTolerance, TOLERANCE_RULE))),
    key: z.optional(z.enum(['utf8', 'base64'])),
  });

export const webhookSenderEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      kind: z.optional(z.enum(KIND_NAMES)),
      secrets: z.optional(list(z.string())),
      sha256: z.optional(list(sha256())),
      via: z.optional(fieldName()),
      timestampHeader: z.optional(fieldName()),
      hmac: z.optional(hmac()),
      require: z.optional(claimTests()),
      task: z.optional(
        z.strictObject({
          each: z.optional(itemPointer()),
          where: z.optional(claimTests()),
          id: itemPointers(),
          region: z.optional(itemPointer()),
        }),
      ),
      ...ownRestrictions(),
    }),
  ),
);

export type WebhookSenderEntry = z.output<typeof webhookSenderEntries>[number];

const MOST_SECRETS = 4;

/** Says which members an entry lacks, and which its kind does not take. */
export function entryFaults(entry: WebhookSenderEntry): string[] {
  const { kind: name = 'standard-webhooks', secrets, sha256: digests, hmac: scheme } = entry;
  const kind: Kind = KINDS[name];
  const isGeneric = name === 'generic-hmac';
  const signs = isGeneric || kind.hmac !== undefined;
  const ways = [signs && 'secrets', kind.via && 'sha256'].filter(Boolean).join(' or ');
  const count = (secrets ?? []).length + (digests ?? []).length;
  return [
    ...faultsIn({
      [`must have ${ways}`]: !secrets && !digests,
      'must have one of secrets and sha256': secrets !== undefined && digests !== undefined,
      [`cannot have secrets: kind ${name} does not sign`]: secrets !== undefined && !signs,
      [`cannot have sha256: kind ${name} signs`]: digests !== undefined && !kind.via,
      'has via, which only goes with sha256': entry.via !== undefined && !digests,
      'has timestampHeader, which only goes with kind grafana and secrets':
        entry.timestampHeader !== undefined && (!kind.signedWithTimestamp || !secrets),
      'must have hmac': isGeneric && !scheme,
      'has hmac, which only goes with kind generic-hmac': !isGeneric && scheme !== undefined,
      [`has more than ${MOST_SECRETS} secrets`]: count > MOST_SECRETS,
    }),
    ...(scheme ? schemeFaults(scheme) : []),
  ];
}

function schemeFaults(scheme: SignatureScheme): string[] {
  const { signed, split, id, timestamp, unit, tolerance } = scheme;
  const names = [...signed.matchAll(/\{(.*?)\}/g)].map(([, name = '']) => name);
  const count = (name: string): number => names.filter((one) => one === name).length;
  return faultsIn({
    'hmac.signed must have {body} exactly once': count('body') !== 1,
    'hmac.signed must have {timestamp} with timestamp':
      count('timestamp') > 0 !== (timestamp !== undefined),
    'hmac.signed must have {id} with id, and only then': count('id') > 0 !== (id !== undefined),
    'hmac.signed must have something between two placeholders': /\}\{/.test(signed),
    'hmac.signed must have no other placeholder than {id}, {timestamp} and {body}': !names.every(
      (name) => /^(body|timestamp|id)$/.test(name),
    ),
    'hmac.timestamp.part needs hmac.split': timestamp?.part !== undefined && split === undefined,
    'hmac.unit and hmac.tolerance need hmac.timestamp':
      !timestamp && (unit ?? tolerance) !== undefined,
  });
}
