import { toApiKeys } from './lib/auth/api-key.ts';
import { apiKeyEntries, jwtIssuerEntries, rateSchema } from './lib/auth/entries.ts';
import { toJwtIssuers } from './lib/auth/jwt-issuers.ts';
import * as kinds from './lib/config/setting-values.ts';
import { SPELLINGS } from './lib/dlc/client.ts';
import { parseEndpoint } from './lib/dlc/endpoint.ts';
import { LOG_LEVELS } from './lib/observability/log.ts';
import { REGION } from './lib/tasks.ts';
import { webhookSenderEntries } from './lib/webhooks/sender-entries.ts';
import { toWebhookSenders } from './lib/webhooks/webhook-senders.ts';

/**
 * Reads one setting.
 *
 * @param standard the default, as text; none: the setting is empty
 */
export type Read = <T>(name: string, of: kinds.Kind<T>, standard?: string) => T;

const region = kinds.matching(REGION, 'a region such as ap-guangzhou');
const rate = kinds.kind(
  'a rate such as 10/s: a number, and s, m or h',
  (text) => rateSchema.safeParse(text).data,
);
const address = kinds.matching(/^[A-Za-z0-9.:-]+$/, 'an address to listen on');
const prefix = kinds.matching(/^((\/[A-Za-z0-9._~-]+)+)?$/, 'like /prefix');
const milliseconds = (least: number): kinds.Kind<number> => kinds.wholeNumber(least, 900_000);
const port = kinds.wholeNumber(0, 65_535);
const endpoint = {
  form: 'https: and a host whose first label is dlc; or http: on loopback',
  parse: (text: string) => parseEndpoint(text),
};

/** The table of settings: name, kind and default of each. docs/settings.md is made from it. */
export function readTable(read: Read) {
  // The credentials are read again at every call (`readCredentials`); here they are only checked.
  for (const name of SPELLINGS.flat()) read(name, kinds.optional(kinds.secret));
  const cloudCredentials = read(
    'CLOUD_CREDENTIALS',
    kinds.oneOf('environment', 'scf-headers'),
    'environment',
  );
  const defaultRegion =
    read('DLC_REGION', kinds.optional(region)) ??
    read('TENCENTCLOUD_REGION', kinds.optional(region)) ??
    '';
  const others = read('DLC_REGIONS', kinds.setOf(region));
  const basePath = read('BASE_PATH', prefix);
  return {
    cloudCredentials,
    defaultRegion,
    allowedRegions: new Set([defaultRegion, ...others]),
    endpoint: read('DLC_ENDPOINT', endpoint, 'https://dlc.tencentcloudapi.com'),
    apiKeys: read('API_KEYS', kinds.entries(apiKeyEntries, toApiKeys, new Map())),
    jwtIssuers: read('JWT_ISSUERS', kinds.entries(jwtIssuerEntries, toJwtIssuers, [])),
    webhookSenders: read(
      'WEBHOOK_SENDERS',
      kinds.entries(webhookSenderEntries, toWebhookSenders, []),
    ),
    blockedPrincipals: read('BLOCKED_PRINCIPALS', kinds.principals),
    corsOrigins: read('CORS_ORIGINS', kinds.setOf(kinds.origin)),
    /** CancelTask requests in any second, per region. */
    upstreamRate: read('UPSTREAM_RATE', kinds.wholeNumber(1, 1_000_000), '20'),
    callerRate: read('CALLER_RATE', rate, '10/s'),
    redis: read('REDIS_URL', kinds.optional(kinds.redis)),
    expectedInstances: read('EXPECTED_INSTANCES', kinds.wholeNumber(1, 100_000), '1'),
    maxWaitMs: read('MAX_WAIT_MS', milliseconds(0), '3000'),
    requestTimeoutMs: read('REQUEST_TIMEOUT_MS', milliseconds(100), '10000'),
    attemptTimeoutMs: read('ATTEMPT_TIMEOUT_MS', milliseconds(50), '3000'),
    maxAttempts: read('MAX_ATTEMPTS', kinds.wholeNumber(1, 20), '4'),
    maxPreferWaitMs: read('MAX_PREFER_WAIT_MS', milliseconds(0), '3000'),
    taskStateLookup: read('TASK_STATE_LOOKUP', kinds.onOrOff, 'on'),
    basePath,
    /** Stands before `/problems/{code}` in a problem's `type`. */
    problemPrefix: read('PROBLEM_BASE_URL', kinds.optional(kinds.baseUrl)) ?? basePath,
    mcp: read('MCP', kinds.onOrOff, 'off'),
    /** What callers put before the paths. */
    publicUrl: read('PUBLIC_URL', kinds.optional(kinds.baseUrl)),
    mcpConfirm: read('MCP_CONFIRM', kinds.onOrOff, 'off'),
    mcpStateSecret: read('MCP_STATE_SECRET', kinds.optional(kinds.secret)),
    logLevel: read('LOG_LEVEL', kinds.oneOf(...LOG_LEVELS), 'info'),
    host: read('HOST', address, '0.0.0.0'),
    port: read('PORT', port, '9000'),
    metricsHost: read('METRICS_HOST', address, '127.0.0.1'),
    metricsPort: read('METRICS_PORT', kinds.optional(port)),
    metricsEmf: read('METRICS_EMF', kinds.onOrOff, 'off'),
  };
}

export type Table = Readonly<ReturnType<typeof readTable>>;

/** A row of the table as documents show it; `form` is what it must be. */
export type SettingRow = Readonly<Record<'name' | 'form' | 'standard', string>>;

export function settingRows(): SettingRow[] {
  const rows: SettingRow[] = [];
  readTable((name, { form, parse }, standard = '') => {
    rows.push({ name, form, standard });
    return parse(standard, { env: {}, baseDir: '' });
  });
  return rows;
}
