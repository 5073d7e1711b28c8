import { Problem } from '../problem.ts';
import { BEARER_CHALLENGE, TWO_SCHEMES, WEBHOOK_CHALLENGE } from './challenge.ts';
import type { Scheme } from './principal.ts';

/** Which ways of authenticating a request shows, told from the names of its header fields alone. */

/** What a request presents: a scheme that the gateway knows, with the value of its header field. */
export interface Presented {
  readonly scheme: Scheme | 'other';
  readonly credentials: string;
}

/** Header fields by lower-case name. */
type Fields = ReadonlyMap<string, readonly string[]>;

/**
 * Finds the one scheme that a request presents. Any `Authorization`, `X-API-Key` and any `Webhook-*`
 * field each count as one.
 *
 * @throws Problem `invalid-request` for more than one, `unauthenticated` for none or for one that the
 *   route does not take
 */
export function presentedScheme(headers: Fields, accepted: readonly Scheme[]): Presented {
  const challenge = accepted.includes('webhook') ? WEBHOOK_CHALLENGE : BEARER_CHALLENGE;
  const [presented, another] = allPresented(headers);
  if (another) {
    const detail = 'Use one way of authenticating, not several at once.';
    const headersOf400 = accepted.includes('webhook') ? {} : TWO_SCHEMES;
    throw new Problem('invalid-request', { detail, headers: headersOf400 });
  }
  if (!presented || !accepted.some((scheme) => scheme === presented.scheme)) {
    const reason = presented ? `${presented.scheme} is not taken here` : 'no credentials';
    throw new Problem('unauthenticated', { reason, headers: challenge });
  }
  return presented;
}

function allPresented(headers: Fields): Presented[] {
  const found: Presented[] = [];
  const authorization = headers.get('authorization')?.[0];
  if (authorization !== undefined) found.push(fromAuthorization(authorization));
  const key = headers.get('x-api-key')?.[0];
  if (key !== undefined) found.push({ scheme: 'api-key', credentials: key });
  const isSigned = [...headers.keys()].some((name) => name.startsWith('webhook-'));
  if (isSigned) found.push({ scheme: 'webhook', credentials: '' });
  return found;
}

/** The scheme's name is case-insensitive (RFC 9110, 11.1). */
function fromAuthorization(value: string): Presented {
  const token = /^bearer +(.*)$/is.exec(value)?.[1];
  if (token === undefined) return { scheme: 'other', credentials: '' };
  return { scheme: 'bearer', credentials: token.trim() };
}
