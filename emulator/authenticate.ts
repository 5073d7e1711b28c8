import { createHash, timingSafeEqual } from 'node:crypto';
import { ApiError } from './envelope.ts';
import { headerValues, parseAuthorization, verifySignature } from './signature.ts';
import type { SignedRequest } from './signature.ts';

/** The one key pair that the emulator knows, and its session token if it is a temporary one. */
export interface Credentials {
  secretId: string;
  secretKey: string;
  token?: string;
}

const service = 'dlc';
const allowedSkewMs = 5 * 60 * 1000;

/**
 * Checks who sent a request: shape, timestamp, key, service, clock skew, date, signature, token. Each
 * has its own code or message.
 *
 * Not documented, so not imitated: what DLC says to `X-TC-Token` beside a permanent key (ignored here),
 * to a body signed as `UNSIGNED-PAYLOAD`, and to signatures of version 1 (both refused here).
 *
 * @param nowMs the time of day here, in ms since 1970
 * @throws ApiError with an `AuthFailure.…` code, or MissingParameter without `X-TC-Timestamp`
 */
export function authenticate(request: SignedRequest, known: Credentials, nowMs: number): void {
  const timestamp = readTimestamp(request.rawHeaders);
  const authorization = parseAuthorization(headerValues(request.rawHeaders, 'authorization')[0]);
  if (authorization === undefined) throw new ApiError('AuthFailure.InvalidAuthorization');
  if (!equalSecrets(authorization.secretId, known.secretId)) {
    throw new ApiError('AuthFailure.SecretIdNotFound');
  }
  if (authorization.service !== service) {
    throw new ApiError('AuthFailure.SignatureFailure', wrongService(authorization.service));
  }
  const signedAtMs = Number(timestamp) * 1000;
  if (Math.abs(nowMs - signedAtMs) > allowedSkewMs) {
    throw new ApiError('AuthFailure.SignatureExpire');
  }
  const isDated = authorization.date === new Date(signedAtMs).toISOString().slice(0, 10);
  const context = { secretKey: known.secretKey, service, timestamp };
  if (!isDated || !verifySignature(request, authorization, context)) {
    throw new ApiError('AuthFailure.SignatureFailure');
  }
  const token = headerValues(request.rawHeaders, 'x-tc-token')[0] ?? '';
  if (known.token !== undefined && !equalSecrets(token, known.token)) {
    throw new ApiError('AuthFailure.TokenFailure');
  }
}

/** The name comes from the request, whose `Authorization` has no spaces or control characters in it. */
function wrongService(name: string): string {
  return `The signature is for the service \`${name}\`; it must be for \`${service}\`, the first label of the endpoint's host.`;
}

function readTimestamp(rawHeaders: readonly string[]): string {
  const timestamp = headerValues(rawHeaders, 'x-tc-timestamp')[0]?.trim() ?? '';
  if (timestamp === '') {
    throw new ApiError(
      'MissingParameter',
      'The request is missing a required parameter `X-TC-Timestamp`.',
    );
  }
  if (!/^\d{1,12}$/.test(timestamp)) {
    throw new ApiError('InvalidParameter', 'The parameter `X-TC-Timestamp` should be an integer.');
  }
  return timestamp;
}

/** Digests have one length, which `timingSafeEqual` needs. */
function equalSecrets(left: string, right: string): boolean {
  return timingSafeEqual(digest(left), digest(right));
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
