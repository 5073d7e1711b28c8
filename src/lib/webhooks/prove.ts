import { verifyHmac, type SignedRequest } from './hmac.ts';
import { NotProven } from './not-proven.ts';
import type { Proof } from './sender-proof.ts';
import { verifySecret } from './static-secret.ts';

/**
 * Verifies that the sender of the entry sent the request.
 *
 * @param proof of another kind than Standard Webhooks
 * @param nowMs milliseconds since the epoch
 * @returns why it is not proven, in a few words for the log; `undefined` if it is
 */
export function whyNotProven(
  proof: Exclude<Proof, { readonly by: 'standard' }>,
  request: SignedRequest,
  nowMs: number,
): string | undefined {
  try {
    if (proof.by === 'hmac') verifyHmac(proof.scheme, proof.keys, request, nowMs);
    else verifySecret(proof.via, proof.digests, request.headers);
    return undefined;
  } catch (error) {
    if (error instanceof NotProven) return error.message;
    throw error;
  }
}
