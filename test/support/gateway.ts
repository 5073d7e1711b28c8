import { expect } from '@jest/globals';
import { keyEntry } from './key-entry.ts';

/** What the tests of the whole gateway have in common: its settings, its callers, what every answer has. */

const REGION = 'ap-guangzhou';

export const KEYS = {
  both: 'key-of-a-caller-who-may-cancel-and-read',
  reader: 'key-of-a-caller-who-may-only-read',
  blocked: 'key-of-a-caller-who-is-blocked',
} as const;

export interface EmulatorAddress {
  readonly url: string;
  readonly secretId: string;
  readonly secretKey: string;
}

/** The settings of a gateway in front of an emulator. */
export function settingsFor(
  { url, secretId, secretKey }: EmulatorAddress,
  more: Readonly<Record<string, string>> = {},
): Record<string, string> {
  return {
    DLC_REGION: REGION,
    DLC_REGIONS: 'ap-singapore',
    DLC_ENDPOINT: url,
    TENCENTCLOUD_SECRETID: secretId,
    TENCENTCLOUD_SECRETKEY: secretKey,
    UPSTREAM_RATE: '100000',
    API_KEYS: JSON.stringify([
      keyEntry(KEYS.both, { id: 'both', rate: '9999/s' }),
      keyEntry(KEYS.reader, { id: 'reader', scopes: ['tasks:read'], rate: '9999/s' }),
      keyEntry(KEYS.blocked, { id: 'blocked', scopes: ['tasks:cancel'], rate: '9999/s' }),
    ]),
    BLOCKED_PRINCIPALS: 'key:blocked',
    ...more,
  };
}

/** The header fields that every answer has, whatever happened (contract.md, "Headers"). */
export function expectAlwaysHeaders(headers: Readonly<Record<string, unknown>>): void {
  const lower = lowerCased(headers);
  expect(lower).toMatchObject({
    'x-request-id': expect.stringMatching(/^[A-Za-z0-9._-]{1,128}$/),
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'strict-transport-security': expect.stringMatching(/^max-age=\d{7,}/),
    'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
    'x-frame-options': 'DENY',
    'referrer-policy': 'no-referrer',
  });
}

export function lowerCased(headers: Readonly<Record<string, unknown>>): Record<string, unknown> {
  const pairs = Object.entries(headers).map(
    ([name, value]) => [name.toLowerCase(), value] as const,
  );
  expect(new Set(pairs.map(([name]) => name)).size).toBe(pairs.length);
  return Object.fromEntries(pairs);
}

export interface AnswerOf {
  readonly status: number;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly text: string;
}

const MEMBERS = new Set([
  'type',
  'title',
  'status',
  'detail',
  'code',
  'retryable',
  'requestId',
  'outcomeUnknown',
  'upstreamCode',
  'upstreamRequestId',
  'taskId',
  'region',
  'taskState',
  'errors',
  'violated-policies',
]);

/** An answer that is a problem, whole and as the contract draws it; gives its body. */
export function expectProblem(
  response: AnswerOf,
  status: number,
  code: string,
): Readonly<Record<string, unknown>> {
  const headers = lowerCased(response.headers);
  const parsed: unknown = JSON.parse(response.text);
  const body: Record<string, unknown> = Object.fromEntries(Object.entries(Object(parsed)));
  expect({ status: response.status, code: body['code'] }).toEqual({ status, code });
  expect(headers['content-type']).toBe('application/problem+json');
  expect(body).toMatchObject({
    type: expect.stringMatching(new RegExp(`/problems/${code}$`)),
    title: expect.stringMatching(/\S/),
    status,
    detail: expect.stringMatching(/\S/),
    retryable: expect.any(Boolean),
    requestId: headers['x-request-id'],
  });
  expect(Object.keys(body).filter((name) => !MEMBERS.has(name))).toEqual([]);
  expect(headers['retry-after'] !== undefined).toBe(body['retryable']);
  if (status === 401) expect(headers['www-authenticate']).toMatch(/\S/);
  expectAlwaysHeaders(response.headers);
  return body;
}
