import { parseAuthorizationDetails } from './authorization-details.ts';
import { grantFor, intersect } from './grants.ts';
import { InvalidToken } from './invalid-token.ts';
import type { JsonObject } from './json-object.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Grant, Principal, Scope } from './principal.ts';

/** What the claims of a verified token say: who is calling, and what the caller may do. */

const MAX_NAME = 256;
/** Control characters, and halves of surrogate pairs, which become one and the same character in UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/** @throws InvalidToken if no claim names the caller as it should */
export function toPrincipal(issuer: JwtIssuer, claims: JsonObject): Principal {
  return {
    id: `jwt:${issuer.id}:${nameIn(claims)}`,
    scheme: 'bearer',
    ...permissionsOf(issuer, claims),
    ...(issuer.audience.length === 0 && { hasNoAudience: true }),
    ...(issuer.rate && { rate: issuer.rate }),
  };
}

/**
 * The entry's `grants` that match decide; without them `scope` (RFC 8693 section 4.2) and `scp`. If the
 * token has `authorization_details`, these decide in place of `scope` and `scp`, and within the grants.
 * Nothing goes beyond the entry.
 */
function permissionsOf(
  { entry, grants, requireDetails }: JwtIssuer,
  claims: JsonObject,
): Pick<Principal, 'grants' | 'basis'> {
  const whole = grantFor(entry, claims);
  const hasDetails = Object.hasOwn(claims, 'authorization_details');
  if (!whole || (requireDetails && !hasDetails)) return { grants: [], basis: 'scope' };
  const matching = grants?.flatMap((template) => grantFor(template, claims) ?? []);
  const given = matching?.map((grant) => intersect(whole, grant));
  if (hasDetails) {
    const details = parseAuthorizationDetails(claims['authorization_details']);
    const both = (given ?? [whole]).flatMap((a) => details.map((b) => intersect(a, b)));
    return { grants: both.filter(hasScopes), basis: 'authorization_details' };
  }
  if (given) return { grants: given.filter(hasScopes), basis: 'grants' };
  const named = { ...whole, scopes: scopesIn(claims, whole.scopes) };
  return { grants: [named].filter(hasScopes), basis: 'scope' };
}

const hasScopes = ({ scopes }: Grant): boolean => scopes.length > 0;

/** The first claim that is present decides: a bad `sub` never makes a client of a user. */
function nameIn(claims: JsonObject): string {
  const claim = ['sub', 'client_id', 'azp'].find((name) => Object.hasOwn(claims, name));
  const value = claim && claims[claim];
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME || UNSAFE.test(value)) {
    throw new InvalidToken('no claim names its caller as it should');
  }
  return `${claim === 'sub' ? 'sub' : 'client'}:${value}`;
}

function scopesIn(claims: JsonObject, maxScopes: readonly Scope[]): readonly Scope[] {
  const named = new Set([...listOf(claims, 'scope'), ...listOf(claims, 'scp')]);
  return maxScopes.filter((scope) => named.has(scope));
}

function listOf(claims: JsonObject, claim: string): readonly string[] {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [];
}
