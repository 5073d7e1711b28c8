import { parseAuthorizationDetails } from './authorization-details.ts';
import { InvalidToken } from './invalid-token.ts';
import type { JsonObject } from './json-object.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import type { Principal, Scope } from './principal.ts';

/** What the claims of a verified token say: who is calling, and what the caller may do. */

const MAX_NAME = 256;
/** Control characters, and halves of surrogate pairs, which become one and the same character in UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/**
 * Makes a principal of verified claims. `authorization_details`, where present, alone decides;
 * else `scope` (RFC 8693 section 4.2) and `scp`; neither goes beyond the issuer's ceiling.
 *
 * @throws InvalidToken where no claim names the caller as it should
 */
export function toPrincipal(issuer: JwtIssuer, claims: JsonObject): Principal {
  const name = nameIn(claims);
  const grants = Object.hasOwn(claims, 'authorization_details')
    ? parseAuthorizationDetails(claims['authorization_details'], issuer.ceiling)
    : undefined;
  return {
    id: `jwt:${issuer.id}:${name}`,
    scheme: 'bearer',
    scopes: grants
      ? new Set(grants.flatMap(({ scopes }) => scopes))
      : scopesIn(claims, issuer.ceiling),
    narrowing: issuer.narrowing,
    ...(grants && { grants }),
    ...(issuer.rate && { rate: issuer.rate }),
  };
}

/** The first claim that is present decides: a bad `sub` never makes a client of a user. */
function nameIn(claims: JsonObject): string {
  const claim = ['sub', 'client_id', 'azp'].find((name) => Object.hasOwn(claims, name));
  const value = claim && claims[claim];
  if (typeof value !== 'string' || value === '' || value.length > MAX_NAME || UNSAFE.test(value)) {
    throw new InvalidToken('no claim names its caller as it should');
  }
  return `${claim === 'sub' ? 'sub' : 'client'}:${value}`;
}

function scopesIn(claims: JsonObject, ceiling: ReadonlySet<Scope>): ReadonlySet<Scope> {
  const named = new Set([...listOf(claims, 'scope'), ...listOf(claims, 'scp')]);
  return new Set([...ceiling].filter((scope) => named.has(scope)));
}

function listOf(claims: JsonObject, claim: string): readonly string[] {
  const value = Object.hasOwn(claims, claim) ? claims[claim] : undefined;
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [];
}
