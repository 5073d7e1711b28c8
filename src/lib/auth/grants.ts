import { toClaimTests, unmetTest, type ClaimConditions, type ClaimTest } from './claim-tests.ts';
import { toPointer, valueAt, type Pointer } from './json-pointer.ts';
import type { Grant, Restrictions, Scope } from './principal.ts';

/** Grants: how entries and tokens give them, and what several of them permit together. */

/** A grant that a token completes: `owner` is where the token names the owner. */
export interface GrantTemplate extends Omit<Grant, 'owner'> {
  readonly when: readonly ClaimTest[];
  readonly owner?: Pointer;
}

/** The members that restrict an entry or one of its grants. */
interface RestrictionMembers {
  readonly engines?: readonly string[] | undefined;
  readonly regions?: readonly string[] | undefined;
}

/** `engines: ["*"]` says that any engine is meant. */
function restrictionsOf({
  engines,
  regions,
}: RestrictionMembers): Pick<Restrictions, 'engines' | 'regions'> {
  return {
    ...(engines && { engines: engines[0] === '*' ? [] : [engines] }),
    ...(regions && { regions }),
  };
}

/** The one grant of an API key or a webhook sender: its `owner` is the value itself. */
export function toOwnGrant(entry: EntryMembers, scopes: readonly Scope[]): Grant {
  const { owner } = entry;
  return { ...restrictionsOf(entry), scopes, ...(owner !== undefined && { owner }) };
}

interface EntryMembers extends RestrictionMembers {
  readonly owner?: string | undefined;
}

interface GrantMembers extends EntryMembers {
  readonly when?: ClaimConditions | undefined;
  readonly scopes: readonly Scope[];
}

export function toGrantTemplate(members: GrantMembers): GrantTemplate {
  const { when = {}, scopes, owner } = members;
  return {
    ...restrictionsOf(members),
    when: toClaimTests(when),
    scopes,
    ...(owner !== undefined && { owner: toPointer(owner) }),
  };
}

/**
 * Completes a grant by a token's claims. The owner is a non-empty text or a safe integer; if the claim is
 * anything else, the grant permits nothing.
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

/** What two grants both permit, as one grant. */
export function intersect(a: Grant, b: Grant): Grant {
  const { taskId = b.taskId, owner = b.owner } = a;
  const isImpossible =
    (b.taskId !== undefined && b.taskId !== taskId) || (b.owner !== undefined && b.owner !== owner);
  const regions = a.regions?.filter((region) => b.regions?.includes(region) ?? true) ?? b.regions;
  return {
    scopes: a.scopes.filter((scope) => b.scopes.includes(scope)),
    ...(taskId !== undefined && { taskId }),
    ...((a.engines ?? b.engines) && { engines: [...(a.engines ?? []), ...(b.engines ?? [])] }),
    ...(owner !== undefined && { owner }),
    ...(isImpossible ? { regions: [] } : regions && { regions }),
  };
}
