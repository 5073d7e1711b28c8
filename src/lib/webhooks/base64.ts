/**
 * Gives the bytes of standard base64 (RFC 4648, section 4) with padding and no stray bits, else
 * `undefined`: Node's own decoder also takes base64url, blanks and whatever else stands between.
 */
export function decodeBase64(text: string): Buffer | undefined {
  const bytes = Buffer.from(text, 'base64');
  return text !== '' && bytes.toString('base64') === text ? bytes : undefined;
}
