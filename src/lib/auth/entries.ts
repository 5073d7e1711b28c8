import * as z from 'zod/mini';

import { regionSchema } from '../tasks.ts';
import { POINTER, toClaimTests, toPointer } from './json-pointer.ts';
import { SCOPES, type Rate } from './principal.ts';
import { ASYMMETRIC_ALGORITHMS } from './verification-keys.ts';

/**
 * The schemas of two lists of callers in the settings, keys and token issuers, and what that of webhook senders has in
 * common with them (`webhooks/sender-entries.ts`). Each is made at its first use, because schemas are the largest part of
 * a start and most gateways have one kind of callers.
 */

export const entryId = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
export const sha256 = () => z.string().check(z.regex(/^[0-9a-f]{64}$/));
export const text = () => z.string().check(z.minLength(1), z.maxLength(2048));
const pointer = () => text().check(z.regex(POINTER));
const toOwner = () => z.optional(z.pipe(pointer(), z.transform(toPointer)));
/** A list with at least one member. */
export const list = <S extends z.ZodMiniType>(member: S) => z.array(member).check(z.minLength(1));

const scopes = () => list(z.enum(SCOPES));

/** `"10/s"`: at most 10 a second. Units: `s`, `m`, `h`. */
export const rateSchema = z.lazy(() =>
  z.pipe(
    z.string().check(z.regex(/^[1-9][0-9]{0,5}\/[smh]$/)),
    // A power of 60 for each unit.
    z.transform((value): Rate => {
      const windowSeconds = 60 ** 'smh'.indexOf(value.slice(-1));
      return { limit: Number.parseInt(value, 10), windowSeconds };
    }),
  ),
);

/** As grants have them. `["*"]` says that every engine is meant; it stands alone. */
const restrictions = () => ({
  engines: z.optional(
    z.pipe(
      list(text()).check(z.refine((names) => names.length === 1 || !names.includes('*'))),
      z.transform((names) => (names[0] === '*' ? [] : [names])),
    ),
  ),
  regions: z.optional(list(regionSchema)),
});

/** Of an entry with one grant. The owner is the task's `OperateUin` itself: a pointer, as issuers have it, is a slip. */
export const ownRestrictions = () => ({
  ...restrictions(),
  owner: z.optional(text().check(z.regex(/^[^/]/))),
  rate: z.optional(rateSchema),
});

const claimValue = () => z.union([text(), z.number(), z.boolean()]);

export const claimTests = () =>
  z.pipe(
    z
      .record(pointer(), z.union([claimValue(), list(claimValue())]))
      .check(z.refine((conditions) => Object.keys(conditions).length > 0)),
    z.transform((conditions) => toClaimTests(conditions)),
  );

export const apiKeyEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      sha256: sha256(),
      scopes: scopes(),
      expires: z.optional(z.iso.datetime({ offset: true })),
      ...ownRestrictions(),
    }),
  ),
);

/** zod's own schema of integers would add 2 KB to the bundle. */
const isPositiveInteger = (value: number): boolean => Number.isSafeInteger(value) && value > 0;

export const jwtIssuerEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      issuer: text(),
      audience: z.optional(z.union([text(), list(text())])),
      clientIds: z.optional(list(text())),
      algorithms: list(z.enum([...ASYMMETRIC_ALGORITHMS, 'HS256'])),
      jwksUri: z.optional(text()),
      discovery: z.optional(z.boolean()),
      jwks: z.optional(z.strictObject({ keys: list(z.record(z.string(), z.unknown())) })),
      secret: z.optional(z.string()),
      // What a token must say to be taken at all.
      require: z.optional(claimTests()),
      // Seconds.
      maxTokenAge: z.optional(z.number().check(z.refine(isPositiveInteger))),
      requireAuthorizationDetails: z.optional(z.boolean()),
      scopes: z.optional(scopes()),
      // Without them, the scopes that a token names decide.
      grants: z.optional(
        list(
          z.strictObject({
            when: claimTests(),
            scopes: scopes(),
            owner: toOwner(),
            ...restrictions(),
          }),
        ),
      ),
      owner: toOwner(),
      rate: z.optional(rateSchema),
      ...restrictions(),
    }),
  ),
);

export type ApiKeyEntry = z.output<typeof apiKeyEntries>[number];
export type JwtIssuerEntry = z.output<typeof jwtIssuerEntries>[number];
