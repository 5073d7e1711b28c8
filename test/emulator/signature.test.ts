import { describe, expect, it } from '@jest/globals';
import {
  parseAuthorization,
  verifySignature,
  type SignedRequest,
} from '../../emulator/signature.ts';
import { signedHeadersOf, type Signing } from './support.ts';

/** Tencent's published example of "Signature v3". */
const vector = {
  body: '{"Limit": 1, "Filters": [{"Values": ["\\u672a\\u547d\\u540d"], "Name": "instance-name"}]}',
  signature: '72e494ea809ad7a8c8f7a4507b9bddcbaa8e581f516e8da2f66e2c5a96525168',
  signing: {
    secretId: 'AKIDz8krbsJ5yKBZQpn74WFkmLPx3EXAMPLE',
    secretKey: 'Gu5t9xGARNpq86cd98joQYCN3EXAMPLE',
    service: 'cvm',
    timestamp: 1_551_113_065,
    host: 'cvm.tencentcloudapi.com',
    contentType: 'application/json; charset=utf-8',
  },
};

/** Everything that goes over the wire, as text. */
interface Wire {
  method: string;
  query: string;
  body: string;
  host: string;
  contentType: string;
  timestamp: string;
  authorization: string;
}

function wireOf(body: string, signing: Signing): Wire {
  const headers = signedHeadersOf(body, signing);
  return {
    method: signing.method ?? 'POST',
    query: signing.query ?? '',
    body,
    host: headers['host'] ?? '',
    contentType: headers['content-type'] ?? '',
    timestamp: headers['x-tc-timestamp'] ?? '',
    authorization: headers['authorization'] ?? '',
  };
}

function verifies(wire: Wire, service: string, secretKey: string, extra: string[] = []): boolean {
  const authorization = parseAuthorization(wire.authorization);
  const request: SignedRequest = {
    method: wire.method,
    query: wire.query,
    rawHeaders: ['Content-Type', wire.contentType, 'Host', wire.host, ...extra],
    body: Buffer.from(wire.body),
  };
  if (authorization === undefined) return false;
  return verifySignature(request, authorization, { secretKey, service, timestamp: wire.timestamp });
}

describe('the published vector', () => {
  const { body, signature, signing } = vector;
  const wire = wireOf(body, signing);

  it('verifies with the published signature', () => {
    expect(wire.authorization).toContain(`Signature=${signature}`);
    expect(verifies(wire, 'cvm', signing.secretKey)).toBe(true);
  });

  it('does not verify for another service or under another key', () => {
    expect(verifies(wire, 'dlc', signing.secretKey)).toBe(false);
    expect(verifies(wire, 'cvm', `${signing.secretKey}x`)).toBe(false);
  });
});

describe('what SDKs sign differently', () => {
  const key = 'secret';
  const verify = (signing: Signing, change: Partial<Wire> = {}, extra: string[] = []): boolean =>
    verifies({ ...wireOf('{}', { secretKey: key, ...signing }), ...change }, 'dlc', key, extra);

  it('takes a host signed with its port, and one signed without', () => {
    expect(verify({ host: '127.0.0.1:9001' })).toBe(true);
    expect(verify({ host: '127.0.0.1' }, { host: '127.0.0.1:9001' })).toBe(true);
    expect(verify({ host: '127.0.0.1:9001' }, { host: '127.0.0.1' })).toBe(false);
  });

  it('takes values with their case kept, and lower-cased ones', () => {
    const contentType = 'application/json; charset=UTF-8';
    expect(verify({ contentType })).toBe(true);
    expect(verify({ contentType, inCase: (value) => value.toLowerCase() })).toBe(true);
    expect(verify({ contentType, inCase: (value) => value.toUpperCase() })).toBe(false);
  });

  it('takes more signed headers, and then holds them to it', () => {
    const signedHeaders = ['content-type', 'host', 'x-tc-action'];
    expect(verify({ signedHeaders }, {}, ['X-TC-Action', 'CancelTask'])).toBe(true);
    expect(verify({ signedHeaders }, {}, ['X-TC-Action', 'DescribeTasks'])).toBe(false);
    expect(verify({ signedHeaders })).toBe(false);
  });

  it('refuses a signed header that was sent twice', () => {
    expect(verify({}, {}, ['host', 'elsewhere'])).toBe(false);
  });

  it('takes a comma without a space', () => {
    const { authorization } = wireOf('{}', { secretKey: key });
    expect(verify({}, { authorization: authorization.replaceAll(', ', ',') })).toBe(true);
  });

  it('signs the query of a GET', () => {
    const signing = { method: 'GET', query: 'TaskId=a' };
    expect(verify(signing)).toBe(true);
    expect(verify(signing, { query: 'TaskId=b' })).toBe(false);
  });

  it('hashes header bytes beyond ASCII as they were on the wire', () => {
    // Node reads header bytes as latin1, so this is what UTF-8 of É looks like in rawHeaders.
    const signedHeaders = ['content-type', 'host', 'x-note'];
    const asRead = Buffer.from('É').toString('latin1');
    const headers = { 'x-note': 'É' };
    expect(verify({ signedHeaders, headers }, {}, ['x-note', asRead])).toBe(true);
  });
});

describe('parseAuthorization', () => {
  it('demands content-type and host among the signed headers', () => {
    const { authorization } = wireOf('{}', {});
    expect(parseAuthorization(authorization)).toMatchObject({ service: 'dlc' });
    for (const signed of ['host', 'content-type', 'content-type;hosts']) {
      expect(
        parseAuthorization(authorization.replace('content-type;host', signed)),
      ).toBeUndefined();
    }
  });

  it.each([undefined, '', 'SKIP', 'Bearer x', 'TC3-HMAC-SHA256 Credential=a/b/c/tc3_request'])(
    'is undefined for %j',
    (value) => expect(parseAuthorization(value)).toBeUndefined(),
  );
});
