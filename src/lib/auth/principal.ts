/** Who is calling, and what that caller may do: the same shape for keys, tokens and webhook senders. */

export const SCOPES = ['tasks:cancel', 'tasks:read'] as const;
export type Scope = (typeof SCOPES)[number];

export type Scheme = 'api-key' | 'bearer' | 'webhook';

/** At most `limit` requests in `windowSeconds`; `limit` is the burst too. */
export interface Rate {
  readonly limit: number;
  readonly windowSeconds: number;
}

/** What restricts a permission. An absent member restricts nothing; an empty list of regions permits nothing. */
export interface Restrictions {
  readonly taskId?: string | undefined;
  readonly regions?: readonly string[] | undefined;
  /** Lists of names and ids: the task's engine must be in each list. No list: any engine, on purpose. */
  readonly engines?: readonly (readonly string[])[] | undefined;
  /** The task's `OperateUin` at DLC. */
  readonly owner?: string | undefined;
}

/** One permission. Its restrictions hold for its own scopes alone, never for those of another grant. */
export interface Grant extends Restrictions {
  readonly scopes: readonly Scope[];
}

export interface Principal {
  /** `key:<id>`, `hook:<id>`, `jwt:<issuer id>:sub:<sub>` or `jwt:<issuer id>:client:<client>`. */
  readonly id: string;
  readonly scheme: Scheme;
  /** The principal may do what any one of these permits. */
  readonly grants: readonly Grant[];
  /** Where the grants come from, for the audit line. */
  readonly basis: 'scope' | 'grants' | 'authorization_details';
  /** The token named no audience, since its issuer's entry has `clientIds`: `/mcp` must refuse it. */
  readonly hasNoAudience?: boolean;
  readonly rate?: Rate | undefined;
}
