import * as z from 'zod/mini';

import { REGION } from '../tasks.ts';
import { POINTER } from './json-pointer.ts';
import { SCOPES, type Rate } from './principal.ts';

/**
 * The schemas of the three lists of callers in the settings: keys, token issuers, webhook senders. Each is made at its
 * first use, because schemas are the largest part of a start and most gateways have one kind of callers.
 */

const entryId = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const region = () => z.string().check(z.regex(REGION));
const text = () => z.string().check(z.minLength(1), z.maxLength(2048));

const SECONDS = new Map<string | undefined, Rate['windowSeconds']>([
  ['s', 1],
  ['m', 60],
  ['h', 3600],
]);

/** `"10/s"`: at most 10 a second. Units: `s`, `m`, `h`. */
export const rateSchema = z.lazy(() =>
  z.pipe(
    z.string().check(z.regex(/^[1-9][0-9]{0,5}\/[smh]$/)),
    z.transform((value): Rate => {
      const [limit, unit] = value.split('/');
      return { limit: Number(limit), windowSeconds: SECONDS.get(unit) ?? 1 };
    }),
  ),
);

/** `["*"]` says that every engine is meant; it stands alone. */
const engines = () =>
  z
    .array(text())
    .check(z.minLength(1))
    .check(z.refine((list) => list.length === 1 || !list.includes('*')));

const restrictions = () => ({
  engines: z.optional(engines()),
  regions: z.optional(z.array(region()).check(z.minLength(1))),
});

/** The task's `OperateUin` itself: a pointer, which issuers have here, is a slip. */
const ownRestrictions = () => ({
  ...restrictions(),
  owner: z.optional(text().check(z.regex(/^[^/]/))),
  rate: z.optional(rateSchema),
});

const pointer = () => text().check(z.regex(POINTER));

const claimValue = () => z.union([text(), z.number(), z.boolean()]);

const claimConditions = () =>
  z
    .record(pointer(), z.union([claimValue(), z.array(claimValue()).check(z.minLength(1))]))
    .check(z.refine((conditions) => Object.keys(conditions).length > 0));

const scopes = () => z.array(z.enum(SCOPES)).check(z.minLength(1));

export const apiKeyEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      scopes: scopes(),
      expires: z.optional(z.iso.datetime({ offset: true })),
      ...ownRestrictions(),
    }),
  ),
);

export const ASYMMETRIC_ALGORITHMS = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519',
] as const;

/** zod's own schema of integers would add 2 KB to the bundle. */
const isPositiveInteger = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

const grant = () =>
  z.strictObject({
    when: claimConditions(),
    scopes: scopes(),
    owner: z.optional(pointer()),
    ...restrictions(),
  });

export const jwtIssuerEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      issuer: text(),
      audience: z.optional(z.union([text(), z.array(text()).check(z.minLength(1))])),
      clientIds: z.optional(z.array(text()).check(z.minLength(1))),
      algorithms: z.array(z.enum([...ASYMMETRIC_ALGORITHMS, 'HS256'])).check(z.minLength(1)),
      jwksUri: z.optional(text()),
      discovery: z.optional(z.boolean()),
      jwks: z.optional(
        z.strictObject({
          keys: z.array(z.record(z.string(), z.unknown())).check(z.minLength(1)),
        }),
      ),
      secret: z.optional(z.string()),
      require: z.optional(claimConditions()),
      maxTokenAge: z.optional(z.number().check(z.refine(isPositiveInteger))),
      requireAuthorizationDetails: z.optional(z.boolean()),
      scopes: z.optional(scopes()),
      grants: z.optional(z.array(grant()).check(z.minLength(1))),
      owner: z.optional(pointer()),
      rate: z.optional(rateSchema),
      ...restrictions(),
    }),
  ),
);

export const webhookSenderEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      secrets: z.array(z.string()).check(z.minLength(1)),
      ...ownRestrictions(),
    }),
  ),
);

export type ApiKeyEntry = z.output<typeof apiKeyEntries>[number];
export type JwtIssuerEntry = z.output<typeof jwtIssuerEntries>[number];
export type WebhookSenderEntry = z.output<typeof webhookSenderEntries>[number];
