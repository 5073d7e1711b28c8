import { InvalidToken } from './invalid-token.ts';
import { isJsonObject } from './json-object.ts';

/** As many bytes as a request may have header fields (Node's own limit, and the server's). */
const MAX_LENGTH = 16 * 1024;

/**
 * Reads the issuer that a token names, from claims that are not verified yet: good for choosing whose
 * keys to verify with, and for nothing else.
 *
 * @throws InvalidToken as `decodeCompact` does, and if the payload is no JSON object with a string `iss`
 */
export function readTokenIssuer(token: string): string {
  const claims = parse(decodeCompact(token)[1]);
  if (!isJsonObject(claims)) throw new InvalidToken('its claims are no JSON object');
  const issuer = Object.hasOwn(claims, 'iss') ? claims['iss'] : undefined;
  if (typeof issuer !== 'string') throw new InvalidToken('its claims name no issuer');
  return issuer;
}

/**
 * Decodes the parts of a compact JWS (RFC 7515 section 7.1) of at most 16 KiB.
 *
 * @throws InvalidToken for anything else, and for a second spelling of the same bytes (RFC 4648 section 3.5)
 */
export function decodeCompact(token: string): readonly Buffer[] {
  if (token.length > MAX_LENGTH) throw new InvalidToken('longer than 16 KiB');
  const parts = token.split('.').map((part) => Buffer.from(part, 'base64url'));
  const spelling = parts.map((part) => part.toString('base64url')).join('.');
  if (parts.length !== 3 || spelling !== token) throw new InvalidToken('not a compact JWS');
  return parts;
}

function parse(payload: Buffer | undefined): unknown {
  try {
    return JSON.parse(String(payload));
  } catch {
    return undefined;
  }
}
