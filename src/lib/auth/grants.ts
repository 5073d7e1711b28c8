import { valueAt, type Pointer } from './json-pointer.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import { permitsAnyTask, type Grant, type Principal } from './principal.ts';

/** Grants: what a token makes of them, what several of them permit together, and what the configured ones come to. */

/** A grant of an issuer's entry, which a token completes: `owner` is where the token names the owner. */
export interface GrantTemplate extends Omit<Grant, 'owner'> {
  readonly owner?: Pointer | undefined;
}

/** The owner is a non-empty text or a safe integer; if the claim is anything else, the grant permits nothing. */
export function grantOf(template: GrantTemplate, claims: unknown): Grant {
  const { scopes, engines, regions, owner: pointer } = template;
  if (!pointer) return { scopes, engines, regions };
  const owner = valueAt(claims, pointer);
  const isUsable = typeof owner === 'string' ? owner !== '' : Number.isSafeInteger(owner);
  if (!isUsable) return { scopes, engines, regions: [] };
  return { scopes, engines, regions, owner: String(owner) };
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

/** The settings that say who may call. */
export interface Callers {
  readonly apiKeys: ReadonlyMap<unknown, { readonly principal: Principal }>;
  readonly webhookSenders: readonly { readonly principal: Principal }[];
  readonly jwtIssuers: readonly JwtIssuer[];
}

export const principalsOf = ({ apiKeys, webhookSenders }: Callers): Principal[] =>
  [...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal);

/** Names the entries that may act on every task without saying that this is meant. */
export function unrestrictedEntries(callers: Callers): readonly string[] {
  const open = principalsOf(callers).filter(({ grants }) => grants.some(isUnrestricted));
  const openIssuers = callers.jwtIssuers.filter(
    ({ grants, requireAuthorizationDetails = false, ...issuer }) =>
      !requireAuthorizationDetails &&
      isUnrestricted(issuer) &&
      (grants ?? [issuer]).some(isUnrestricted),
  );
  return [...new Set([...open.map(({ id }) => id), ...openIssuers.map(({ id }) => `jwt:${id}`)])];
}

const isUnrestricted = ({ engines, regions, owner }: Grant | GrantTemplate): boolean =>
  [engines, regions, owner].every((restriction) => restriction === undefined);

/** Whether any entry has `engines` or `owner`, which DLC is asked for. */
export const needLookups = (callers: Callers): boolean =>
  [
    ...principalsOf(callers).flatMap(({ grants }) => grants),
    ...callers.jwtIssuers.flatMap(({ grants = [], ...issuer }) => [issuer, ...grants]),
  ].some((grant) => !permitsAnyTask(grant));
