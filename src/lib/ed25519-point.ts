/** The field and the constant of the curve Ed25519 (RFC 8032, section 5.1). */
const P = 2n ** 255n - 19n;
const D = 37095705934669439343138083508754565189542113879843219016388785533085940283555n;

/**
 * Whether 32 bytes are the encoding of a point of Ed25519 (RFC 8032, section 5.1.3) that is not of small order. OpenSSL
 * asks neither: a point off the curve verifies nothing, and under one of small order anybody can sign. For y = 1, one
 * fixed signature is valid for every message.
 */
export function isSoundPoint(bytes: Uint8Array): boolean {
  const littleEndian = bytes.reduceRight((sum, byte) => (sum << 8n) | BigInt(byte), 0n);
  // The highest bit is the sign of x.
  const y = littleEndian & (2n ** 255n - 1n);
  if (y >= P) return false;
  const y2 = (y * y) % P;
  // On the curve x² = u / v, which has a solution if and only if u · v is a square (Euler's criterion).
  const u = y2 - 1n;
  const v = D * y2 + 1n;
  // Order 1 or 2: u = 0. Order 4: y = 0. Order 8: the doubled point has y = 0, so x² = -y².
  const smallOrder = y * u * (u + y2 * v);
  return smallOrder % P !== 0n && power((u * v) % P, (P - 1n) / 2n) === 1n;
}

/** `base` to the power of `exponent`, modulo P. */
function power(base: bigint, exponent: bigint): bigint {
  if (exponent === 0n) return 1n;
  const rest = power((base * base) % P, exponent >> 1n);
  return exponent & 1n ? (rest * base) % P : rest;
}
