import { createHash, randomBytes } from 'node:crypto';

import type { Environment } from './children.ts';

/** The callers, in the settings of the gateway and of its peers, and what they send. */

const KEY = `dlcgw_${randomBytes(32).toString('base64url')}`;
const NO_QUOTA = '999999/s';

export const keyOf = (caller: number): string => `${KEY}${caller}`;

export function keyEntries(count: number): object[] {
  return Array.from({ length: count }, (_, caller) => ({
    id: `c${caller}`,
    sha256: createHash('sha256').update(keyOf(caller)).digest('hex'),
    scopes: ['tasks:cancel'],
    rate: NO_QUOTA,
  }));
}

/** Settings with limits that no measurement reaches; the peers read those settings that they know. */
export function settings(dlc: string, more: Environment = {}): Environment {
  return {
    PATH: process.env['PATH'] ?? '',
    DLC_ENDPOINT: dlc,
    DLC_REGION: 'ap-guangzhou',
    TENCENTCLOUD_SECRET_ID: 'AKIDEMULATOR',
    TENCENTCLOUD_SECRET_KEY: 'emulator-secret-key',
    API_KEYS: JSON.stringify(keyEntries(1)),
    UPSTREAM_RATE: '1000000',
    ...more,
  };
}

/** A cancellation with a key, as an event of API Gateway's HTTP APIs, payload 2.0. */
export function cancelEvent(): object {
  const path = '/tasks/a';
  return {
    version: '2.0',
    routeKey: '$default',
    rawPath: path,
    rawQueryString: '',
    headers: { host: 'api.example', 'x-api-key': keyOf(0) },
    requestContext: {
      accountId: '123456789012',
      apiId: 'api',
      domainName: 'api.example',
      domainPrefix: 'api',
      http: {
        method: 'DELETE',
        path,
        protocol: 'HTTP/1.1',
        sourceIp: '192.0.2.1',
        userAgent: 'bench',
      },
      requestId: 'r',
      routeKey: '$default',
      stage: '$default',
      time: '25/Nov/2026:00:00:00 +0000',
      timeEpoch: 1_795_564_800_000,
    },
    isBase64Encoded: false,
  };
}
