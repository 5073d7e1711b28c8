import type { ProblemText } from './api-document.ts';
import type { ProblemCode } from './problems.ts';

/** Of a problem in Chinese: what problems.ts and problems.openapi.ts say in English. */
export type ChineseText = Readonly<Record<'title' | 'detail', string>> &
  Omit<ProblemText, 'snippet'>;

const AGAIN = '等待 Retry-After 给出的秒数后，原样重发请求。';
const AGAIN_HARMLESS = '等待 Retry-After 给出的秒数后，原样重发请求：重复取消没有副作用。';
const FOR_SUPPORT =
  '如果持续出现，请携带日志中的 "upstreamRequestId" 向腾讯云提交工单，由 DLC 团队排查。';
const SEE_DLC = '日志中的 "upstreamCode" 和 "reason" 是 DLC 返回的原文。';

export const CHINESE_PROBLEMS: Readonly<Record<ProblemCode, ChineseText>> = {
  'invalid-request': {
    title: '请求无效',
    detail: '请求格式有误。',
    meaning: '请求格式有误：路径、查询参数、重复的请求头或请求体不符合要求。',
    advice: '如果响应中有 "errors"，请逐项修正。没有向 DLC 发送任何请求。',
    operator:
      '一般无需处理；如果很多调用方都遇到，请查看日志中的 "route" 和 "principal"，确认是谁的请求。',
  },
  unauthenticated: {
    title: '未通过身份验证',
    detail: '需要提供此接口支持的有效凭证。',
    meaning: '没有提供凭证，或者凭证错误、已过期，或者此接口不支持这种凭证。',
    advice: '请使用 WWW-Authenticate 指明的凭证类型；凭证过期的，请重新获取。',
    operator: '日志中的 "reason" 说明哪项校验未通过：密钥、令牌的声明、签名或时钟。',
  },
  'insufficient-scope': {
    title: '权限范围不足',
    detail: '凭证有效，但不包含此操作所需的权限范围（scope）。',
    meaning: '凭证有效，但缺少此操作所需的权限范围（scope）。',
    advice: '请获取包含 WWW-Authenticate 所列权限范围的凭证。',
    operator: '审计日志中的 "principal" 是调用方：请核对其条目、授权规则或令牌中的权限范围。',
  },
  'task-not-permitted': {
    title: '无权操作此任务',
    detail: '凭证有效，但无权操作此任务。',
    meaning: '凭证有效，但不适用于此任务，或任务所在的地域、数据引擎、所属用户。',
    advice: '请核对任务 ID 和地域；如果无误，请获取适用于此任务的凭证。',
    operator:
      '审计日志中有 "principal"、"region" 和 "engine"：请与该调用方的条目、授权规则或令牌核对。',
  },
  'principal-blocked': {
    title: '调用方已被禁用',
    detail: '网关的运维人员已禁用此调用方。',
    meaning: '网关的运维人员已禁用此调用方。',
    advice: '请联系运维人员了解原因。',
    operator: '审计日志中的 "principal" 是调用方，它在禁用名单中。',
  },
  'origin-not-allowed': {
    title: '来源不允许',
    detail: '不允许此来源的页面调用本网关。',
    meaning: '不在允许列表中的来源，其页面调用了智能体接口。',
    advice: '如果该来源的页面可以代表其用户操作，请将该来源加入允许列表。',
    operator: '请对比客户端发送的 Origin 与允许的来源。',
  },
  'confirmation-required': {
    title: '需要人工确认',
    detail: '此取消操作必须由人确认，而此客户端无法请人确认。',
    meaning: '网关要求由人确认智能体发起的取消操作；尚无人确认，因此没有取消任何任务。',
    advice: '请使用支持协议表单（elicitation，2026-07-28）的客户端，并在两分钟内确认。',
    operator: '是否需要人工确认，由网关的设置决定。',
  },
  'route-not-found': {
    title: '路径不存在',
    detail: '此路径不存在。',
    meaning: '此路径不存在。',
    advice: '请与 /openapi.json 中的路径核对；路径末尾多一个斜杠就是另一个路径。',
    operator: '如果所有请求都如此，说明平台在路径上保留了前缀：请与设置中的基础路径核对。',
  },
  'method-not-allowed': {
    title: '不支持此请求方法',
    detail: '此路径不支持该请求方法；支持的方法见响应头 Allow。',
    meaning: '路径存在，但不支持该请求方法。',
    advice: '请使用响应头 Allow 列出的方法。',
    operator: '只有开启任务状态查询，才能使用 GET。',
  },
  'request-timeout': {
    title: '请求超时',
    detail: '没有在规定时间内收到完整的请求。',
    meaning: '没有在规定时间内收到完整的请求。',
    advice: '请重新发送完整的请求。没有向 DLC 发送任何请求。',
    operator: '如果很多请求都如此，请检查前面的代理是否延迟转发了请求体。',
  },
  'payload-too-large': {
    title: '请求体过大',
    detail: '请求体超过了此接口的上限。',
    meaning:
      '请求体超过了接口的上限：不需要请求体的接口为 8 KiB，任务列表和签名的 Webhook 为 16 KiB，智能体为 64 KiB，各发送方专用地址为 256 KiB。',
    advice: '请减小请求体；不需要请求体的接口请不要发送。',
    operator: '无需处理；日志中的 "route" 说明超过的是哪个接口的上限。',
  },
  'unsupported-media-type': {
    title: '不支持的媒体类型',
    detail: '请求体必须是 application/json。',
    meaning: '请求体的内容类型不是 application/json；如果来自 Slack，则不是表单。',
    advice: '请将内容类型设置为 application/json；Webhook 请在发送方设置。',
    operator: '日志中的 "principal" 是调用方：如果是 Webhook 发送方，请在其配置中修改内容类型。',
  },
  'quota-exceeded': {
    title: '超出配额',
    detail: '此调用方自己的配额已用完。',
    meaning: '此调用方自己的配额已用完，其他调用方不受影响。',
    advice: '请等待 Retry-After 给出的秒数；配额情况见 RateLimit 响应头。',
    operator: '日志中的 "principal" 是调用方：如果确实需要更多，请调大其条目中的频率。',
  },
  'request-header-fields-too-large': {
    title: '请求头过大',
    detail: '请求头超过了网关的上限。',
    meaning: '请求头超过 16 KiB。',
    advice: '请减少或缩短请求头。',
    operator: '请检查浏览器和代理添加了什么，尤其是 Cookie。',
  },
  'internal-error': {
    title: '内部错误',
    detail: '网关出错。原因见日志中该请求 ID 的记录。',
    meaning: '网关自身存在缺陷。原因见日志中该请求 ID 的记录。',
    advice: '请将请求 ID 告知运维人员，并先查询任务的状态。',
    operator: '同一请求 ID 的 "crash" 日志中有调用栈：反馈问题时请附上。',
  },
  'gateway-misconfigured': {
    title: '网关配置有误',
    detail: '网关没有正确配置。原因见日志中该请求 ID 的记录。',
    meaning: '网关的设置有误，或者没有云凭证；具体原因见日志。',
    advice: '请将请求 ID 告知运维人员。请求本身可能没有问题。',
    operator:
      '"wrong-setting" 日志逐项列出错误的设置；否则 "reason" 说明缺少什么。npm run doctor 可检查所有设置。',
  },
  'auth-provider-unavailable': {
    title: '身份提供方不可用',
    detail: '无法从签发方获取验证此令牌签名的公钥。',
    meaning: '网关还没有此令牌的公钥，目前也无法从签发方获取。',
    advice: AGAIN,
    operator: '日志中的 "reason" 说明无法获取公钥的原因；请确认网关能够访问签发方。',
  },
  'permission-check-unavailable': {
    title: '暂时无法校验权限',
    detail: '权限取决于任务的数据引擎或所属用户，而目前无法向 DLC 查询。',
    meaning: '权限取决于任务的数据引擎或所属用户，而目前无法向 DLC 查询。',
    advice: `${AGAIN}没有取消任何任务。`,
    operator: '日志中的 "reason" 说明无法查询 DLC 的原因。',
  },
  overloaded: {
    title: '网关过载',
    detail: '网关正在处理的请求已达上限。',
    meaning: '网关正在处理的请求已达上限，或者无法继续写入审计日志。',
    advice: AGAIN,
    operator: '日志中的 "reason" 说明哪一项已满：请增加实例，或加快日志的采集。',
  },
  'upstream-rate-limited': {
    title: '达到 DLC 限频',
    detail: 'DLC 的取消频率上限已用满。',
    meaning: 'DLC 每秒可接受的取消次数已用满，由所有调用方共用。',
    advice: `${AGAIN}没有取消任何任务。`,
    operator: '请查看哪个 "principal" 的请求最多，以及运行的实例是否多于预期。',
  },
  'upstream-operation-failed': {
    title: 'DLC 操作失败',
    detail: 'DLC 报告操作失败。',
    meaning: 'DLC 报告 FailedOperation，或者任务以外的某个资源已不存在。',
    advice: '请查询任务的状态：如果有 "outcomeUnknown"，任务可能已取消，也可能没有。',
    operator: `${SEE_DLC}提交工单时请提供 "upstreamRequestId"。`,
  },
  'another-request-processing': {
    title: '正在处理其他请求',
    detail: 'DLC 正在处理此任务的另一个请求。',
    meaning: 'DLC 正在处理此任务的另一个请求，可能也是取消。',
    advice: '请查询任务的状态，或者等待 Retry-After 给出的秒数后，原样重发请求。',
    operator: `一般无需处理。${FOR_SUPPORT}`,
  },
  'upstream-request-failed': {
    title: 'DLC 内部请求失败',
    detail: 'DLC 无法访问其后端服务。',
    meaning: 'DLC 无法访问其后端服务。',
    advice: AGAIN_HARMLESS,
    operator: FOR_SUPPORT,
  },
  'upstream-internal-error': {
    title: 'DLC 内部错误',
    detail: 'DLC 报告内部错误。',
    meaning: 'DLC 报告 InternalError。',
    advice: AGAIN_HARMLESS,
    operator: FOR_SUPPORT,
  },
  'task-not-found': {
    title: '任务不存在',
    detail: 'DLC 在此地域没有该任务。',
    meaning: 'DLC 在此地域没有该任务。',
    advice: '请核对任务 ID 和地域；DLC 只显示最近 45 天的任务。',
    operator: '请核对日志中的 "region" 与控制台中显示该任务的地域。',
  },
  'task-already-finished': {
    title: '任务已结束',
    detail: '任务此前已经结束，无法再取消。',
    meaning: '任务此前已经结束；如果知道结果，"taskState" 会给出。',
    advice: '无需再取消。',
    operator: '无需处理。',
  },
  'upstream-rejected-request': {
    title: 'DLC 拒绝了请求',
    detail: 'DLC 不接受此请求中的某个参数。',
    meaning: 'DLC 报告 InvalidParameter：请求中的某项内容不被接受。',
    advice: '请核对任务 ID 和地域；"upstreamCode" 是 DLC 返回的错误码。',
    operator: SEE_DLC,
  },
  'upstream-credentials-rejected': {
    title: 'DLC 拒绝了网关的凭证',
    detail: 'DLC 不接受网关自己的凭证或权限。您的凭证没有问题。',
    meaning: 'DLC 不接受网关自己的凭证或角色；调用方的凭证没有问题。',
    advice: '请告知运维人员，原因见日志中该请求 ID 的记录。',
    operator:
      '日志中的 "reason" 以 DLC 的错误码开头；npm run doctor 可判断是时钟、凭证还是角色的问题。',
  },
  'upstream-quota-exceeded': {
    title: '超出云账号配额',
    detail: '云账号的某项配额已用完。',
    meaning: '云账号的某项配额已用完。',
    advice: `${AGAIN}如果持续出现，请告知运维人员。`,
    operator: '日志中的 "upstreamCode" 和 "reason" 说明是云账号的哪项配额。',
  },
  'task-busy': {
    title: '任务被占用',
    detail: 'DLC 报告任务或其依赖的资源正被占用。',
    meaning: 'DLC 报告 ResourceInUse：任务或其依赖的资源正被占用。',
    advice: AGAIN,
    operator: `一般无需处理。${FOR_SUPPORT}`,
  },
  'operation-not-supported': {
    title: '不支持此操作',
    detail: 'DLC 不支持取消此任务。',
    meaning: 'DLC 不支持对此任务执行该操作。',
    advice: '请等待任务结束。',
    operator: '无需处理；日志中的 "reason" 是 DLC 返回的原文。',
  },
  'upstream-unavailable': {
    title: 'DLC 暂不可用',
    detail: 'DLC 暂时不可用。',
    meaning: 'DLC 暂时不可用。',
    advice: AGAIN_HARMLESS,
    operator: `请确认 DLC 在此地域的服务状态。${FOR_SUPPORT}`,
  },
  'upstream-error': {
    title: 'DLC 错误',
    detail: 'DLC 返回了网关不认识的错误。',
    meaning: 'DLC 返回了网关不认识的错误码。',
    advice: '请查询任务的状态：如果有 "outcomeUnknown"，任务可能已取消，也可能没有。',
    operator: '请将日志中的 "upstreamCode" 反馈给本项目：错误码表中还没有它。',
  },
  'upstream-unreachable': {
    title: '无法连接 DLC',
    detail: '与 DLC 的连接失败。',
    meaning: '与 DLC 的连接失败。',
    advice: AGAIN_HARMLESS,
    operator:
      '日志中的 "reason" 是网络故障的原因，例如 ENOTFOUND、ECONNRESET：请确认网关能够访问 DLC。',
  },
  'upstream-timeout': {
    title: 'DLC 响应超时',
    detail: 'DLC 没有在规定时间内响应。',
    meaning: 'DLC 没有在规定时间内响应。',
    advice: AGAIN_HARMLESS,
    operator: '请比较日志中的 "upstreamMs" 和 "waitMs"；debug 级别的日志会记录每次尝试。',
  },
  'upstream-invalid-response': {
    title: 'DLC 响应无效',
    detail: 'DLC 的响应无法识别。',
    meaning: 'DLC 的响应无法识别。',
    advice: AGAIN_HARMLESS,
    operator: '日志中的 "reason" 说明响应有什么问题；也可能是网关与 DLC 之间的设备代为响应。',
  },
};
