/** The Chinese of settings-words.ts, and of the forms in src/settings-table.ts. */

export const CHINESE_MEANINGS: Readonly<Record<string, string>> = {
  TENCENTCLOUD_SECRETID: '访问密钥的 SecretId，为函数配置角色后由 SCF 设置；每次调用时读取',
  TENCENTCLOUD_SECRETKEY: '访问密钥的 SecretKey',
  TENCENTCLOUD_SESSIONTOKEN: '临时密钥的 Token',
  TENCENTCLOUD_SECRET_ID: '同上，SDK 的写法',
  TENCENTCLOUD_SECRET_KEY: '同上，SDK 的写法',
  TENCENTCLOUD_SESSION_TOKEN: '同上，SDK 的写法',
  CLOUD_CREDENTIALS:
    '服务器形态，在 SCF 上：`scf-headers` 表示，环境变量中没有密钥、或 DLC 拒绝了其中的密钥时，使用 SCF 放在 Web 函数请求头中的临时密钥，仅用于该请求（[已知情况](deploy.md#角色的临时密钥)）；`serverless.yml` 已设置',
  DLC_REGION: '请求没有指定地域时使用的地域',
  TENCENTCLOUD_REGION: '没有设置 `DLC_REGION` 时代替它；由 SCF 设置',
  DLC_REGIONS: '调用方还可以指定的其他地域',
  DLC_ENDPOINT: 'DLC 的接入地址；示例用于国际站账号',
  API_KEYS:
    '使用密钥的调用方：`[{id, sha256, scopes, engines?, regions?, owner?, expires?, rate?}]`',
  JWT_ISSUERS:
    '令牌的签发方：`[{id, issuer, audience or clientIds, algorithms, discovery or jwksUri or jwks or secret, require?, grants?, requireAuthorizationDetails?, maxTokenAge?, scopes?, engines?, regions?, owner?, rate?}]`（见 [identity-providers.md](../identity-providers.md)）',
  WEBHOOK_SENDERS:
    'Webhook 发送方：`[{id, secrets: ["whsec_…" or "whpk_…"], engines?, regions?, owner?, rate?}]`；加上 `kind` 即可直接接入 Grafana、Slack 等（[配置方法](webhooks/README.md)）',
  BLOCKED_PRINCIPALS: '立即拒绝的调用方；如果其中有逗号，请使用 JSON 数组',
  CORS_ORIGINS: '前端页面的来源',
  UPSTREAM_RATE: '每个地域每秒的 CancelTask 请求数，所有实例合计',
  CALLER_RATE: '条目中没有 `rate` 的调用方自己的配额；查询的配额是它的五倍',
  REDIS_URL: '各实例在此共享两种频率限制；Redis 6 或更高版本，或 Valkey；用户名和密码需百分号编码',
  EXPECTED_INSTANCES:
    '没有 Redis 或 Redis 故障时，多少个实例平分 `UPSTREAM_RATE`：每个实例取其中一份，向下取整；不足每秒一次时取该份额的一半',
  MAX_WAIT_MS: '等待发送名额的最长时间；需要等待更久的请求会立即被拒绝，并带有 `Retry-After`',
  REQUEST_TIMEOUT_MS: '请求的截止时间；同时不超过平台的剩余时间减去 500 毫秒',
  ATTEMPT_TIMEOUT_MS: '每次尝试调用 DLC 的超时时间',
  MAX_ATTEMPTS: '每个请求最多尝试的次数',
  MAX_PREFER_WAIT_MS: '`Prefer: wait` 的最长时间；0 表示忽略该请求头',
  TASK_STATE_LOOKUP: '`off` 表示从不调用 DescribeTasks',
  MCP: '`on`：智能体可以调用 `POST /mcp`（[配置方法](../agents.md)）',
  PUBLIC_URL: '调用方写在路径之前的地址，包含 `BASE_PATH`；智能体获取的令牌用于 `<PUBLIC_URL>/mcp`',
  MCP_CONFIRM: '`on`：智能体发起的取消操作须由人确认',
  MCP_STATE_SECRET: '用于确认的密钥，至少 32 字节，所有实例相同',
  BASE_PATH: '平台保留在路径上的前缀',
  PROBLEM_BASE_URL: '错误响应中 `type` 的前缀',
  LOG_LEVEL: '日志的最低级别；除 `silent` 外，任何级别都会写审计日志',
  HOST: '服务器形态：监听地址；`::` 同时监听 IPv6',
  PORT: '服务器形态：监听端口',
  METRICS_HOST: '服务器形态：`GET /metrics` 的监听地址',
  METRICS_PORT:
    '服务器形态：`GET /metrics` 的端口，供 Prometheus 采集（[指标说明](../observability.md)）；不设置则没有指标',
  METRICS_EMF: '函数形态，在 AWS 上：`on` 会将 CloudWatch 的指标写入日志',
};

/** From English; a group of the expression is a value. */
const FORMS: readonly (readonly [RegExp, string])[] = [
  [/^a secret$/, '密钥'],
  [/^a region such as (\S+)$/, '地域，例如 $1'],
  [/^like (.*)$/, '形如 $1'],
  [
    /^https: and a host whose first label is dlc; or http: on loopback$/,
    'https: 且域名以 dlc. 开头；或本机回环地址的 http:',
  ],
  [/^a JSON array, or @path to a file with one$/, 'JSON 数组，或指向 JSON 文件的 @path'],
  [
    /^a principal such as (\S*) or (\S*); several with commas between them, or as a JSON array$/,
    '调用方，例如 $1 或 $2；多个用逗号分隔，或使用 JSON 数组',
  ],
  [/^an exact origin such as (\S*), without a path$/, '完整的来源，例如 $1，不含路径'],
  [/^a whole number from (\d+) to (\d+)$/, '$1 至 $2 的整数'],
  [/^a rate such as (\S*): a number, and s, m or h$/, '频率，例如 $1：数字加 s、m 或 h'],
  [/^(redis:\S*), or rediss: for TLS$/, '$1；使用 TLS 时为 rediss:'],
  [/^on or off$/, 'on 或 off'],
  [/^an address such as (\S*)$/, '地址，例如 $1'],
  [/^one of (.*)$/, '以下之一：$1'],
  [/^an address to listen on$/, '监听地址'],
];

/** @throws Error if there is none */
export function formInChinese(form: string): string {
  const found = FORMS.find(([pattern]) => pattern.test(form));
  if (found) return form.replace(...found);
  const single = form.replace(/; several with commas between them$/, '');
  if (single !== form) return `${formInChinese(single)}；多个用逗号分隔`;
  throw new Error(`scripts/pages/settings-words.zh-CN.ts has no Chinese for: ${form}`);
}
