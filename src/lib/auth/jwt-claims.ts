import * as z from 'zod/mini';

import { taskIdSchema } from '../tasks.ts';
import { list } from './entries.ts';
import { grantFor, intersect } from './grants.ts';
import { valueAt, type JsonObject } from './json-pointer.ts';
import type { JwtIssuer } from './jwt-issuers.ts';
import { SCOPES, type Grant, type Principal } from './principal.ts';
import { InvalidToken } from './token-checks.ts';

/** What the claims of a verified token say: who is calling, and what the caller may do. */

const MAX_NAME = 256;
/** Control characters, and halves of surrogate pairs, which become one and the same character in UTF-8. */
const UNSAFE = /[\p{Cc}\p{Cs}]/u;

/** @throws InvalidToken if no claim names the caller as it should */
export function toPrincipal(issuer: JwtIssuer, claims: JsonObject): Principal {
  const { basis, grants } = permissionsOf(issuer, claims);
  return {
    id: `jwt:${issuer.id}:${nameIn(claims)}`,
    scheme: 'bearer',
    basis,
    grants: grants.filter(({ scopes }) => scopes.length > 0),
    ...(issuer.audience.length === 0 && { hasNoAudience: true }),
    rate: issuer.rate,
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

/**
 * The entry's `grants` that match decide; without them `scope` (RFC 8693 section 4.2) and `scp`. If the token has
 * `authorization_details`, these decide in place of `scope` and `scp`, and within the grants. Nothing goes beyond the
 * entry.
 */
function permissionsOf(
  { entry, grants: templates, requireDetails }: JwtIssuer,
  claims: JsonObject,
): Pick<Principal, 'grants' | 'basis'> {
  const whole = grantFor(entry, claims);
  const hasDetails = Object.hasOwn(claims, 'authorization_details');
  if (!whole || (requireDetails && !hasDetails)) return { grants: [], basis: 'scope' };
  const matching = templates?.flatMap((template) => grantFor(template, claims) ?? []);
  const most = matching?.map((grant) => intersect(whole, grant)) ?? [whole];
  if (hasDetails) {
    const details = parseAuthorizationDetails(claims['authorization_details']);
    const grants = most.flatMap((grant) => details.map((detail) => intersect(grant, detail)));
    return { grants, basis: 'authorization_details' };
  }
  if (matching) return { grants: most, basis: 'grants' };
  const words = new Set(['scope', 'scp'].flatMap((claim) => listOf(valueAt(claims, [claim]))));
  const named = { ...whole, scopes: whole.scopes.filter((scope) => words.has(scope)) };
  return { grants: [named], basis: 'scope' };
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
      const given = new Set<string>(actions.map((action) => `tasks:${action}`));
      const scopes = SCOPES.filter((scope) => given.has(scope));
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
