import * as z from 'zod/mini';

import { claimConditions, entryId, ownRestrictions, sha256, text } from '../auth/entries.ts';
import { POINTER_OR_WHOLE } from '../auth/json-pointer.ts';
import { KIND_NAMES } from './kinds.ts';

/** The schema of the list of webhook senders in the settings, made at its first use. */

/** Relative to an item of a delivery: the empty pointer is the item itself. */
const itemPointer = () => z.string().check(z.maxLength(2048), z.regex(POINTER_OR_WHOLE));

const fieldName = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const literal = () => z.string().check(z.minLength(1), z.maxLength(64));
const isWithinAnHour = (seconds: number): boolean => seconds <= 3600;
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
    tolerance: z.optional(
      z.int().check(z.positive(), z.refine(isWithinAnHour, 'must be at most 3600')),
    ),
    key: z.optional(z.enum(['utf8', 'base64'])),
  });

export const webhookSenderEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      kind: z.optional(z.enum(KIND_NAMES)),
      secrets: z.optional(z.array(z.string()).check(z.minLength(1))),
      sha256: z.optional(z.array(sha256()).check(z.minLength(1))),
      via: z.optional(fieldName()),
      timestampHeader: z.optional(fieldName()),
      hmac: z.optional(hmac()),
      require: z.optional(claimConditions()),
      task: z.optional(
        z.strictObject({
          each: z.optional(itemPointer()),
          where: z.optional(claimConditions()),
          id: z.union([itemPointer(), z.array(itemPointer()).check(z.minLength(1))]),
          region: z.optional(itemPointer()),
        }),
      ),
      ...ownRestrictions(),
    }),
  ),
);

export type WebhookSenderEntry = z.output<typeof webhookSenderEntries>[number];
