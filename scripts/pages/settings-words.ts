/** What documents say of the settings beside name, default and form (src/settings-table.ts). */

/** What each setting means, in Markdown. */
export const MEANINGS: Readonly<Record<string, string>> = {
  TENCENTCLOUD_SECRETID:
    'id of the cloud credentials, as SCF sets it with a role; read at every call',
  TENCENTCLOUD_SECRETKEY: 'key of the cloud credentials',
  TENCENTCLOUD_SESSIONTOKEN: 'token of temporary cloud credentials',
  TENCENTCLOUD_SECRET_ID: "the same in the SDK's spelling",
  TENCENTCLOUD_SECRET_KEY: "the same in the SDK's spelling",
  TENCENTCLOUD_SESSION_TOKEN: "the same in the SDK's spelling",
  CLOUD_CREDENTIALS:
    'server form, on SCF: `scf-headers` takes the credentials that SCF puts into a request of a web function, for that request alone, if the environment has none, or DLC has refused its own ([what is known](deploy.md#the-roles-credentials)); `serverless.yml` sets it',
  DLC_REGION: 'region of a request that names none',
  TENCENTCLOUD_REGION: 'stands for `DLC_REGION` if that is not set; SCF sets it',
  DLC_REGIONS: 'further regions that a caller may name',
  DLC_ENDPOINT: 'where DLC is; the example is for international accounts',
  API_KEYS:
    'callers with a key: `[{id, sha256, scopes, engines?, regions?, owner?, expires?, rate?}]`',
  JWT_ISSUERS:
    'issuers of tokens: `[{id, issuer, audience or clientIds, algorithms, discovery or jwksUri or jwks or secret, require?, grants?, requireAuthorizationDetails?, maxTokenAge?, scopes?, engines?, regions?, owner?, rate?}]` ([identity-providers.md](identity-providers.md))',
  WEBHOOK_SENDERS:
    'webhook senders: `[{id, secrets: ["whsec_…" or "whpk_…"], engines?, regions?, owner?, rate?}]`; with a `kind`, Grafana, Slack and others as they are ([recipes](webhooks/README.md))',
  BLOCKED_PRINCIPALS: 'principals that are refused at once; a JSON array if one has a comma in it',
  CORS_ORIGINS: 'origins of frontends',
  UPSTREAM_RATE: 'CancelTask requests a second, per region, over all instances',
  CALLER_RATE: "a caller's own quota, if its entry has no `rate`; five times as much for reading",
  REDIS_URL:
    'where instances share both limits; Redis 6 or newer, Valkey; user and password percent-encoded',
  EXPECTED_INSTANCES:
    'without Redis, or while it is down, how many instances share `UPSTREAM_RATE`: each takes this fraction of it, rounded down; half of it if that is below one a second',
  MAX_WAIT_MS:
    'longest wait for a slot upstream; a request that would wait longer is refused at once, with `Retry-After`',
  REQUEST_TIMEOUT_MS:
    "deadline of a request; also capped by the platform's remaining time less 500 ms",
  ATTEMPT_TIMEOUT_MS: 'deadline of each attempt at DLC',
  MAX_ATTEMPTS: 'attempts of a request at most',
  MAX_PREFER_WAIT_MS: 'longest `Prefer: wait`; 0: the preference is ignored',
  TASK_STATE_LOOKUP: '`off`: DescribeTasks is never called',
  BASE_PATH: 'prefix that the platform leaves on the path',
  PROBLEM_BASE_URL: "what a problem's `type` begins with",
  MCP: '`on`: agents may call `POST /mcp` ([recipes](agents.md))',
  PUBLIC_URL:
    'what callers put before the paths, `BASE_PATH` included; agents get their tokens for `<PUBLIC_URL>/mcp`',
  MCP_CONFIRM: '`on`: a person confirms what an agent cancels',
  MCP_STATE_SECRET: 'secret of at least 32 bytes for confirmations, the same for all instances',
  LOG_LEVEL: 'least level of a line of the log; audit lines are written at all but `silent`',
  HOST: 'server form: address to listen on; `::` is IPv6 too',
  PORT: 'server form: port to listen on',
  METRICS_HOST: 'server form: address for `GET /metrics`',
  METRICS_PORT:
    'server form: port for `GET /metrics`, for Prometheus ([what there is](observability.md)); not set: no metrics',
  METRICS_EMF: 'function form, on AWS: `on` writes metrics for CloudWatch into the log',
};

/** Examples that the gateway takes. */
export const EXAMPLES: Readonly<Partial<Record<string, string>>> = {
  DLC_REGION: 'ap-guangzhou',
  DLC_REGIONS: 'ap-beijing,ap-singapore',
  DLC_ENDPOINT: 'https://dlc.intl.tencentcloudapi.com',
  API_KEYS: '@config/api-keys.json',
  JWT_ISSUERS: '@config/jwt-issuers.json',
  WEBHOOK_SENDERS: '@config/webhook-senders.json',
  BLOCKED_PRINCIPALS: 'key:reporting,jwt:login:sub:alice',
  CORS_ORIGINS: 'https://app.example.org,https://admin.example.org',
  CALLER_RATE: '600/m',
  REDIS_URL: 'rediss://user:password@redis.example:6379/0',
  BASE_PATH: '/gateway',
  PROBLEM_BASE_URL: 'https://gateway.example.org',
  PUBLIC_URL: 'https://gateway.example.org',
  METRICS_PORT: '9464',
};

/** Settings that take the value of another one if they are not set. */
export const FALLBACKS: Readonly<Partial<Record<string, string>>> = {
  DLC_REGION: 'TENCENTCLOUD_REGION',
  PROBLEM_BASE_URL: 'BASE_PATH',
};

/** Settings that are secrets, or may have one in them. */
export const MAY_BE_SECRET: ReadonlySet<string> = new Set([
  'TENCENTCLOUD_SECRETID',
  'TENCENTCLOUD_SECRETKEY',
  'TENCENTCLOUD_SESSIONTOKEN',
  'TENCENTCLOUD_SECRET_ID',
  'TENCENTCLOUD_SECRET_KEY',
  'TENCENTCLOUD_SESSION_TOKEN',
  'API_KEYS',
  'JWT_ISSUERS',
  'WEBHOOK_SENDERS',
  'REDIS_URL',
  'MCP_STATE_SECRET',
]);
