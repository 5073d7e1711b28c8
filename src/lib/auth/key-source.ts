import { createSecretKey, type KeyObject } from 'node:crypto';

import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import type { JwtIssuerEntry } from './entries.ts';
import { isFetchable, type RemoteKeys } from './fetch-jwks.ts';
import { toVerificationKey, UnusableKey, type VerificationKey } from './verification-keys.ts';

/** Where an issuer's keys are. They are `KeyObject`s, which neither JSON nor `inspect` can show. */
export type KeySource =
  | { readonly kind: 'secret'; readonly key: KeyObject }
  | { readonly kind: 'static'; readonly keys: readonly VerificationKey[] }
  | ({ readonly kind: 'remote' } & RemoteKeys);

export type Report = (reason: string) => void;

/** @returns nothing if something is wrong, which has been reported then */
export function toKeySource(
  entry: JwtIssuerEntry,
  env: Environment,
  report: Report,
): KeySource | undefined {
  const { algorithms, jwksUri, jwks, secret, discovery } = entry;
  const given = [jwksUri, jwks, secret, discovery || undefined].filter((one) => one !== undefined);
  if (given.length !== 1) report('exactly one of jwksUri, discovery, jwks and secret is needed');
  const hmac = algorithms.filter((algorithm) => algorithm === 'HS256').length;
  // RFC 8725 section 3.1: a public key must never be taken for an HMAC secret.
  if (hmac > 0 && hmac < algorithms.length) report('HS256 cannot be mixed with other algorithms');
  else if (given.length === 1 && hmac > 0 !== (secret !== undefined)) {
    report('HS256 needs a secret, and a secret needs HS256');
  }
  const sources = [
    secret === undefined ? undefined : toSecret(secret, env, report),
    jwks && toStatic(jwks.keys, algorithms, report),
    jwksUri === undefined ? undefined : toRemote(jwksUri, report),
    discovery ? toDiscovered(entry.issuer, report) : undefined,
  ];
  return sources.find((source) => source !== undefined);
}

function toSecret(member: string, env: Environment, report: Report): KeySource | undefined {
  try {
    const key = createSecretKey(resolveSecret(member, env), 'utf8');
    // RFC 7518 section 3.2: a key of at least the size of the hash.
    if ((key.symmetricKeySize ?? 0) >= 32) return { kind: 'secret', key };
    report('its secret must have at least 32 bytes');
  } catch (error) {
    if (!(error instanceof SettingError)) throw error;
    error.reasons.forEach(report);
  }
  return undefined;
}

function toStatic(jwks: readonly unknown[], pinned: readonly string[], report: Report): KeySource {
  const keys = jwks.flatMap((jwk, index) => {
    try {
      const key = toVerificationKey(jwk);
      if (key.algorithms.some((algorithm) => pinned.includes(algorithm))) return [key];
      report(`key ${index + 1} of its jwks fits none of its algorithms`);
    } catch (error) {
      if (!(error instanceof UnusableKey)) throw error;
      report(`key ${index + 1} of its jwks ${error.message}`);
    }
    return [];
  });
  return { kind: 'static', keys };
}

function toRemote(jwksUri: string, report: Report): KeySource | undefined {
  const uri = URL.canParse(jwksUri) ? new URL(jwksUri) : undefined;
  if (uri && isFetchable(uri)) return { kind: 'remote', uri };
  if (uri && (uri.username || uri.password)) {
    report('its jwksUri must not hold a user name or password');
  } else report('its jwksUri must be an https: address (http: on loopback only)');
  return undefined;
}

/** OpenID Connect Discovery 1.0, section 4.1. */
function toDiscovered(issuer: string, report: Report): KeySource | undefined {
  const address = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const uri = URL.canParse(address) ? new URL(address) : undefined;
  if (uri && isFetchable(uri) && !uri.search && !uri.hash) {
    return { kind: 'remote', uri, discoveryOf: issuer };
  }
  report('for discovery its issuer must be an https: address (http: on loopback only)');
  return undefined;
}
