import { createSecretKey, type KeyObject } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { reasonsIn, SettingError } from '../config/setting-error.ts';
import { toClaimTests, type ClaimTest } from './claim-tests.ts';
import type { JwtIssuerEntry } from './entries.ts';
import { toFetchable, type RemoteKeys } from './fetch-jwks.ts';
import { toGrantTemplate, type GrantingIssuer } from './grants.ts';
import { SCOPES, type Rate } from './principal.ts';
import { toKeySet, type VerificationKey } from './verification-keys.ts';

/** Where an issuer's keys are. They are `KeyObject`s, which neither JSON nor `inspect` can show. */
export type KeySource =
  | { readonly kind: 'secret'; readonly key: KeyObject }
  | { readonly kind: 'static'; readonly keys: readonly VerificationKey[] }
  | ({ readonly kind: 'remote' } & RemoteKeys);

/** An issuer whose tokens are taken, checked and ready to verify with. */
export interface JwtIssuer extends GrantingIssuer {
  readonly issuer: string;
  /** Empty if `clientIds` stand in its place. */
  readonly audience: readonly string[];
  readonly clientIds?: readonly unknown[] | undefined;
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
  /** What a token must say to be taken at all. */
  readonly require: readonly ClaimTest[];
  /** Seconds. */
  readonly maxTokenAge?: number | undefined;
  readonly rate?: Rate | undefined;
}

/**
 * Makes issuers of the entries of `JWT_ISSUERS`, so that a wrong one never serves a request.
 *
 * @throws SettingError with every reason; each names an entry by its id, none quotes a value
 */
export function toJwtIssuers(
  entries: readonly JwtIssuerEntry[],
  env: Environment,
): readonly JwtIssuer[] {
  const reasons: string[] = [];
  const issuers = entries.flatMap((entry, index) => {
    const found = slipsIn(entry, entries.slice(0, index));
    try {
      return [toJwtIssuer(entry, toKeySource(entry, env))];
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      found.push(...error.reasons);
      return [];
    } finally {
      reasons.push(...found.map((reason) => `issuer "${entry.id}": ${reason}`));
    }
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return issuers;
}

function toJwtIssuer(entry: JwtIssuerEntry, keys: KeySource): JwtIssuer {
  const { id, issuer, audience = [], algorithms, clientIds, maxTokenAge, rate } = entry;
  return {
    id,
    issuer,
    algorithms,
    clientIds,
    maxTokenAge,
    rate,
    keys,
    audience: [audience].flat(),
    require: toClaimTests(entry.require ?? {}),
    entry: toGrantTemplate(entry, entry.scopes ?? SCOPES),
    grants: entry.grants?.map((grant) => toGrantTemplate(grant, grant.scopes, grant.when)),
    requireDetails: entry.requireAuthorizationDetails ?? false,
  };
}

/** They give anybody a token for any audience; Google's tokens have been seen with and without the scheme. */
const PUBLIC_ISSUER =
  /^(https?:\/\/)?(token\.actions\.githubusercontent\.com|gitlab\.com|accounts\.google\.com)\/*$/i;

/** Says what is wrong with an entry apart from its keys. */
function slipsIn(entry: JwtIssuerEntry, earlier: readonly JwtIssuerEntry[]): string[] {
  const { id, issuer, audience, clientIds, algorithms, secret, require } = entry;
  const isSymmetric = algorithms.includes('HS256');
  // RFC 8725 section 3.1: a public key must never be taken for an HMAC secret.
  const isMixed = isSymmetric && algorithms.some((algorithm) => algorithm !== 'HS256');
  return reasonsIn([
    [earlier.some((other) => other.id === id), 'another entry has the same id'],
    [earlier.some((other) => other.issuer === issuer), 'another entry has the same issuer'],
    [
      audience === undefined && !clientIds,
      'it needs an audience, or clientIds if its access tokens have none',
    ],
    [
      !require && PUBLIC_ISSUER.test(issuer),
      'anybody can have a token of it for any audience: require must say whose are taken',
    ],
    [isMixed, 'HS256 cannot be mixed with other algorithms'],
    [
      !isMixed && isSymmetric !== (secret !== undefined),
      'HS256 needs a secret, and a secret needs HS256',
    ],
  ]);
}

/** @throws SettingError */
function toKeySource(entry: JwtIssuerEntry, env: Environment): KeySource {
  const { issuer, algorithms, jwksUri, jwks, secret, discovery } = entry;
  const given = [jwksUri, jwks, secret, discovery || undefined].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new SettingError('exactly one of jwksUri, discovery, jwks and secret is needed');
  }
  if (secret !== undefined) return toSecret(resolveSecret(secret, env));
  if (jwks) return toStatic(jwks.keys, algorithms);
  if (jwksUri !== undefined) return toRemote(jwksUri, 'its jwksUri');
  // OpenID Connect Discovery 1.0, section 4.1. A query or a fragment of the issuer would take the path in.
  const address = issuer.replace(/\/?$/, '/.well-known/openid-configuration');
  return toRemote(/[?#]/.test(issuer) ? '' : address, 'for discovery its issuer', issuer);
}

function toSecret(secret: string): KeySource {
  const key = createSecretKey(secret, 'utf8');
  // RFC 7518 section 3.2: a key of at least the size of the hash.
  if ((key.symmetricKeySize ?? 0) >= 32) return { kind: 'secret', key };
  throw new SettingError('its secret must have at least 32 bytes');
}

function toStatic(jwks: readonly unknown[], pinned: readonly string[]): KeySource {
  const sets = jwks.map((jwk) => toKeySet([jwk]));
  const reasons = sets.flatMap(({ keys: [key], leftOut: [unusable] }, index) => {
    if (key?.algorithms.some((algorithm) => pinned.includes(algorithm))) return [];
    const reason = unusable?.reason ?? 'fits none of its algorithms';
    return [`key ${index + 1} of its jwks ${reason}`];
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return { kind: 'static', keys: sets.flatMap(({ keys }) => keys) };
}

function toRemote(address: string, subject: string, discoveryOf?: string): KeySource {
  const uri = toFetchable(address);
  if (uri) return { kind: 'remote', uri, discoveryOf };
  throw new SettingError(
    `${subject} must be an https: address (http: on loopback only), without user name or password`,
  );
}
