// The page in Chinese, by its English. Cloud terms are those of Tencent Cloud's own documents.

export const ZH = {
  // index.html
  'dlc-task-gateway: playground': 'dlc-task-gateway：试验台',
  Playground: '试验台',
  'API reference': 'API 参考',
  'The gateway of <code>npm start</code>, with an emulator of DLC behind it. Nothing here leaves this machine.':
    '由 <code>npm start</code> 启动的网关，后端是数据湖计算 DLC 的模拟器。所有请求都不会离开本机。',
  '1. Who asks': '1. 谁来调用',
  Frontend: '前端',
  'Internal service': '内部服务',
  'Webhook sender': 'Webhook 发送方',
  'This page sends the request itself, from another origin (CORS), with a token that a backend has made for exactly this task.':
    '请求由本页面直接跨域（CORS）发出，所带令牌由后端签发，仅对这一个任务有效。',
  'with a token for another task (403)': '使用另一个任务的令牌（403）',
  "Keys do not belong in browsers, and CORS lets no page send one: the playground's server sends the request. This key opens the demo only.":
    '密钥不应出现在浏览器中，网关的 CORS 也不允许页面携带密钥，因此由试验台的服务端代为发送。该密钥只能用于本演示。',
  "The playground's server signs the request, or presents a secret, as the sender does. A sender repeats it until there is a 2xx, so final results are a 200.":
    '试验台的服务端按发送方的方式签名或出示密钥。发送方收到 2xx 之前会不断重试，因此不会再变的结果一律返回 200。',
  Agent: '智能体',
  "An agent calls the tool <code>cancel_task</code> by the Model Context Protocol, with an API key. The playground's server sends the call. Whatever comes of it, a refusal too, is a result that the model reads.":
    '智能体通过 Model Context Protocol（MCP）调用工具 <code>cancel_task</code>，使用 API 密钥，由试验台的服务端发出。无论成功还是被拒绝，结果都会返回给模型。',
  as: '发送方',
  'Standard Webhooks, with our own body': 'Standard Webhooks，使用网关自己的消息体',
  'wait up to 3 seconds for the end (<code>Prefer: wait=3</code>)':
    '最多等待 3 秒，直到任务结束（<code>Prefer: wait=3</code>）',
  '2. Cancel a task': '2. 取消任务',
  'Tasks at the emulator, as they are now': '模拟器中任务的实时状态',
  Choose: '选择',
  Task: '任务',
  State: '状态',
  Cancel: '取消',
  'Cancel the chosen ones': '批量取消所选任务',
  'Only try it': '仅试运行',
  'Start anew': '重新开始',
  'The chosen ones go in one request to <code>/tasks:cancel</code>, with the API key.':
    '所选任务通过一次 <code>/tasks:cancel</code> 请求提交，使用 API 密钥。',
  '3. What happened': '3. 处理结果',
  'Nothing yet. Press the first “Cancel”, and see the request, the response, and what the gateway did in between.':
    '尚未发送请求。点击第一个“取消”，即可查看请求、响应以及网关在其间的处理过程。',
  Response: '响应',
  'Status and header fields': '状态码与响应头',
  Request: '请求',
  'Request as': '请求的格式',
  Copy: '复制',
  "Timeline, from the gateway's log": '时间线（来自网关日志）',
  'The lines of the log': '日志原文',
  '4. Let DLC fail': '4. 模拟 DLC 故障',
  'The next cancellation': '下一次取消请求',
  'as often as': '次数',
  once: '一次',
  'every time': '每次',
  'Cancel the next running task': '取消下一个运行中的任务',
  '5. The shared rate limit': '5. 共享的频率限制',
  'DLC takes 20 cancellations a second. The gateway shares these slots among its callers: requests wait up to 3 seconds for one, or get a 429 at once that says when to try again.':
    'DLC 每秒最多接受 20 次取消请求。网关在各调用方之间公平分配名额：请求最多等待 3 秒，否则立即返回 429，并告知何时重试。',
  'Offer 60 a second, for 10 seconds': '以每秒 60 次的速度发送 10 秒',

  // docs.html and what it shows
  'dlc-task-gateway: API reference': 'dlc-task-gateway：API 参考',
  'Every request can be tried here: the demo\'s key and tokens are filled in, webhooks are signed. Tools read <a href="/docs/openapi.json">the OpenAPI document</a>.':
    '所有请求都可以在此试用：演示用的密钥和令牌已填好，Webhook 由页面签名。各接口的说明来自 <a href="/docs/openapi.json">OpenAPI 文档</a>（英文）。',
  Pages: '页面',
  Requests: '接口列表',
  Tasks: '任务',
  Webhooks: 'Webhook 接口',
  Agents: '智能体',
  Service: '网关自身',
  'All requests': '所有接口',
  'Errors, authentication, header fields': '错误、身份验证与响应头',
  Authentication: '身份验证',
  'Header fields of every response': '所有响应共有的响应头',
  'Header fields of the responses': '响应头',
  'Those of every response': '所有响应共有的响应头见此',
  'Members of the body': '请求体字段',
  required: '必填',
  Responses: '响应',
  Send: '发送',
  'Send as': '发送身份',
  Body: '请求体',
  'Try it': '试一试',
  Languages: '编程语言',
  Example: '示例',
  'The same as a program': '同一请求的代码',
  'an internal service, with the API key': '内部服务，使用 API 密钥',
  'a frontend, with a token for the task': '前端，使用仅对该任务有效的令牌',

  // The faults
  'is taken as usual': '正常处理',
  'A 202: DLC has accepted the cancellation, and it takes effect a moment later.':
    '返回 202：DLC 已受理取消请求，稍后生效。',
  'takes effect, but the response is lost': '已生效，但响应丢失',
  'The connection breaks after DLC has accepted. The gateway tries again, is refused, and looks the task up: a 200 all the same, since the task is cancelled. (A 202 that is not confirmed if DLC was still cancelling it then.)':
    'DLC 受理后连接中断。网关重试被拒，随即查询任务状态：任务确已取消，因此仍返回 200。（若查询时 DLC 尚在取消，则返回未经确认的 202。）',
  'is lost on the way there': '未送达 DLC',
  'The connection breaks before DLC has seen it. The next attempt succeeds: a 202, a little later.':
    '请求到达 DLC 之前连接中断。网关重试成功，稍后返回 202。',
  'gets its response two seconds late': '响应延迟两秒',
  'Within the 3 seconds that an attempt has: a 202, two seconds later.':
    '未超过单次调用 3 秒的超时时间：两秒后返回 202。',
  'is refused: RequestLimitExceeded': '被拒绝：RequestLimitExceeded',
  'It did not happen, so it is safe to try again. Every time: a 429 with Retry-After.':
    '请求未被执行，可以安全重试。若每次都被拒绝，则返回带 Retry-After 的 429。',
  'gets no response': '没有响应',
  'After 3 seconds the gateway ends the attempt and tries again. Every time: a 504 with outcomeUnknown by its deadline of 10 seconds, since nobody knows whether it took effect.':
    '3 秒后网关放弃本次调用并重试。若每次都没有响应，则在 10 秒的截止时间内返回带 outcomeUnknown 的 504，因为无法确定是否已生效。',
  'gets an HTTP 503': '返回 HTTP 503',
  'Nobody knows whether that took effect: the gateway tries again, and looks the task up.':
    '无法确定是否已生效：网关会重试，并查询任务状态。',
  'gets a page of HTML': '返回一个 HTML 页面',
  'Such a response says nothing about the task: the gateway tries again.':
    '这样的响应无法说明任务的情况：网关会重试。',
  'Set under 4: the next cancellation {fault}.': '已在第 4 步设置下一次取消请求：{fault}。',

  // The tasks and their states
  'Choose {id}': '选择 {id}',
  'Cancel {id}': '取消 {id}',
  initializing: '初始化',
  queued: '排队中',
  running: '运行中',
  writing: '写入结果中',
  succeeded: '成功',
  failed: '失败',
  cancelled: '已取消',
  'being cancelled': '取消中',
  'All tasks are as at the start.': '所有任务已恢复到初始状态。',
  'npm start has ended.': 'npm start 已结束。',
  'Choose tasks first.': '请先选择任务。',
  'No task is running any more: start anew.': '没有运行中的任务了，请点击“重新开始”。',

  // The result
  ', ': '，',
  'Cancelling {tasks} …': '正在取消 {tasks} ……',
  'There was no response: {reason}.': '没有收到响应：{reason}。',
  'sent by this page, after the browser had asked whether it may (preflight)':
    '由本页面发送，浏览器已先发出预检请求',
  "signed and sent by the playground's server": '由试验台的服务端签名并发送',
  "sent by the playground's server": '由试验台的服务端发送',
  "sent by the playground's server, as an agent's client does":
    '由试验台的服务端以智能体客户端的方式发送',
  'DLC has accepted the cancellation; it takes effect in a moment.':
    'DLC 已受理取消请求，稍后生效。',
  "Most likely DLC has accepted it: its response was lost. Look at the task's state.":
    'DLC 很可能已受理，但响应丢失。请查询任务状态。',
  'The task is cancelled.': '任务已取消。',
  'The task was cancelled before: this request changed nothing.':
    '任务此前已取消，本次请求没有改变任何状态。',
  'Only a trial: nothing was sent to DLC.': '仅试运行：没有向 DLC 发送取消请求。',
  'The delivery names no task to cancel.': '该消息没有指明要取消的任务。',
  'Nothing was cancelled. It is final, so the sender gets a 200 and stops.':
    '没有取消任何任务。结果不会再变，因此返回 200，让发送方停止重试。',
  'Nobody knows whether it took effect.': '无法确定是否已生效。',
  'nobody knows whether it took effect': '无法确定是否已生效',
  'not confirmed': '未经确认',
  'after {ms} ms': '耗时 {ms} 毫秒',
  'Those that CORS lets a page read.': '仅列出 CORS 允许页面读取的响应头。',
  'The log has no lines about it (yet).': '日志中（暂时）没有相关记录。',
  'Decision in the audit trail: {decision}.': '审计日志中的判定：{decision}。',
  'Copied.': '已复制。',
  'The browser does not allow it: select the text.': '浏览器不允许复制，请手动选中文本。',

  // The timeline
  'Authentication, quota, permission': '身份验证、配额、权限',
  'Authentication, quota, permission: known, but refused, {code}':
    '身份验证、配额、权限：身份有效，但被拒绝，{code}',
  'Authentication, quota, permission: refused, {code}': '身份验证、配额、权限：被拒绝，{code}',
  'A slot upstream: none in time': '未能及时获得发送名额',
  'A slot upstream, at once': '立即获得发送名额',
  'Waiting for a slot upstream': '等待发送名额',
  'Attempt {attempt}: CancelTask': '第 {attempt} 次调用 CancelTask',
  'Lookup: {action}': '查询：{action}',
  answered: '已响应',
  refused: '被拒绝',
  'did not happen': '未执行',
  'Pause before the next call': '下次调用前的间隔',

  // The rate
  'In the last second {now} of {limit}. Most in any second since the start: {most}. Refused by DLC for the rate: {refused}.':
    '最近一秒 {now} 次（上限 {limit}）。启动以来任意一秒内最多 {most} 次。被 DLC 限频拒绝 {refused} 次。',
  'Sending {of} cancellations in ten seconds, as twelve callers.':
    '正以 12 个调用方的身份，在 10 秒内发送 {of} 次取消请求。',
  'Offered {offered}; responses: {counts}.': '共发送 {offered} 次；响应：{counts}。',
  '{seconds} s ago': '{seconds} 秒前',
  now: '现在',
};
