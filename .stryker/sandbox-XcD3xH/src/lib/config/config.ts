import type * as z from 'zod/mini';

import { toApiKeys, type ApiKeys } from '../auth/api-key.ts';
import {
  apiKeyEntries,
  jwtIssuerEntries,
  rateSchema,
  webhookSenderEntries,
} from '../auth/entries.ts';
import { toJwtIssuers, type JwtIssuer } from '../auth/jwt-issuers.ts';
import type { Rate } from '../auth/principal.ts';
import { toWebhookSenders, type WebhookSender } from '../webhooks/webhook-senders.ts';
import { parseEndpoint, type DlcEndpoint } from '../dlc/endpoint.ts';
import { LOG_LEVELS, type LogLevel } from '../observability/log.ts';
import { parseRedisUrl, type RedisTarget } from '../rate-limit/redis-url.ts';
import type { Environment } from './secret-reference.ts';
import { SettingError } from './setting-error.ts';
import {
  baseUrl,
  list,
  matching,
  oneOf,
  origin,
  parseEntries,
  principals,
  readJsonSetting,
  region,
  wholeNumber,
} from './setting-values.ts';

/** Everything that the gateway is told by its environment, but for the cloud credentials. */
export interface Config {
  readonly defaultRegion: string;
  readonly allowedRegions: ReadonlySet<string>;
  readonly endpoint: DlcEndpoint;
  readonly apiKeys: ApiKeys;
  readonly jwtIssuers: readonly JwtIssuer[];
  readonly webhookSenders: readonly WebhookSender[];
  readonly blockedPrincipals: ReadonlySet<string>;
  readonly corsOrigins: ReadonlySet<string>;
  /** Requests to CancelTask in any second, per region. */
  readonly upstreamRate: number;
  /** A caller's own quota, where its entry has none. */
  readonly callerRate: Rate;
  /** Where instances share the limits, if anywhere. */
  readonly redis: RedisTarget | undefined;
  /** How many instances share `upstreamRate` where nothing else tells them of each other. */
  readonly expectedInstances: number;
  /** Longest wait for a turn upstream. */
  readonly maxWaitMs: number;
  readonly requestTimeoutMs: number;
  readonly attemptTimeoutMs: number;
  readonly maxAttempts: number;
  /** Longest `Prefer: wait`; 0: the preference is ignored. */
  readonly maxPreferWaitMs: number;
  readonly taskStateLookup: boolean;
  readonly basePath: string;
  /** What stands before `/problems/{code}` in a problem's `type`. */
  readonly problemPrefix: string;
  readonly logLevel: LogLevel;
  readonly host: string;
  readonly port: number;
  /** Of the server form's metrics; absent: none are kept. */
  readonly metricsPort: number | undefined;
  /** A function writes its metrics for CloudWatch. */
  readonly metricsEmf: boolean;
}

/** Every wrong setting, one sentence each; names settings, never quotes a value. */
export class ConfigError extends Error {
  readonly reasons: readonly string[];
  /** What is right among the settings of the answer's form: a frontend has to see the 500 too. */
  readonly rim: Pick<Config, 'corsOrigins' | 'problemPrefix'>;

  constructor(reasons: readonly string[], rim: ConfigError['rim']) {
    super(reasons.join('\n'));
    this.reasons = reasons;
    this.rim = rim;
  }
}

/**
 * Parses the settings, all of them, before it says what is wrong.
 *
 * @param env the process's environment; an empty value counts as not set
 * @param baseDir what `@path` settings are relative to
 * @throws ConfigError with every reason
 */
