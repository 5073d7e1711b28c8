import type { JwtIssuer } from '../../src/lib/auth/jwt-issuers.ts';
import type { Principal } from '../../src/lib/auth/principal.ts';
import type { Settings } from '../../src/settings.ts';
import { inWords, shown } from '../callers/permission-words.ts';
import { ok, type Finding } from './finding.ts';

/** Says in a sentence what each entry may do. Several keys of one id are one entry if they may do the same. */
export function checkPermissions({ apiKeys, webhookSenders, jwtIssuers }: Settings): Finding[] {
  const sentences = [
    ...[...apiKeys.values(), ...webhookSenders].map(
      ({ principal }) => `${principal.id} ${ofPrincipal(principal)}`,
    ),
    ...jwtIssuers.map((issuer) => `jwt:${issuer.id} ${ofIssuer(issuer)}`),
  ];
  return [...new Set(sentences)].map((sentence) => ok('permissions', sentence));
}

const ofPrincipal = ({ grants }: Principal): string => grants.map(inWords).join('; ');

function ofIssuer(issuer: JwtIssuer): string {
  const { grants, requireAuthorizationDetails } = issuer;
  const most = inWords(issuer);
  const basis = requireAuthorizationDetails
    ? 'as authorization_details say'
    : 'as scope and scp say';
  if (!grants) return `${most}, ${basis}`;
  const each = grants.map((grant) => {
    const claims = grant.when.map(({ name }) => shown(name)).join(' and ');
    return `if the token's ${claims} match, it ${inWords(grant)}`;
  });
  return `${most}, at most; ${each.join('; ')}`;
}
