import type { PROBLEMS, ProblemCode, Violation } from './problems.ts';
import { CHINESE_PROBLEMS } from './problems.zh-CN.ts';

/** Simplified Chinese: a file of its own (`chinese.js`), loaded with the first request that prefers it. */

export { CHINESE_PROBLEMS } from './problems.zh-CN.ts';

/** The header fields of a response in Chinese. */
export const CHINESE = { 'Content-Language': 'zh-CN' } as const;

/** The words of a problem's page. */
export const CHINESE_WORDS = {
  language: 'zh-CN',
  status: '状态码',
  meaning: '含义',
  advice: '怎么办',
  again: '可以重试吗？',
  yes: '可以：等待 Retry-After 给出的秒数后，同样的请求可能会成功。',
  no: '不建议：原样重发同样的请求，预计仍不会成功。',
  operator: '运维人员从哪里入手',
} as const;

/**
 * Sentences beyond those of `PROBLEMS`, by their English. `{}` stands for a value, which stays; `{text}`
 * for a part that is translated itself. Both come in the same order in either language.
 */
export const SENTENCES: Readonly<Record<string, string>> = {
  // Authentication
  'The API key is not valid.': 'API 密钥无效。',
  'The token has expired.': '令牌已过期。',
  'The token is not valid yet.': '令牌尚未生效。',
  'The token is for another audience.': '令牌的受众（audience）不是本网关。',
  'The token is not valid.': '令牌无效。',
  'The token names no audience, and here it must be for this gateway.':
    '令牌没有写明受众（audience），而此处的令牌必须是给本网关的。',
  'Use one way of authenticating, not several at once.':
    '请只使用一种身份验证方式，不要同时使用多种。',
  'The request does not prove that a sender of this gateway sent it. Each sender proves itself as its entry says: by a current signature of the body, or by a secret in a header field.':
    '请求无法证明来自本网关的某个发送方。各发送方按其条目的配置证明身份：对请求体的有效签名，或请求头中的密钥。',
  '{text} This route takes {text}.': '{text}此接口支持{text}。',
  'This route takes {text}.': '此接口支持{text}。',
  'a token in "Authorization: Bearer", or a key in "X-API-Key"':
    '请求头 "Authorization: Bearer" 中的令牌，或请求头 "X-API-Key" 中的密钥',
  'the signature of a Standard Webhook in "Webhook-Id", "Webhook-Timestamp" and "Webhook-Signature"':
    '"Webhook-Id"、"Webhook-Timestamp" 和 "Webhook-Signature" 中的 Standard Webhooks 签名',
  // What a person is to confirm
  'A person is asked to confirm it.': '正在请人确认此操作。',
  'The confirmation is for another call, or too old. Call again without it.':
    '此确认属于另一次调用，或已过期。请不带确认重新调用。',
  'The person who was asked did not confirm it.': '被询问的人没有确认此操作。',
  // What became of a task
  'DLC shows no such task in this region in the last 45 days.':
    '最近 45 天内，DLC 在此地域没有该任务。',
  'The cancellation was sent to DLC, but no reliable response came: it may or may not have taken effect.':
    '取消请求已发给 DLC，但没有收到可靠的响应：取消可能已生效，也可能没有。',
  'The instances of the gateway have just begun to share the rate of DLC anew, and send nothing for a few seconds.':
    '网关的各实例刚刚重新开始分配 DLC 的请求频率，几秒内不会发送请求。',
  'The gateway cannot write its audit log now, so it takes no cancellations.':
    '网关目前无法写入审计日志，因此不接受取消请求。',
  'Some task of this delivery may yet be cancelled; "results" says what came of each.':
    '此次推送中有任务仍可能取消成功；每个任务的结果见 "results"。',
  // Of GET /readyz
  'The gateway has no cloud credentials.': '网关没有云凭证。',
  "DLC does not accept the gateway's cloud credentials or permissions.":
    'DLC 不接受网关的云凭证或权限。',
  'Redis refuses the gateway by its settings.': 'Redis 按当前设置拒绝了网关。',
  // What is wrong with a request
  'This event is not an HTTP request.': '此事件不是 HTTP 请求。',
  'The Host header field is missing.': '缺少请求头 Host。',
  'This Transfer-Encoding is not supported.': '不支持此 Transfer-Encoding。',
  'The body must be JSON: choose application/json as the content type at the sender.':
    '请求体必须是 JSON：请在发送方将内容类型设置为 application/json。',
  'The body must be a form (application/x-www-form-urlencoded), as Slack sends it.':
    '请求体必须是 Slack 所发送的表单（application/x-www-form-urlencoded）。',
  'The delivery does not say what the entry of its sender requires.':
    '此次推送的内容不满足发送方条目中的要求。',
  'A task id must be a JSON string.': '任务 ID 必须是 JSON 字符串。',
  'A task id {text}.': '任务 ID {text}。',
  'The region of the task is not one that this gateway serves.': '此网关不服务该任务所在的地域。',
  'Some parts of the request are not valid; "errors" lists them.':
    '请求中有多处无效，详见 "errors"。',
  'The {text} "{}" {text}.': '{text} "{}" {text}。',
  'The body {text}.': '请求体{text}。',
  'The query parameter {text}.': '查询参数{text}。',
  'path parameter': '路径参数',
  'query parameter': '查询参数',
  'header field': '请求头',
  body: '请求体',
  // The same, one by one, in `errors`
  'is not a parameter of this route': '不是此接口的参数',
  'is not a region that this gateway serves': '不是此网关服务的地域',
  'must be a region such as ap-guangzhou': '必须是地域，例如 ap-guangzhou',
  'must be 1 to 128 letters, digits, "_" or "-"': '必须由 1 至 128 个字母、数字、"_" 或 "-" 组成',
  'must be states, such as {} or failed,cancelled': '必须是任务状态，例如 {} 或 failed,cancelled',
  'must be the name or the id of an engine': '必须是数据引擎的名称或 ID',
  'must be a number from 1 to 100': '必须是 1 至 100 的数字',
  'must be a nextCursor of an earlier response': '必须是之前某个响应中的 nextCursor',
  'must not be repeated': '不能重复',
  'must not name a task twice': '不能重复指定同一个任务',
  'must name at most {} tasks': '最多只能指定 {} 个任务',
  'must be JSON in UTF-8': '必须是 UTF-8 编码的 JSON',
  'must have at most {} fields': '最多只能有 {} 个字段',
  'must not have a field twice': '不能有重复的字段',
  'must not have a member twice in an object': '同一个对象中不能有重复的成员',
  'must have no member but taskId and region': '除 taskId 和 region 外不能有其他成员',
  'has an unknown member {}': '有未知的成员 {}',
  'is missing, or not of type {}': '缺失，或者类型不是 {}',
  'must be of type {}': '类型必须是 {}',
  'must be one of {}': '必须是以下之一：{}',
  'must match {}': '必须匹配 {}',
  'must be a {}': '必须是 {}',
  'must have at least {} {text}': '至少要有 {} 个{text}',
  'must have at most {} {text}': '最多只能有 {} 个{text}',
  members: '成员',
  characters: '字符',
  'has none of the forms that it may have': '不符合任何一种允许的形式',
  'is not valid': '无效',
};