export function loadConfig(env: Environment, baseDir: string): Config {
  const reasons: string[] = [];
  /** One setting: parsed if it is there; a wrong one is noted, and its place is taken by the default. */
  function read<T>(name: string, fallback: T, parse: (value: string) => T): T {
    const value = env[name];
    if (value === undefined || value === '') return fallback;
    try {
      return parse(value);
    } catch (error) {
      if (!(error instanceof SettingError)) throw error;
      reasons.push(...error.reasons.map((reason) => `${name}: ${reason}`));
      return fallback;
    }
  }
  const entries = <S extends z.ZodMiniType>(schema: S, value: string): z.output<S> =>
    parseEntries(schema, readJsonSetting(value, baseDir));

  const regionFallback = read('TENCENTCLOUD_REGION', '', region);
  const defaultRegion = read('DLC_REGION', regionFallback, region);
  if (!defaultRegion) reasons.push('DLC_REGION: must be set, for example to ap-guangzhou');
  const named = read('DLC_REGIONS', [], (value) => list(value).map(region));
  const basePath = read(
    'BASE_PATH',
    '',
    matching(/^(\/[A-Za-z0-9._~-]+)+$/, 'must be like /prefix'),
  );

  const config: Config = {
    defaultRegion,
    allowedRegions: new Set([defaultRegion, ...named]),
    endpoint: read('DLC_ENDPOINT', parseEndpoint('https://dlc.tencentcloudapi.com'), parseEndpoint),
    apiKeys: read<ApiKeys>('API_KEYS', new Map(), (value) =>
      toApiKeys(entries(apiKeyEntries, value)),
    ),
    jwtIssuers: read<readonly JwtIssuer[]>('JWT_ISSUERS', [], (value) =>
      toJwtIssuers(entries(jwtIssuerEntries, value), env),
    ),
    webhookSenders: read<readonly WebhookSender[]>('WEBHOOK_SENDERS', [], (value) =>
      toWebhookSenders(entries(webhookSenderEntries, value), env),
    ),
    blockedPrincipals: read<ReadonlySet<string>>(
      'BLOCKED_PRINCIPALS',
      new Set(),
      (value) => new Set(principals(value)),
    ),
    corsOrigins: read<ReadonlySet<string>>(
      'CORS_ORIGINS',
      new Set(),
      (value) => new Set(list(value).map(origin)),
    ),
    upstreamRate: read('UPSTREAM_RATE', 20, wholeNumber(1, 1_000_000)),
    callerRate: read<Rate>('CALLER_RATE', { limit: 10, windowSeconds: 1 }, rate),
    redis: read<RedisTarget | undefined>('REDIS_URL', undefined, parseRedisUrl),
    expectedInstances: read('EXPECTED_INSTANCES', 1, wholeNumber(1, 100_000)),
    maxWaitMs: read('MAX_WAIT_MS', 3000, wholeNumber(0, 900_000)),
    requestTimeoutMs: read('REQUEST_TIMEOUT_MS', 10_000, wholeNumber(100, 900_000)),
    attemptTimeoutMs: read('ATTEMPT_TIMEOUT_MS', 3000, wholeNumber(50, 900_000)),
    maxAttempts: read('MAX_ATTEMPTS', 4, wholeNumber(1, 20)),
    maxPreferWaitMs: read('MAX_PREFER_WAIT_MS', 3000, wholeNumber(0, 900_000)),
    taskStateLookup: read('TASK_STATE_LOOKUP', 'on', oneOf('on', 'off')) === 'on',
    basePath,
    problemPrefix: read('PROBLEM_BASE_URL', basePath, baseUrl),
    logLevel: read('LOG_LEVEL', 'info', oneOf(...LOG_LEVELS)),
    host: read('HOST', '0.0.0.0', matching(/^[A-Za-z0-9.:-]+$/, 'must be an address to listen on')),
    port: read('PORT', 9000, wholeNumber(0, 65_535)),
    metricsPort: read<number | undefined>('METRICS_PORT', undefined, wholeNumber(0, 65_535)),
    metricsEmf: read('METRICS_EMF', 'off', oneOf('on', 'off')) === 'on',
  };
  reasons.push(...contradictions(config, env));
  if (reasons.length > 0) throw new ConfigError(reasons, config);
  return config;
}

function rate(value: string): Rate {
  const parsed = rateSchema.safeParse(value);
  if (parsed.success) return parsed.data;
  throw new SettingError('must be a rate such as 10/s: a number, and s, m or h');
}

/** What is wrong with settings only in the light of others. */
function contradictions(config: Config, env: Environment): string[] {
  const { apiKeys, jwtIssuers, webhookSenders } = config;
  const callers = [
    ...[...apiKeys.values(), ...webhookSenders].map(({ principal }) => principal),
    ...jwtIssuers,
  ];
  const found: string[] = [];
  const isAnyWrong = CALLER_SETTINGS.some((name) => env[name] && env[name] !== '[]');
  if (callers.length === 0 && !isAnyWrong) {
    found.push(`${CALLER_SETTINGS.join(', ')}: one must have an entry, or nobody can call`);
  }
  if (callers.some(({ narrowing }) => narrowing.engines) && !config.taskStateLookup) {
    found.push('TASK_STATE_LOOKUP: must be on where an entry has engines, which DLC is asked for');
  }
  if (config.metricsPort === config.port && config.port !== 0) {
    found.push('METRICS_PORT: must not be PORT, which the gateway listens on');
  }
  return found;
}

const CALLER_SETTINGS = ['API_KEYS', 'JWT_ISSUERS', 'WEBHOOK_SENDERS'] as const;
