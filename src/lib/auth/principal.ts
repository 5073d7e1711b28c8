import { Problem } from '../problems.ts';

/** Who is calling, and what that caller may do: the same for keys, tokens and webhook senders. */

export const SCOPES = ['tasks:cancel', 'tasks:read'] as const;
export type Scope = (typeof SCOPES)[number];

export type Scheme = 'api-key' | 'bearer' | 'webhook';

/** At most `limit` requests in `windowSeconds`; `limit` is the burst too. */
export interface Rate {
  readonly limit: number;
  readonly windowSeconds: number;
}

/**
 * One permission. Its restrictions hold for its own scopes alone, never for those of another grant. An absent member
 * restricts nothing; an empty list of regions permits nothing.
 */
export interface Grant {
  readonly scopes: readonly Scope[];
  readonly taskId?: string | undefined;
  readonly regions?: readonly string[] | undefined;
  /** Lists of names and ids: the task's engine must be in each list. No list: any engine, on purpose. */
  readonly engines?: readonly (readonly string[])[] | undefined;
  /** The task's `OperateUin` at DLC. */
  readonly owner?: string | undefined;
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

/** What DLC shows of a task that permissions depend on. */
export interface TaskFacts {
  /** Name and id of its engine. */
  readonly engineNames: readonly string[];
  /** `OperateUin`. */
  readonly operator?: string | undefined;
}

/** The grants that permit `scope` in a region: to this task, or to some task at least if none is given. */
export function grantsFor(
  { grants }: Principal,
  scope: Scope,
  region: string,
  taskId?: string,
): Grant[] {
  return grants.filter(
    (grant) =>
      grant.scopes.includes(scope) &&
      (grant.regions?.includes(region) ?? true) &&
      (taskId === undefined || (grant.taskId ?? taskId) === taskId),
  );
}

/** Gives what two grants both permit, as one grant. */
export function intersect(a: Grant, b: Grant): Grant {
  const { taskId = b.taskId, owner = b.owner } = a;
  const isPossible = (b.taskId ?? taskId) === taskId && (b.owner ?? owner) === owner;
  const regions = a.regions?.filter((region) => b.regions?.includes(region) ?? true) ?? b.regions;
  return {
    scopes: a.scopes.filter((scope) => b.scopes.includes(scope)),
    taskId,
    owner,
    engines: (a.engines ?? b.engines) && [...(a.engines ?? []), ...(b.engines ?? [])],
    regions: isPossible ? regions : [],
  };
}

/** Whether a grant does not depend on a task's engine or owner, which DLC is asked for. */
export const permitsAnyTask = (grant: Pick<Grant, 'engines'> & { owner?: unknown }): boolean =>
  (grant.engines ?? []).length === 0 && grant.owner === undefined;

/**
 * Finds the first grant that permits the task.
 *
 * @param task absent if DLC was not asked for it, or does not show it: then only a grant for any task counts
 */
export function permittingGrant(grants: readonly Grant[], task?: TaskFacts): Grant | undefined {
  if (!task) return grants.find(permitsAnyTask);
  const { engineNames, operator } = task;
  return grants.find(
    ({ engines = [], owner = operator }) =>
      owner === operator &&
      engines.every((list) => engineNames.some((name) => list.includes(name))),
  );
}

/** Says what was checked, for the audit line: where the grant comes from, and what DLC was asked for. */
export function ruleOf({ basis }: Principal, { engines = [], owner }: Partial<Grant>): string {
  return [basis, engines.length > 0 && 'engine', owner !== undefined && 'owner']
    .filter(Boolean)
    .join(', ');
}

/** @throws Problem `insufficient-scope` */
export function requireScope({ grants }: Principal, scope: Scope): void {
  if (grants.some(({ scopes }) => scopes.includes(scope))) return;
  const challenge = `${REALM}, error="insufficient_scope", scope="${scope}"`;
  throw new Problem('insufficient-scope', { headers: { 'WWW-Authenticate': challenge } });
}

/** @throws Problem `principal-blocked` */
export function refuseBlocked(principal: Principal, blocked: ReadonlySet<string>): void {
  if (blocked.has(principal.id)) throw new Problem('principal-blocked');
}

/** The values of `WWW-Authenticate` (RFC 9110 section 11.6.1, RFC 6750 section 3). */
const REALM = 'Bearer realm="dlc-task-gateway"';
export const BEARER_CHALLENGE = { 'WWW-Authenticate': REALM } as const;
export const INVALID_TOKEN = { 'WWW-Authenticate': `${REALM}, error="invalid_token"` } as const;
export const TWO_SCHEMES = { 'WWW-Authenticate': `${REALM}, error="invalid_request"` } as const;
export const WEBHOOK_CHALLENGE = { 'WWW-Authenticate': 'Webhook-Signature' } as const;
