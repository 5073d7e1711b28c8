import { describe, expect, it } from '@jest/globals';

import type { Emulator } from '../emulator/emulator.ts';
import { CHINESE_PROBLEMS } from '../src/lib/chinese.ts';
import { PROBLEM_TEXTS } from '../src/lib/problems.openapi.ts';
import { PROBLEMS, type ProblemCode } from '../src/lib/problems.ts';
import { ask, gatewaysWith, WAYS } from './support/both-ways.ts';
import { onEmulator } from './support/emulator.ts';
import { batch, cancel, delivery, get, list, type Request } from './support/every-operation.ts';
import { settingsFor } from './support/gateway.ts';
import type { InProcessGateway } from './support/in-process.ts';
import { KEY, startGateway } from './support/three-callers.ts';

/** `Accept-Language` that prefers Chinese: sentences in Chinese, all the rest as without it. */

const CHINESE = ['Accept-Language', 'zh-CN,zh;q=0.9,en;q=0.8'] as const;
const ENGLISH = ['Accept-Language', 'en-US,en;q=0.9,zh;q=0.8'] as const;
const ID = ['X-Request-Id', 'an-id'] as const;
const isCode = (code: string): code is ProblemCode => code in PROBLEMS;
const CODES = Object.keys(PROBLEMS).filter(isCode);

let emulator: Emulator;
onEmulator({ id: 'done', state: 'succeeded' }, (started) => void (emulator = started));
const start = (): InProcessGateway => startGateway(emulator.port, { TASK_STATE_LOOKUP: 'on' });

const about = (target: string, request: Request): Request => ({ ...request, target });
const asking = (body: unknown): Request => ({ ...batch, body: JSON.stringify(body) });
const json = { method: 'POST', target: '/webhooks/sink', headers: delivery.headers };

/** What is asked, and the Chinese of what was wrong. */
const REQUESTS: readonly (readonly [string, Request, string])[] = [
  ['a task that had ended', about('/tasks/done', cancel), '任务此前已经结束，无法再取消。'],
  ['a task that is not there', about('/tasks/none', get), '最近 45 天内，DLC 在此地域没有该任务。'],
  ['no credentials', { ...get, headers: [] }, '此接口支持请求头 "Authorization: Bearer" 中的令牌'],
  ['a wrong key', { ...get, headers: [['X-API-Key', `${KEY}x`]] }, 'API 密钥无效。此接口支持'],
  ['a wrong parameter', about('/tasks/a?regoin=x', cancel), '查询参数 "regoin" 不是此接口的参数。'],
  ['two wrong parameters', about('/tasks?limit=0&state=x', list), '请求中有多处无效'],
  ['no such path', about('/nowhere', get), '此路径不存在。'],
  ['no such method', { ...list, method: 'PUT' }, '此路径不支持该请求方法'],
  ['no such page', about('/problems/none', get), '此路径不存在。'],
  ['a wrong body', asking({ taskIds: [] }), '请求体 "taskIds" 至少要有 1 个成员。'],
  ['a batch', asking({ taskIds: ['done', 'none'] }), '任务此前已经结束，无法再取消。'],
  [
    'a delivery of a wrong form',
    { ...json, body: '{"a":1,"a":2}' },
    '同一个对象中不能有重复的成员',
  ],
  [
    'a delivery with a task that had ended',
    { ...json, body: '{"type":"task.cancel","data":{"taskId":"done"}}' },
    '任务此前已经结束，无法再取消。',
  ],
  [
    'a stranger at the door of a sender',
    { ...json, headers: [] },
    '请求无法证明来自本网关的某个发送方',
  ],
];

