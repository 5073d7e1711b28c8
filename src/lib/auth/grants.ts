import { toClaimTests, unmetTest, type ClaimConditions, type ClaimTest } from './claim-tests.ts';
import type { ApiKeyEntry } from './entries.ts';
import { toPointer, valueAt, type Pointer } from './json-pointer.ts';
import type { Grant, Principal, Scope } from './principal.ts';

/** Grants: how entries and tokens give them, and what several of them permit together. */

/** A grant that a token completes: `owner` is where the token names the owner. */
export interface GrantTemplate extends Omit<Grant, 'owner'> {
  readonly when: readonly ClaimTest[];
  readonly owner?: Pointer | undefined;
}

/** The members that restrict an entry or one of its grants. */
type Members = Pick<ApiKeyEntry, 'engines' | 'regions' | 'owner'>;

/** Gives the one grant of an API key or a webhook sender: its `owner` is the value itself. */
export function toOwnGrant(members: Members, scopes: readonly Scope[]): Grant {
  const { engines, regions, owner } = members;
  // `["*"]` says that any engine is meant.
  const lists = engines && (engines[0] === '*' ? [] : [engines]);
  return { scopes, engines: lists, regions, owner };
}

/** Gives the grant of an issuer's entry, or one of its `grants`: its `owner` is a pointer. */
export function toGrantTemplate(
  members: Members,
  scopes: readonly Scope[],
  when: ClaimConditions = {},
): GrantTemplate {
  const { owner, ...grant } = toOwnGrant(members, scopes);
  return {
    ...grant,
    when: toClaimTests(when),
    owner: owner === undefined ? owner : toPointer(owner),
  };
}

/**
 * Completes a grant by a token's claims. The owner is a non-empty text or a safe integer; if the claim is anything
 * else, the grant permits nothing.
 *
 * @returns nothing if the claims do not meet the grant's conditions
 */
export function grantFor(template: GrantTemplate, claims: unknown): Grant | undefined {
  const { when, owner: pointer, ...grant } = template;
  if (unmetTest(when, claims)) return undefined;
  if (!pointer) return grant;
  const owner = valueAt(claims, pointer);
  const isUsable = typeof owner === 'string' ? owner !== '' : Number.isSafeInteger(owner);
  return isUsable ? { ...grant, owner: String(owner) } : { ...grant, regions: [] };
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

/** A token issuer, as far as its grants are concerned. */
export interface GrantingIssuer {
  readonly id: string;
  /** Its max scopes and restrictions: no token permits more. */
  readonly entry: GrantTemplate;
  /** Absent: the scopes that a token names decide. */
  readonly grants?: readonly GrantTemplate[] | undefined;
  /** A token without `authorization_details` permits nothing. */
  readonly requireDetails: boolean;
}

/** The configured entries, as far as their grants are concerned. */
export interface GrantingEntries {
  readonly apiKeys: ReadonlyMap<unknown, { readonly principal: Principal }>;
  readonly webhookSenders: readonly { readonly principal: Principal }[];
  readonly jwtIssuers: readonly GrantingIssuer[];
}

export const principalsOf = ({ apiKeys, webhookSenders }: GrantingEntries): Principal[] =>
  [...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal);

/** Names the entries that may act on every task without saying that this is meant. */
export function unrestrictedEntries(entries: GrantingEntries): readonly string[] {
  const open = principalsOf(entries).filter(({ grants }) => grants.some(isUnrestricted));
  const openIssuers = entries.jwtIssuers.filter(
    ({ entry, grants = [entry], requireDetails }) =>
      !requireDetails && isUnrestricted(entry) && grants.some(isUnrestricted),
  );
  return [...new Set([...open.map(({ id }) => id), ...openIssuers.map(({ id }) => `jwt:${id}`)])];
}

const isUnrestricted = ({ engines, regions, owner }: Grant | GrantTemplate): boolean =>
  [engines, regions, owner].every((restriction) => restriction === undefined);

/** Whether any entry has `engines` or `owner`, which DLC is asked for. */
export function needLookups(entries: GrantingEntries): boolean {
  const templates = entries.jwtIssuers.flatMap(({ entry, grants = [] }) => [entry, ...grants]);
  return [...principalsOf(entries).flatMap(({ grants }) => grants), ...templates].some(
    ({ engines = [], owner }) => engines.length > 0 || owner !== undefined,
  );
}
