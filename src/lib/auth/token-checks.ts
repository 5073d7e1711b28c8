import type { JWTPayload, JWTHeaderParameters } from 'jose';

import { unmetTest } from './claim-tests.ts';
import { InvalidToken } from './invalid-token.ts';
import type { JwtIssuer } from './jwt-issuers.ts';

/** The clocks of an issuer and of the gateway may differ by so much. */
export const CLOCK_TOLERANCE_SECONDS = 30;

/** Media types are compared in any case. */
const ACCESS_TOKEN_TYPES = new Set(['at+jwt', 'application/at+jwt']);

/**
 * Checks a verified token beyond what jose checks.
 *
 * @param now seconds since the epoch
 * @throws InvalidToken, which names a claim, never its value
 */
export function checkToken(
  issuer: JwtIssuer,
  claims: JWTPayload,
  header: JWTHeaderParameters,
  now: number,
): void {
  checkWhatJoseLetsPass(claims, now);
  // RFC 7800 section 3.1: the token is good only with a proof of a key, which the gateway cannot check.
  demand(!Object.hasOwn(claims, 'cnf'), 'cnf: it is bound to a key');
  if (issuer.clientIds) checkClient(issuer, issuer.clientIds, claims, header);
  const unmet = unmetTest(issuer.require, claims);
  if (unmet) throw new InvalidToken(`require: ${unmet.name} does not hold`);
  if (issuer.maxTokenAge !== undefined) checkAge(issuer.maxTokenAge, claims, now);
}

/** Values that jose takes: `1e999`, anything beside a string in a list of audiences, a future `iat`. */
function checkWhatJoseLetsPass({ exp, aud, iat = 0 }: JWTPayload, now: number): void {
  demand(Number.isFinite(exp), 'exp is not finite');
  demand(
    aud === undefined || [aud].flat().every((audience) => typeof audience === 'string'),
    'malformed aud',
  );
  demand(iat <= now + CLOCK_TOLERANCE_SECONDS, 'iat is in the future');
}

/** Cognito's access tokens have no `aud`: their `client_id` says whom they were made for. */
function checkClient(
  { audience }: JwtIssuer,
  clientIds: ReadonlySet<unknown>,
  claims: JWTPayload,
  { typ }: JWTHeaderParameters,
): void {
  const clientId = Object.hasOwn(claims, 'client_id') ? claims['client_id'] : undefined;
  demand(clientIds.has(clientId), 'client_id: not one of clientIds');
  const tokenUse = Object.hasOwn(claims, 'token_use') ? claims['token_use'] : undefined;
  const isAccessToken = tokenUse === 'access' || ACCESS_TOKEN_TYPES.has(String(typ).toLowerCase());
  demand(audience.length > 0 || isAccessToken, 'token_use: not an access token');
}

/** Without `iat`, the token's life that is left must not be longer than its whole life may be. */
function checkAge(maxTokenAge: number, { iat, exp = Infinity }: JWTPayload, now: number): void {
  const isYoung =
    iat === undefined
      ? exp - now <= maxTokenAge + CLOCK_TOLERANCE_SECONDS
      : now - iat <= maxTokenAge;
  demand(isYoung, 'iat: older than maxTokenAge');
}

function demand(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new InvalidToken(otherwise);
}