describe('a request that prefers Chinese', () => {
  it.each(REQUESTS)('about %s', async (_, { method, target, headers, body }, sentence) => {
    const send = (...more: (readonly [string, string])[]) =>
      start().send(method, target, [...headers, ID, ...more], body);
    const without = await send();
    const chinese = await send(CHINESE);
    expect(chinese.text).toContain(sentence.replaceAll('"', '\\"'));
    const { 'X-Tc-Request-Id': _id, ...others } = chinese.headers;
    expect({ ...without.headers, ...others }).toEqual({
      ...without.headers,
      'Content-Language': 'zh-CN',
    });
    expect(without.headers['Vary']).toContain('Accept-Language');
    expect(chinese.status).toBe(without.status);
    // Everything but the sentences is the same, and in the same order.
    const shape = (text: string): string =>
      text
        .replaceAll(/"(title|detail|message)":"(?:[^"\\]|\\.)*"/g, '"$1":""')
        .replaceAll(/"upstreamRequestId":"[^"]*"/g, '');
    expect(shape(chinese.text)).toBe(shape(without.text));
    expect(without.text).not.toMatch(/\p{Script=Han}/u);
  });

  it.each(REQUESTS.filter(([name]) => !/ended|there|batch/.test(name)))(
    'and English more, about %s: byte for byte as without the field',
    async (_, { method, target, headers, body }) => {
      const send = (...more: (readonly [string, string])[]) =>
        start().send(method, target, [...headers, ID, ...more], body);
      const [without, english] = [await send(), await send(ENGLISH)];
      expect(english).toEqual(without);
    },
  );

  it('several fields are one list', async () => {
    const fields = [
      ['Accept-Language', 'en;q=0.1'],
      ['Accept-Language', 'zh'],
    ] as const;
    const response = await start().send('GET', '/nowhere', fields);
    expect(response.headers['Content-Language']).toBe('zh-CN');
  });

  it('says in the log what it always says', async () => {
    const gateway = start();
    await gateway.send('GET', '/tasks/a?regoin=x', [['X-API-Key', KEY], CHINESE]);
    expect(gateway.log.join('')).not.toMatch(/\p{Script=Han}/u);
  });

  it('gets a success as ever', async () => {
    const response = await start().send('GET', '/healthz', [CHINESE]);
    expect(response.headers).not.toHaveProperty('Content-Language');
    expect(response.headers).not.toHaveProperty('Vary');
  });
});

describe.each(CODES)('the page of %s', (code) => {
  const { title, meaning, advice, operator } = CHINESE_PROBLEMS[code];
  const page = (...headers: (readonly [string, string])[]) =>
    start().send('GET', `/problems/${code}`, headers);

  it('is in Chinese for programs', async () => {
    const [{ body }, english] = [await page(CHINESE), await page()];
    expect(body).toEqual({ ...english.body, title, meaning, advice, operator });
    expect(english.headers).not.toHaveProperty('Content-Language');
  });

  it('and for people', async () => {
    const { headers, text } = await page(CHINESE, ['Accept', 'text/html']);
    expect(headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      'Content-Language': 'zh-CN',
      Vary: 'Accept, Accept-Language',
    });
    expect(text).toContain('<html lang="zh-CN">');
    const snippet = PROBLEM_TEXTS[code].snippet.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
    for (const part of [title, meaning, advice, operator, snippet, '怎么办', '运维人员']) {
      expect(text).toContain(part);
    }
    expect(text).not.toMatch(/What to do|Meaning|Status/);
  });
});

describe('as built', () => {
  const gateways = gatewaysWith(
    settingsFor({ url: 'http://127.0.0.1:9', secretId: 'a', secretKey: 'b' }),
  );

  it.each(WAYS)('problems and their pages are in Chinese, through the %s', async (way) => {
    const headers = [CHINESE];
    const problem = await ask(way, gateways(), { target: '/nowhere', headers });
    expect(JSON.parse(problem.text)).toMatchObject({
      title: '路径不存在',
      detail: '此路径不存在。',
    });
    const page = await ask(way, gateways(), { target: '/problems/overloaded', headers });
    expect(JSON.parse(page.text)).toMatchObject({
      title: CHINESE_PROBLEMS.overloaded.title,
      meaning: CHINESE_PROBLEMS.overloaded.meaning,
    });
    const head = await ask(way, gateways(), { method: 'HEAD', target: '/nowhere', headers });
    expect({ status: head.status, text: head.text }).toEqual({ status: 404, text: '' });
  });
});
