import { CHINESE_PROBLEMS } from '../../src/lib/problems.zh-CN.ts';
import { operatorRows, problemRows, upstreamRows, type Words } from './errors-page.ts';

const WORDS: Words = {
  yes: '是',
  no: '否',
  comma: '，',
  seconds: '秒',
  unknown: '未知',
  notDone: '未取消',
  notAbove: '（以上未列出的）',
  anythingElse: '其他',
};

/** The text of docs/zh-CN/errors.md. */
export function errorsPageInChinese(): string {
  return `# 错误

<!-- Made by \`npm run pages\`: change src/lib/problems.zh-CN.ts and scripts/pages/errors-page.zh-CN.ts instead. -->

所有错误都是 \`application/problem+json\`（[RFC 9457](https://www.rfc-editor.org/rfc/rfc9457)）：
\`{type, title, status, detail, code, retryable, requestId}\`，并视情况包含 \`outcomeUnknown\`、\`upstreamCode\`、
\`upstreamRequestId\`、\`taskId\`、\`region\`、\`taskState\`、\`errors\`、\`violated-policies\`。\`type\` 指向该错误码的说明页
（\`GET /problems/{code}\`），其中有一条可以直接试用的命令，以及运维人员从哪里入手。请求带有 \`Accept-Language: zh\` 时，标题、说明和页面
都是中文（\`Content-Language: zh-CN\`）。

- 请根据 \`code\` 和 \`outcomeUnknown\` 判断；标题和说明文字可能会变化。
- \`retryable\` 为 true 时，原样重发请求可能会成功，响应中会有 \`Retry-After\`。下表中的秒数是其默认值；
  两种频率限制会计算实际的等待时间。
- \`outcomeUnknown\` 为 true 时，任务可能已取消，也可能没有。请查询任务状态，或者再次取消：重复取消没有副作用。
- Webhook 发送方收到的状态码不同，见 [webhooks.md](webhooks.md#发送方会收到什么)。

## 错误码

| 错误码 | 状态码 | 可重试 | 含义 | 怎么办 |
|---|---|---|---|---|
${problemRows(CHINESE_PROBLEMS, WORDS)}

## 运维人员从哪里入手

| 错误码 | 从哪里入手 |
|---|---|
${operatorRows(CHINESE_PROBLEMS)}

## DLC 的错误码

完整的错误码优先于错误码系列，较长的系列优先于较短的。\`X*\` 表示 \`X\` 以及所有 \`X.…\`。*未知*：仅凭错误码
无法判断取消是否已生效，因此网关在响应之前会先查询任务的状态。

| DLC 的错误码 | 对应 | 结果 | 网关是否重试 |
|---|---|---|---|
${upstreamRows(WORDS)}

## DLC 没有返回错误码时

| 情况 | 对应 | 结果 |
|---|---|---|
| 无法建立连接：连接被拒绝、域名无法解析、没有路由、证书错误 | \`upstream-unreachable\` | 未取消 |
| 连接建立后中断 | \`upstream-unreachable\` | 未知 |
| 网关等待发送名额时超时 | \`upstream-rate-limited\` | 未取消 |
| 尚未写出任何数据时超时 | \`upstream-timeout\` | 未取消 |
| 写出数据之后超时 | \`upstream-timeout\` | 未知 |
| HTTP 状态码 429 | \`upstream-rate-limited\` | 未取消 |
| HTTP 状态码 502、503、504 | \`upstream-unreachable\`、\`upstream-unavailable\`、\`upstream-timeout\` | 未知 |
| 其他状态码、重定向、超过 1 MiB、不是 DLC 的 JSON | \`upstream-invalid-response\` | 未知 |

在截止时间之前，网关会重试以上所有情况；最后一种只重试一次。
`;
}
