import { FETCH_MS, fetchJwks, JwksUnavailable } from '../../src/lib/auth/jwks.ts';
import type { JwtIssuer } from '../../src/lib/auth/jwt-issuers.ts';
import type { VerificationKey } from '../../src/lib/auth/verification-keys.ts';
import { failed, ok, warning, type Finding } from './finding.ts';

/** Tells whether an issuer's keys can be had, and fit its algorithms; names those that cannot be used. */
export async function checkIssuer(issuer: JwtIssuer, signal: AbortSignal): Promise<Finding> {
  const { id, keys, algorithms } = issuer;
  if (!('uri' in keys)) {
    const isShared = algorithms.includes('HS256');
    const kind = isShared ? 'a shared secret of enough bytes' : `${keys.length} keys in its entry`;
    return ok('issuer', `${id}: ${kind}`);
  }
  const timeout = AbortSignal.timeout(FETCH_MS);
  try {
    const set = await fetchJwks(keys, AbortSignal.any([signal, timeout]));
    const all = set.filter(({ fault }) => fault === undefined);
    const leftOut = set.filter(({ fault }) => fault !== undefined);
    const fitting = all.filter((key) => key.algorithms.some((name) => algorithms.includes(name)));
    const missing = leftOut.map(nameOf).join('; ');
    if (fitting.length === 0) {
      const message = `${id}: none of the ${all.length} usable keys of its JWKS fits ${algorithms.join(', ')}`;
      const advice = 'check jwksUri and algorithms in JWT_ISSUERS';
      return failed('issuer', 'settings', missing ? `${message} (${missing})` : message, advice);
    }
    if (missing) {
      const advice = 'tokens that such a key signs get a 401: its issuer should publish another';
      return warning('issuer', `${id}: its JWKS has keys that cannot be used: ${missing}`, advice);
    }
    if (fitting.length > 1 && fitting.some(({ kid }) => kid === undefined)) {
      const advice = 'a token that fits several keys is refused: its issuer should give each a kid';
      return warning('issuer', `${id}: a key of its JWKS has no kid`, advice);
    }
    return ok('issuer', `${id}: its JWKS has ${fitting.length} keys that fit`);
  } catch (error) {
    const isLate = signal.aborted || timeout.aborted;
    if (!isLate && !(error instanceof JwksUnavailable)) throw error;
    const reason = isLate ? `no answer within ${FETCH_MS} ms` : Object(error).message;
    const advice =
      'check its jwksUri in JWT_ISSUERS and the way out: its tokens get a 503 until then';
    return failed('issuer', 'unreachable', `${id}: its JWKS cannot be had: ${reason}`, advice);
  }
}

/** A `kid` is another party's text: what may act on a terminal is shown as `?`. */
function nameOf({ kid, fault }: VerificationKey): string {
  const name =
    kid === undefined ? 'one without a kid' : `"${kid.replace(/[^ -~]/g, '?').slice(0, 64)}"`;
  return `${name} ${fault}`;
}
