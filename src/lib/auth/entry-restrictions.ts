import type { GrantTemplate } from './grants.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal } from './principal.ts';

/** What the restrictions of the configured entries mean for a start: lookups that are needed, and a warning. */

/** The configured entries, as far as their grants are concerned. */
export interface GrantingEntries {
  readonly apiKeys: ReadonlyMap<unknown, { readonly principal: Principal }>;
  readonly webhookSenders: readonly { readonly principal: Principal }[];
  readonly jwtIssuers: readonly JwtIssuer[];
}

/** Names of the entries that may act on every task without saying that this is meant. */
export function unrestrictedEntries(entries: GrantingEntries): readonly string[] {
  const { apiKeys, webhookSenders, jwtIssuers } = entries;
  const principals = [...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal);
  const open = principals.filter(({ grants }) => grants.some(isUnrestricted)).map(({ id }) => id);
  const openIssuers = jwtIssuers.filter(
    ({ entry, grants = [entry], requireDetails }) =>
      !requireDetails && isUnrestricted(entry) && grants.some(isUnrestricted),
  );
  return [...new Set([...open, ...openIssuers.map(({ id }) => `jwt:${id}`)])];
}

/** Whether any entry has `engines` or `owner`, which DLC is asked for. */
export function needLookups({ apiKeys, webhookSenders, jwtIssuers }: GrantingEntries): boolean {
  const principals = [...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal);
  const templates = jwtIssuers.flatMap(({ entry, grants = [] }) => [entry, ...grants]);
  return [...principals.flatMap(({ grants }) => grants), ...templates].some(needsLookup);
}

type Restricted = Pick<GrantTemplate, 'engines' | 'regions'> & { readonly owner?: unknown };

/** Whether DLC has to be asked for the task before the grant permits anything. */
function needsLookup({ engines = [], owner }: Restricted): boolean {
  return engines.length > 0 || owner !== undefined;
}

/** Whether the grant has no restriction, and does not say that this is meant. */
function isUnrestricted({ engines, regions, owner }: Restricted): boolean {
  return engines === undefined && regions === undefined && owner === undefined;
}
