/** Who is calling, and what that caller may do: the same shape for keys, tokens and signed webhooks. */

export const SCOPES = ['tasks:cancel', 'tasks:read'] as const;
export type Scope = (typeof SCOPES)[number];

export type Scheme = 'api-key' | 'bearer' | 'webhook';

/** At most `limit` requests in `windowSeconds`; `limit` is the burst too. */
export interface Rate {
  readonly limit: number;
  readonly windowSeconds: 1 | 60 | 3600;
}

/** A restriction to engines (names or ids) and regions; absent means not restricted. */
export interface Narrowing {
  readonly engines?: readonly string[];
  readonly regions?: readonly string[];
}

/** Permission for one task, from a token's `authorization_details` (RFC 9396). */
export interface TaskGrant extends Narrowing {
  readonly taskId: string;
  readonly scopes: readonly Scope[];
}

export interface Principal {
  /** `key:<id>`, `hook:<id>`, `jwt:<issuer id>:sub:<sub>` or `jwt:<issuer id>:client:<client>`. */
  readonly id: string;
  readonly scheme: Scheme;
  readonly scopes: ReadonlySet<Scope>;
  /** What the configured entry (key, issuer, sender) is narrowed to. */
  readonly narrowing: Narrowing;
  /** Where present, these alone decide, within `scopes` and `narrowing`. */
  readonly grants?: readonly TaskGrant[];
  readonly rate?: Rate;
}