const EXACT: ReadonlyMap<string, string> = new Map(Object.entries(SENTENCES));

const PART = /\{(text)?\}/g;
const PATTERNS = Object.entries(SENTENCES)
  .filter(([english]) => english.includes('{'))
  .map(([english, chinese]) => ({ literals: english.split(/\{(?:text)?\}/), chinese }));

/** The sentence in Chinese; one that is in no table stays as it is. */
export function toChinese(sentence: string): string {
  const exact = EXACT.get(sentence);
  if (exact !== undefined) return exact;
  for (const { literals, chinese } of PATTERNS) {
    const values = valuesBetween(literals, sentence);
    if (!values) continue;
    return chinese.replace(PART, (_part, isText) => {
      const value = values.shift() ?? '';
      return isText ? toChinese(value) : value;
    });
  }
  return sentence;
}

/**
 * What stands between the literals, if the text has them all in this order, the first and the last at its
 * ends. By one search for each: a value is the caller's, and would have a regular expression try for long.
 */
function valuesBetween([first = '', ...rest]: string[], text: string): string[] | undefined {
  const last = rest.at(-1) ?? '';
  if (!text.startsWith(first) || !text.endsWith(last)) return undefined;
  const values: string[] = [];
  let from = first.length;
  for (const [i, literal] of rest.entries()) {
    const isLast = i === rest.length - 1;
    const at = isLast ? text.length - last.length : text.indexOf(literal, from);
    if (at < from) return undefined;
    values.push(text.slice(from, at));
    from = at + literal.length;
  }
  return values;
}

/** A problem, or a body with results: what is for people in it. */
interface Body {
  readonly code?: ProblemCode;
  readonly title?: string;
  readonly detail?: string;
  readonly errors?: readonly Violation[];
  readonly results?: readonly Body[];
}

/**
 * Puts what is for people into Chinese; all other members stay, and the order of all.
 *
 * @param problems the table, which `function.js` has: this file is smaller without it
 */
export function inChinese(body: Body, problems: typeof PROBLEMS): Body {
  const { code, title, detail, errors, results } = body;
  const isPlain = code && detail === problems[code].detail;
  return {
    ...body,
    ...(title !== undefined && code && { title: CHINESE_PROBLEMS[code].title }),
    ...(detail !== undefined && {
      detail: isPlain ? CHINESE_PROBLEMS[code].detail : toChinese(detail),
    }),
    ...(errors && { errors: errors.map((one) => ({ ...one, message: toChinese(one.message) })) }),
    ...(results && { results: results.map((one) => inChinese(one, problems)) }),
  };
}
