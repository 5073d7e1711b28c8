import { createPrivateKey, createSecretKey, randomBytes, type KeyObject } from 'node:crypto';

import { SignJWT, type JWTPayload } from 'jose';

import type { Scope } from '../../src/lib/auth/principal.ts';
import { badData } from '../cli/command-line.ts';

export const TASK_ACTIONS = ['cancel', 'read'] as const;
type TaskAction = (typeof TASK_ACTIONS)[number];

/** The token that is wanted; `authorization_details` (RFC 9396) are made where there are tasks. */
export interface TokenRequest {
  readonly issuer: string;
  readonly audience: string;
  readonly subject: string;
  readonly ttlSeconds: number;
  readonly scopes?: readonly Scope[] | undefined;
  readonly tasks?: readonly string[] | undefined;
  /** What the token permits for these tasks. Default: both, since a caller polls the task that it cancels. */
  readonly actions?: readonly TaskAction[] | undefined;
  readonly regions?: readonly string[] | undefined;
  readonly engines?: readonly string[] | undefined;
}

export interface Signer {
  readonly alg: string;
  readonly key: KeyObject;
  readonly kid?: string | undefined;
}

/** The claims of a token made at `now`, in milliseconds since the epoch. */
export function toClaims(request: TokenRequest, now: number): JWTPayload {
  const { actions = TASK_ACTIONS, regions, engines } = request;
  const issuedAt = Math.floor(now / 1000);
  const details = request.tasks?.map((identifier) => ({
    type: 'dlc_task',
    actions: [...new Set(actions)],
    identifier,
    ...(regions && { regions }),
    ...(engines && { engines }),
  }));
  return {
    iss: request.issuer,
    aud: request.audience,
    sub: request.subject,
    iat: issuedAt,
    exp: issuedAt + request.ttlSeconds,
    ...(request.scopes && { scope: [...new Set(request.scopes)].join(' ') }),
    ...(details && { authorization_details: details }),
  };
}

/** Signs the claims (RFC 7519). */
export async function signToken(claims: JWTPayload, signer: Signer): Promise<string> {
  const { alg, kid, key } = signer;
  return new SignJWT(claims)
    .setProtectedHeader({ alg, typ: 'JWT', ...(kid !== undefined && { kid }) })
    .sign(key);
}

/**
 * Signs with HS256, with the UTF-8 bytes of the secret as its key.
 *
 * @throws CommandError 65 below the 32 bytes that RFC 7518, section 3.2, asks for
 */
export function secretSigner(secret: string, kid?: string): Signer {
  const bytes = Buffer.from(secret);
  if (bytes.length < 32) throw badData('the secret must be at least 32 bytes long');
  return { alg: 'HS256', key: createSecretKey(bytes), kid };
}

const ALGORITHM_OF_CURVE: Readonly<Record<string, string>> = {
  prime256v1: 'ES256',
  secp384r1: 'ES384',
  secp521r1: 'ES512',
};

/**
 * Signs with a private key in PEM, by the algorithm that goes with its type.
 *
 * @throws CommandError 65 which never quotes the key
 */
export function keySigner(pem: string, kid?: string): Signer {
  const key = readKey(pem);
  const alg = algorithmOf(key);
  if (alg) return { alg, key, kid };
  throw badData('the key must be RSA of at least 2048 bits, EC (P-256, P-384, P-521) or Ed25519');
}

function readKey(pem: string): KeyObject {
  try {
    return createPrivateKey(pem);
  } catch {
    throw badData('the key file must hold a private key in PEM, not encrypted');
  }
}

function algorithmOf(key: KeyObject): string | undefined {
  const { modulusLength = 0, namedCurve = '' } = key.asymmetricKeyDetails ?? {};
  if (key.asymmetricKeyType === 'rsa') return modulusLength >= 2048 ? 'RS256' : undefined;
  if (key.asymmetricKeyType === 'ec') return ALGORITHM_OF_CURVE[namedCurve];
  return key.asymmetricKeyType === 'ed25519' ? 'EdDSA' : undefined;
}

/** A fresh secret for HS256: 43 characters, 256 bits of randomness. */
export function newTokenSecret(random: (size: number) => Buffer = randomBytes): string {
  return random(32).toString('base64url');
}
