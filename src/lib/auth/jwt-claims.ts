import type { JWTPayload, JWTHeaderParameters } from 'jose';
import * as z from 'zod/mini';

import { taskIdSchema } from '../tasks.ts';
import { list } from './entries.ts';
import { unmetTest, valueAt, type JsonObject } from './json-pointer.ts';
import type { GrantTemplate, JwtIssuer } from './jwt-issuers.ts';
import { intersect, SCOPES, type Grant, type Principal } from './principal.ts';

/** What the claims of a verified token say: whether it is taken, who is calling, and what the caller may do. */

/** A token that cannot be taken. The message is for the log: it never holds a part of the token. */
export class InvalidToken extends Error {}

/** @throws InvalidToken */
export function demand(condition: unknown, otherwise: string): asserts condition {
  if (!condition) throw new InvalidToken(otherwise);
}

/** The clocks of an issuer and of the gateway may differ by so much. */
export const CLOCK_TOLERANCE_SECONDS = 30;

/**
 * Checks what jose does not check of a verified token.
 *
 * @param now seconds since the epoch
 * @throws InvalidToken, which names a claim, never its value
 */
export function checkClaims(
  { clientIds, audience, require = [], maxTokenAge = Infinity }: JwtIssuer,
  claims: JWTPayload,
  { typ = '' }: JWTHeaderParameters,
  now: number,
): void {
  const { exp = 0, aud = [], iat } = claims;
  // Values that jose takes: `1e999`, anything beside a string in a list of audiences, a future `iat`.
  demand(Number.isFinite(exp), 'exp is not finite');
  const isList = [aud].flat().every((one) => typeof one === 'string');
  demand(isList, 'malformed aud');
  demand((iat ?? 0) <= now + CLOCK_TOLERANCE_SECONDS, 'iat is in the future');
  // RFC 7800 section 3.1: the token is good only with a proof of a key, which the gateway cannot check.
  demand(!Object.hasOwn(claims, 'cnf'), 'cnf: it is bound to a key');
  if (clientIds) {
    // Cognito's access tokens have no `aud`: their `client_id` says whom they were made for.
    demand(
      clientIds.some((id) => id === valueAt(claims, ['client_id'])),
      'client_id: not one of clientIds',
    );
    const defaultUse = /^(application\/)?at\+jwt$/i.test(typ) ? 'access' : undefined;
    const isAccessToken = (valueAt(claims, ['token_use']) ?? defaultUse) === 'access';
    demand(audience.length > 0 || isAccessToken, 'token_use: not an access token');
  }
  const unmet = unmetTest(require, claims);
  demand(!unmet, `require: ${unmet?.name} does not hold`);
  // Without `iat`, the token's life that is left must not be longer than its whole life may be.
  const age = iat === undefined ? exp - now - CLOCK_TOLERANCE_SECONDS : now - iat;
  demand(age <= maxTokenAge, 'iat: older than maxTokenAge');
}

const MAX_NAME = 256;
/** Control characters, and halves of surrogate pairs, which become one and the same character in UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/**
 * Makes a principal of a token. What it may do is what its issuer's entry, one of the entry's `grants` that match, and
 * the token itself permit together.
 *
 * @throws InvalidToken if no claim names the caller as it should
 */
export function toPrincipal(issuer: JwtIssuer, claims: JsonObject): Principal {
  const { basis, given } = givenBy(issuer, claims);
  const whole = grantOf(issuer, claims);
  const matching = issuer.grants?.filter(({ when }) => !unmetTest(when, claims));
  const most = matching?.map((grant) => intersect(whole, grantOf(grant, claims))) ?? [whole];
  const grants = most.flatMap((grant) => given.map((one) => intersect(grant, one)));
  return {
    id: `jwt:${issuer.id}:${nameIn(claims)}`,
    scheme: 'bearer',
    basis,
    grants: grants.filter(({ scopes }) => scopes.length > 0),
    ...(issuer.audience.length === 0 && { hasNoAudience: true }),
    rate: issuer.rate,
  };
}

/** The owner is a non-empty text or a safe integer; if the claim is anything else, the grant permits nothing. */
function grantOf(template: GrantTemplate, claims: unknown): Grant {
  const { scopes, engines, regions, owner: pointer } = template;
  if (!pointer) return { scopes, engines, regions };
  const owner = valueAt(claims, pointer);
  const isUsable = typeof owner === 'string' ? owner !== '' : Number.isSafeInteger(owner);
  if (!isUsable) return { scopes, engines, regions: [] };
  return { scopes, engines, regions, owner: String(owner) };
}

/** The first claim that is present decides: a bad `sub` never makes a client of a user. */
function nameIn(claims: JsonObject): string {
  const claim = ['sub', 'client_id', 'azp'].find((name) => Object.hasOwn(claims, name));
  const value = claim && claims[claim];
  const isName = typeof value === 'string' && value !== '' && value.length <= MAX_NAME;
  demand(isName && !UNSAFE.test(value), 'no claim names its caller as it should');
  return `${claim === 'sub' ? 'sub' : 'client'}:${value}`;
}

/**
 * What the token permits: by `authorization_details` alone, if it has them; else by `scope` (RFC 8693 section 4.2) and
 * `scp`, unless the entry has `grants`.
 */
function givenBy(
  { grants, requireAuthorizationDetails }: JwtIssuer,
  claims: JsonObject,
): { readonly basis: Principal['basis']; readonly given: readonly Grant[] } {
  if (Object.hasOwn(claims, 'authorization_details')) {
    const given = parseAuthorizationDetails(claims['authorization_details']);
    return { basis: 'authorization_details', given };
  }
  if (requireAuthorizationDetails) return { basis: 'scope', given: [] };
  if (grants) return { basis: 'grants', given: [{ scopes: SCOPES }] };
  const words = new Set(['scope', 'scp'].flatMap((claim) => listOf(valueAt(claims, [claim]))));
  return { basis: 'scope', given: [{ scopes: SCOPES.filter((scope) => words.has(scope)) }] };
}

function listOf(value: unknown): readonly string[] {
  if (typeof value === 'string') return value.split(' ');
  return Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : [];
}

const texts = () => z.optional(list(z.string().check(z.minLength(1))));

/** `locations`, `datatypes` and `privileges` of RFC 9396 section 2.2 have no meaning for this type. */
const taskDetail = () =>
  z.pipe(
    z.strictObject({
      type: z.literal('dlc_task'),
      actions: list(z.enum(['cancel', 'read'])),
      identifier: taskIdSchema,
      engines: texts(),
      regions: texts(),
    }),
    z.transform(({ actions, identifier: taskId, engines, regions }): Grant[] => {
      const scopes = SCOPES.filter((scope) => actions.some((one) => `tasks:${one}` === scope));
      // `*` is no wildcard in a token.
      return [{ taskId, scopes, engines: engines && [engines], regions }];
    }),
  );

const foreignDetail = () =>
  z.pipe(
    z.looseObject({ type: z.string().check(z.refine((type) => type !== 'dlc_task')) }),
    z.transform((): Grant[] => []),
  );

const authorizationDetails = z.lazy(() => z.array(z.union([taskDetail(), foreignDetail()])));

/**
 * Reads the claim `authorization_details` (RFC 9396): permission for single tasks, in a token.
 *
 * @returns one grant for each `dlc_task` entry; other types are skipped. Anything malformed gives no grant at all (RFC
 *   9396 section 5): a restriction that is not understood must not be ignored.
 */
export const parseAuthorizationDetails = (value: unknown): readonly Grant[] =>
  authorizationDetails.safeParse(value).data?.flat() ?? [];
