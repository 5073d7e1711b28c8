import { createSecretKey } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { attempt, faultsIn, SettingError } from '../config/setting-error.ts';
import type { JwtIssuerEntry } from './entries.ts';
import type { Pointer } from './json-pointer.ts';
import { toFetchable, type RemoteKeys } from './jwks.ts';
import { SCOPES, type Grant } from './principal.ts';
import { toVerificationKey, type VerificationKey } from './verification-keys.ts';

/** The keys of an issuer: its secret or those in its entry, or where it publishes them. */
export type KeySource = readonly VerificationKey[] | RemoteKeys;

/** A grant of an issuer's entry, which a token completes: `owner` is where the token names the owner. */
export interface GrantTemplate extends Omit<Grant, 'owner'> {
  readonly owner?: Pointer | undefined;
}

/** An issuer whose tokens are taken: its entry, checked, with keys to verify by. No token permits more than it does. */
export interface JwtIssuer
  extends
    Omit<JwtIssuerEntry, 'audience' | 'jwks' | 'secret' | keyof GrantTemplate>,
    GrantTemplate {
  /** Empty if `clientIds` stand in its place. */
  readonly audience: readonly string[];
  readonly keys: KeySource;
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
  const issuers = entries.map((entry, index): JwtIssuer => {
    const note = (reason: string) => reasons.push(`issuer "${entry.id}": ${reason}`);
    faultsOf(entry, entries.slice(0, index)).forEach(note);
    const { secret: _secret, jwks: _jwks, audience = [], scopes = SCOPES, ...members } = entry;
    const keys = attempt(() => toKeySource(entry, env), note) ?? [];
    return { ...members, audience: [audience].flat(), scopes, keys };
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return issuers;
}

/** They give anybody a token for any audience; Google's tokens have been seen with and without the scheme. */
const PUBLIC_ISSUER =
  /^(https?:\/\/)?(token\.actions\.githubusercontent\.com|gitlab\.com|accounts\.google\.com)\/*$/i;

/** Says what is wrong with an entry apart from its keys. */
function faultsOf(entry: JwtIssuerEntry, earlier: readonly JwtIssuerEntry[]): string[] {
  const { id, issuer, audience, clientIds, algorithms, secret, require } = entry;
  const isSymmetric = algorithms.includes('HS256');
  // RFC 8725 section 3.1: a public key must never be taken for an HMAC secret.
  const isMixed = isSymmetric && algorithms.some((algorithm) => algorithm !== 'HS256');
  return faultsIn({
    'another entry has the same id': earlier.some((other) => other.id === id),
    'another entry has the same issuer': earlier.some((other) => other.issuer === issuer),
    'it needs an audience, or clientIds if its access tokens have none': !(audience ?? clientIds),
    'anybody can have a token of it for any audience: require must say whose are taken':
      !require && PUBLIC_ISSUER.test(issuer),
    'HS256 cannot be mixed with other algorithms': isMixed,
    'HS256 needs a secret, and a secret needs HS256':
      !isMixed && isSymmetric !== (secret !== undefined),
  });
}

/** @throws SettingError */
function toKeySource(entry: JwtIssuerEntry, env: Environment): KeySource {
  const { issuer, algorithms, jwksUri, jwks, secret, discovery } = entry;
  const given = [jwksUri, jwks, secret, discovery || undefined].filter((one) => one !== undefined);
  if (given.length !== 1) {
    throw new SettingError('exactly one of jwksUri, discovery, jwks and secret is needed');
  }
  if (secret !== undefined) return [toSharedKey(resolveSecret(secret, env))];
  if (jwks) return toStaticKeys(jwks.keys, algorithms);
  if (jwksUri !== undefined) return toRemoteKeys(jwksUri, 'its jwksUri');
  // OpenID Connect Discovery 1.0, section 4.1. A query or a fragment of the issuer would take the path in.
  const address = issuer.replace(/\/?$/, '/.well-known/openid-configuration');
  return toRemoteKeys(/[?#]/.test(issuer) ? '' : address, 'for discovery its issuer', issuer);
}

function toSharedKey(secret: string): VerificationKey {
  const key = createSecretKey(secret, 'utf8');
  // RFC 7518 section 3.2: a key of at least the size of the hash.
  if ((key.symmetricKeySize ?? 0) >= 32) return { algorithms: ['HS256'], key };
  throw new SettingError('its secret must have at least 32 bytes');
}

function toStaticKeys(jwks: readonly unknown[], pinned: readonly string[]): VerificationKey[] {
  const keys = jwks.map(toVerificationKey);
  const reasons = keys.flatMap(({ algorithms, fault = 'fits none of its algorithms' }, index) => {
    const isFitting = algorithms.some((name) => pinned.includes(name));
    return isFitting ? [] : [`key ${index + 1} of its jwks ${fault}`];
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return keys;
}

function toRemoteKeys(address: string, subject: string, discoveryOf?: string): RemoteKeys {
  const uri = toFetchable(address);
  if (uri) return { uri, discoveryOf };
  throw new SettingError(
    `${subject} must be an https: address (http: on loopback only), without user name or password`,
  );
}
