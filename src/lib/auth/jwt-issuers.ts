import type { Environment } from '../config/secret-reference.ts';
import { SettingError } from '../config/setting-error.ts';
import { toClaimTests, type ClaimTest } from './claim-tests.ts';
import type { JwtIssuerEntry } from './entries.ts';
import { toGrantTemplate, type GrantTemplate } from './grants.ts';
import { toKeySource, type KeySource, type Report } from './key-source.ts';
import { SCOPES, type Rate } from './principal.ts';

/** An issuer whose tokens are taken, checked and ready to verify with. */
export interface JwtIssuer {
  readonly id: string;
  readonly issuer: string;
  /** Empty if `clientIds` stand in its place. */
  readonly audience: readonly string[];
  readonly clientIds?: ReadonlySet<unknown>;
  readonly algorithms: readonly string[];
  readonly keys: KeySource;
  /** What a token must say to be taken at all. */
  readonly require: readonly ClaimTest[];
  /** Seconds. */
  readonly maxTokenAge?: number;
  /** Its max scopes and restrictions: no token permits more. */
  readonly entry: GrantTemplate;
  /** Absent: the scopes that a token names decide. */
  readonly grants?: readonly GrantTemplate[];
  /** A token without `authorization_details` permits nothing. */
  readonly requireDetails: boolean;
  readonly rate?: Rate;
}

/** They give anybody a token for any audience, so that an audience alone proves nothing. */
const PUBLIC_ISSUERS = new Set([
  'token.actions.githubusercontent.com',
  'gitlab.com',
  'accounts.google.com',
]);

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
    if (entry.audience === undefined && !entry.clientIds) {
      report('it needs an audience, or clientIds if its access tokens have none');
    }
    if (!entry.require && PUBLIC_ISSUERS.has(hostOf(entry.issuer))) {
      report('anybody can have a token of it for any audience: require must say whose are taken');
    }
    const keys = toKeySource(entry, env, report);
    return keys ? [toJwtIssuer(entry, keys)] : [];
  });
  if (reasons.length > 0) throw new SettingError(...reasons);
  return result;
}

function toJwtIssuer(entry: JwtIssuerEntry, keys: KeySource): JwtIssuer {
  const { id, issuer, audience = [], algorithms, clientIds, require = {} } = entry;
  return {
    id,
    issuer,
    audience: [audience].flat(),
    algorithms,
    keys,
    ...(clientIds && { clientIds: new Set(clientIds) }),
    require: toClaimTests(require),
    ...(entry.maxTokenAge !== undefined && { maxTokenAge: entry.maxTokenAge }),
    entry: toGrantTemplate({
      engines: entry.engines,
      regions: entry.regions,
      owner: entry.owner,
      scopes: entry.scopes ?? SCOPES,
    }),
    ...(entry.grants && { grants: entry.grants.map(toGrantTemplate) }),
    requireDetails: entry.requireAuthorizationDetails ?? false,
    ...(entry.rate && { rate: entry.rate }),
  };
}

/** Google's tokens have been seen with and without the scheme. */
function hostOf(issuer: string): string {
  return issuer
    .toLowerCase()
    .replace(/^https?:\/\//, '')
    .replace(/\/+$/, '');
}
