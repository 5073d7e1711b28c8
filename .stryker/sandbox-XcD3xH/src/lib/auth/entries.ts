import * as z from 'zod/mini';

import { SCOPES, type Narrowing, type Rate } from './principal.ts';

/**
 * The schemas of the three lists of callers in the configuration: keys, token issuers, webhook senders. Each is made at
 * its first use: they are the largest part of what a start would make, and most gateways have one kind of callers.
 */

const entryId = () => z.string().check(z.regex(/^[A-Za-z0-9_-]{1,64}$/));
const region = () => z.string().check(z.regex(/^[a-z]{2,}(-[a-z0-9]+)+$/));
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

const narrowing = () => ({
  engines: z.optional(z.array(text()).check(z.minLength(1))),
  regions: z.optional(z.array(region()).check(z.minLength(1))),
  rate: z.optional(rateSchema),
});

const scopes = () => z.array(z.enum(SCOPES)).check(z.minLength(1));

export const apiKeyEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      sha256: z.string().check(z.regex(/^[0-9a-f]{64}$/)),
      scopes: scopes(),
      expires: z.optional(z.iso.datetime({ offset: true })),
      ...narrowing(),
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

export const jwtIssuerEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      issuer: text(),
      audience: z.union([text(), z.array(text()).check(z.minLength(1))]),
      algorithms: z.array(z.enum([...ASYMMETRIC_ALGORITHMS, 'HS256'])).check(z.minLength(1)),
      jwksUri: z.optional(text()),
      jwks: z.optional(
        z.strictObject({
          keys: z.array(z.record(z.string(), z.unknown())).check(z.minLength(1)),
        }),
      ),
      secret: z.optional(z.string()),
      scopes: z.optional(scopes()),
      ...narrowing(),
    }),
  ),
);

export const webhookSenderEntries = z.lazy(() =>
  z.array(
    z.strictObject({
      id: entryId(),
      secrets: z.array(z.string()).check(z.minLength(1)),
      ...narrowing(),
    }),
  ),
);

export type ApiKeyEntry = z.output<typeof apiKeyEntries>[number];
export type JwtIssuerEntry = z.output<typeof jwtIssuerEntries>[number];
export type WebhookSenderEntry = z.output<typeof webhookSenderEntries>[number];

/** The members of an entry that narrow it, without keys that are absent. */
export function narrowingOf(entry: {
  engines?: string[] | undefined;
  regions?: string[] | undefined;
}): Narrowing {
  return {
    ...(entry.engines && { engines: entry.engines }),
    ...(entry.regions && { regions: entry.regions }),
  };
}
