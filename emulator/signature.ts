import { createHash, createHmac, timingSafeEqual } from 'node:crypto';

/** The parts of a request that a signature covers, as received. */
export interface SignedRequest {
  method: string;
  /** The text after `?` in the URL, as sent; empty without one. */
  query: string;
  /** Names and values in turn, as `IncomingMessage.rawHeaders` gives them. */
  rawHeaders: readonly string[];
  body: Uint8Array;
}

/** The parts of an `Authorization` header of TC3-HMAC-SHA256, each as sent. */
export interface Authorization {
  secretId: string;
  date: string;
  service: string;
  signedHeaders: string;
  signature: string;
}

/** What a signature depends on besides the request. */
interface SigningContext {
  secretKey: string;
  service: string;
  /** `X-TC-Timestamp` as sent. */
  timestamp: string;
}

const authorizationShape =
  /^TC3-HMAC-SHA256 Credential=(?<secretId>[^\s,/]+)\/(?<date>\d{4}-\d{2}-\d{2})\/(?<service>[^\s,/]+)\/tc3_request, *SignedHeaders=(?<signedHeaders>[^\s,]+), *Signature=(?<signature>[^\s,]+)$/;

/**
 * Takes an `Authorization` header apart.
 *
 * @returns its parts, or undefined when it is not of TC3-HMAC-SHA256 or does not sign
 *   `content-type` and `host`, which Tencent's "Signature v3" demands
 */
export function parseAuthorization(value: string | undefined): Authorization | undefined {
  const parts = authorizationShape.exec(value ?? '')?.groups;
  if (parts === undefined) return undefined;
  const { secretId = '', date = '', service = '', signedHeaders = '', signature = '' } = parts;
  const names = signedHeaders.split(';');
  if (!names.includes('content-type') || !names.includes('host')) return undefined;
  return { secretId, date, service, signedHeaders, signature };
}

/**
 * Whether the signature is that of this request under this key (Tencent's "Signature v3").
 *
 * Official SDKs differ in what they sign: Node leaves the host's port out, Python signs it, and some
 * keep a value's case. So each of these four forms is accepted. Everything else must match byte for byte.
 */
export function verifySignature(
  request: SignedRequest,
  authorization: Authorization,
  context: SigningContext,
): boolean {
  if (authorization.service !== context.service) return false;
  const received = Buffer.from(authorization.signature, 'latin1');
  return canonicalHeaderForms(request.rawHeaders, authorization.signedHeaders).some((headers) => {
    const expected = Buffer.from(sign(request, headers, authorization, context), 'latin1');
    return expected.length === received.length && timingSafeEqual(expected, received);
  });
}

function sign(
  request: SignedRequest,
  canonicalHeaders: string,
  { date, signedHeaders }: Authorization,
  { secretKey, service, timestamp }: SigningContext,
): string {
  const canonicalRequest = [
    request.method,
    '/',
    request.query,
    canonicalHeaders,
    signedHeaders,
    sha256(request.body),
  ].join('\n');
  const scope = `${date}/${service}/tc3_request`;
  // Node decodes header bytes as latin1: encoding them the same way gives the bytes that were sent.
  const digest = sha256(Buffer.from(canonicalRequest, 'latin1'));
  const stringToSign = ['TC3-HMAC-SHA256', timestamp, scope, digest].join('\n');
  const key = [date, service, 'tc3_request'].reduce(hmac, Buffer.from(`TC3${secretKey}`));
  return hmac(key, stringToSign).toString('hex');
}

/** The accepted forms of the signed headers; none if a header is absent or sent twice. */
function canonicalHeaderForms(rawHeaders: readonly string[], signedHeaders: string): string[] {
  const headers: [name: string, value: string][] = [];
  for (const name of signedHeaders.split(';')) {
    const values = headerValues(rawHeaders, name);
    const [value] = values;
    if (value === undefined || values.length > 1) return [];
    headers.push([name, value.trim()]);
  }
  const forms = [asciiLowerCase, kept].flatMap((inCase) =>
    [kept, withoutPort].map((host) =>
      headers
        .map(([name, value]) => `${name}:${inCase(name === 'host' ? host(value) : value)}\n`)
        .join(''),
    ),
  );
  return [...new Set(forms)];
}

/**
 * All values of one header, in the order sent.
 *
 * @param name in lower case
 */
export function headerValues(rawHeaders: readonly string[], name: string): string[] {
  return rawHeaders.filter(
    (_, index) => index % 2 === 1 && rawHeaders[index - 1]?.toLowerCase() === name,
  );
}

function kept(value: string): string {
  return value;
}

function withoutPort(host: string): string {
  return host.replace(/:\d+$/, '');
}

/** Bytes beyond ASCII stay as they are: `toLowerCase` would change them, and no SDK does. */
function asciiLowerCase(value: string): string {
  return value.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function sha256(data: Uint8Array): string {
  return createHash('sha256').update(data).digest('hex');
}

function hmac(key: Buffer, data: string): Buffer {
  return createHmac('sha256', key).update(data).digest();
}
