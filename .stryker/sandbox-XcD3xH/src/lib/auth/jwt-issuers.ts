import { createSecretKey, type KeyObject } from 'node:crypto';

import { isLoopback } from '../loopback.ts';
import { resolveSecret, type Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import { narrowingOf, type JwtIssuerEntry } from './entries.ts';
import { SCOPES, type Narrowing, type Rate, type Scope } from './principal.ts';
import { toVerificationKey, UnusableKey, type VerificationKey } from './verification-keys.ts';

/** Where an issuer's keys are. They are `KeyObject`s, which neither JSON nor `inspect` can show. */
export type KeySource =
  | { readonly kind: 'secret'; readonly key: KeyObject }
  | { readonly kind: 'static'; readonly keys: readonly VerificationKey[] }
  | { readonly kind: 'remote'; readonly uri: URL };

/** An issuer whose tokens are taken, checked and ready to verify with. */
export interface JwtIssuer {
  readonly id: string;
  readonly issuer: string;
  readonly audience: readonly string[];
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
  /** The scopes that its tokens can carry at all. */
  readonly ceiling: ReadonlySet<Scope>;
  readonly narrowing: Narrowing;
  readonly rate?: Rate;
}

type Report = (reason: string) => void;

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
  const ids = new Set<string>();
  const issuers = new Set<string>();
  const result = entries.flatMap((entry) => {
    const report: Report = (reason) => reasons.push(`issuer "${entry.id}": ${reason}`);
    if (ids.has(entry.id)) report('another entry has the same id');
    if (issuers.has(entry.issuer)) report('another entry has the same issuer');
    ids.add(entry.id);
    issuers.add(entry.issuer);
    const keys = toKeySource(entry, env, report);
    return keys ? [toJwtIssuer(entry, keys)] : [];
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return result;
}

function toJwtIssuer(entry: JwtIssuerEntry, keys: KeySource): JwtIssuer {
  return {
    id: entry.id,
    issuer: entry.issuer,
    audience: typeof entry.audience === 'string' ? [entry.audience] : entry.audience,
    algorithms: entry.algorithms,
    keys,
    ceiling: new Set(entry.scopes ?? SCOPES),
    narrowing: narrowingOf(entry),
    ...(entry.rate && { rate: entry.rate }),
  };
}

/** Nothing where something is wrong, which has been reported then. */
function toKeySource(
  entry: JwtIssuerEntry,
  env: Environment,
  report: Report,
): KeySource | undefined {
  const { algorithms, jwksUri, jwks, secret } = entry;
  const given = [jwksUri, jwks, secret].filter((source) => source !== undefined);
  if (given.length !== 1) report('exactly one of jwksUri, jwks and secret is needed');
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
  if (uri?.protocol !== 'https:' && !(uri?.protocol === 'http:' && isLoopback(uri.hostname))) {
    report('its jwksUri must be an https: address (http: on loopback only)');
  } else if (uri.username || uri.password)
    report('its jwksUri must not hold a user name or password');
  else return { kind: 'remote', uri };
  return undefined;
}
