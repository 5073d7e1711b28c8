import { describe, expect, it } from '@jest/globals';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import * as z from 'zod/mini';

import { CHINESE_PROBLEMS, inChinese, SENTENCES, toChinese } from '../../src/lib/chinese.ts';
import { toSentences } from '../../src/lib/validation.ts';
import { PROBLEM_TEXTS } from '../../src/lib/problems.openapi.ts';
import { PROBLEMS, titleOf, type ProblemCode } from '../../src/lib/problems.ts';
import { ENGLISH } from '../support/chinese.ts';

/** The tables of both languages have the same rows; so do the sentences that stand elsewhere in the code. */

const root = path.resolve(import.meta.dirname, '../../src');
const CODES = Object.keys(PROBLEMS).filter((code): code is ProblemCode => code in PROBLEMS);
const HAN = /\p{Script=Han}/u;

/** Texts between quotes, a value in them as `{}`. */
function textsIn(file: string): string[] {
  const code = readFileSync(file, 'utf8').replace(/^\s*(\/?\*|\/\/).*$/gm, '');
  const quoted = /'((?:[^'\\\n]|\\.)*)'|"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\]|\\.)*)`/g;
  return [...code.matchAll(quoted)].map(([, one, two, three = '']) =>
    (one ?? two ?? three).replace(/\$\{[^}]*\}/g, '{}'),
  );
}

const FILES = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(
  (file) => file.endsWith('.ts') && !/openapi\.ts$|zh-CN\.ts$|^lib\/chinese\.ts$/.test(file),
);

/** Whole sentences, wherever they are: those of metrics, of Slack, of the page and for models are not in problems. */
const SENTENCE = /^[A-Z].* .*\.$/;
const ELSEWHERE = /^lib\/problems\.ts$|observability|slack-response|handlers\/documents|mcp/;
/** What is said of a part of a request; elsewhere such texts are about settings, and in the log alone. */
const RULE = /^(must|is|has) /;
const VALIDATING =
  /^(handlers|middlewares|lib\/(listing|http))\/|^lib\/(tasks|validation|webhooks\/deliveries)\.ts$/;

const textsOf = new Map(FILES.map((file) => [file, textsIn(path.join(root, file))]));
const inCode = FILES.flatMap((file) =>
  (textsOf.get(file) ?? []).filter(
    (text) =>
      (SENTENCE.test(text) && !ELSEWHERE.test(file)) || (RULE.test(text) && VALIDATING.test(file)),
  ),
);

/** Which the code puts together; what it says at the end is in the test of values. */
const COMPOSED = /^must \$|type \{\}$|^must (match|be a) \{\}$/;

describe('sentences', () => {
  it('of the code are found', () => {
    expect(inCode).toContain('The API key is not valid.');
    expect(inCode).toContain('must name at most {} tasks');
    expect(new Set(inCode).size).toBeGreaterThan(45);
  });

  it.each([...new Set(inCode)].filter((text) => !COMPOSED.test(text)))('%s', (text) => {
    const filled = text.replaceAll('{}', 'x');
    const chinese = toChinese(filled);
    expect(chinese).toMatch(HAN);
    expect(chinese).not.toMatch(ENGLISH);
  });

  it('are none that the code does not say', () => {
    const code = [...textsOf.values()].flat().join('\n');
    const unsaid = Object.keys(SENTENCES).filter((english) => {
      const words = english
        .split(/\{(?:text)?\}|", or |^The (?:body|query parameter) /)
        .map((part) => part.trim());
      return !COMPOSED.test(english) && !words.every((part) => code.includes(part));
    });
    expect(unsaid).toEqual([]);
  });
});

describe.each(CODES)('%s', (code) => {
  const { title, detail, meaning, advice, operator } = CHINESE_PROBLEMS[code];

  it('has every text in Chinese', () => {
    for (const text of [title, detail, meaning, advice, operator]) {
      expect(text).toMatch(HAN);
      expect(text).not.toMatch(ENGLISH);
    }
    for (const text of [detail, meaning, advice, operator]) expect(text).toMatch(/。$/);
  });

  it('names the same codes, fields and members in both languages', () => {
    const names = (text: string): string[] =>
      (
        text.match(/"\w+"|\/openapi\.json|Retry-After|WWW-Authenticate|\d+ KiB|npm run \w+/g) ?? []
      ).toSorted();
    const english = PROBLEM_TEXTS[code];
    expect(new Set(names(meaning))).toEqual(new Set(names(english.meaning)));
    expect(new Set(names(advice))).toEqual(new Set(names(english.advice)));
    expect(new Set(names(operator))).toEqual(new Set(names(english.operator)));
  });

  it('keeps everything but the sentences of a problem', () => {
    const problem = {
      type: `/problems/${code}`,
      title: titleOf(code),
      status: 400,
      detail: PROBLEMS[code].detail,
      code,
    };
    expect(inChinese(problem, PROBLEMS)).toEqual({ ...problem, title, detail });
  });
});

it('has a title of its own for each code', () => {
  expect(new Set(CODES.map((code) => CHINESE_PROBLEMS[code].title)).size).toBe(CODES.length);
});

describe('sentences with values', () => {
  it.each([
    [
      'The query parameter "regoin" is not a parameter of this route.',
      '查询参数 "regoin" 不是此接口的参数。',
    ],
    // A value is never translated, whatever it is.
    ['The query parameter "body" must not be repeated.', '查询参数 "body" 不能重复。'],
    ['The body must be JSON in UTF-8.', '请求体必须是 UTF-8 编码的 JSON。'],
    [
      'The body "taskIds" must have at most 100 members.',
      '请求体 "taskIds" 最多只能有 100 个成员。',
    ],
    ['The body "data" has an unknown member regoin.', '请求体 "data" 有未知的成员 regoin。'],
    [
      'The API key is not valid. This route takes a token in "Authorization: Bearer", or a key in "X-API-Key".',
      'API 密钥无效。此接口支持请求头 "Authorization: Bearer" 中的令牌，或请求头 "X-API-Key" 中的密钥。',
    ],
    ['A sentence that nobody has translated.', 'A sentence that nobody has translated.'],
  ])('%s', (english, chinese) => {
    expect(toChinese(english)).toBe(chinese);
  });

  const shape = z.strictObject({
    id: z.string().check(z.regex(/^[a-z]$/)),
    kind: z.enum(['a', 'b']),
    count: z.optional(z.number()),
    mail: z.optional(z.email()),
    list: z.optional(z.array(z.string()).check(z.minLength(1))),
    text: z.optional(z.string().check(z.maxLength(2))),
    either: z.optional(z.union([z.string(), z.number()])),
  });

  it.each<[object, string]>([
    [{ kind: 'a' }, '缺失，或者类型不是 string'],
    [{ id: 'A', kind: 'a' }, '必须匹配 /^[a-z]$/'],
    [{ id: 'a', kind: 'c' }, '必须是以下之一：a, b'],
    [{ id: 'a', kind: 'a', count: '1' }, '类型必须是 number'],
    [{ id: 'a', kind: 'a', mail: '1' }, '必须是 email'],
    [{ id: 'a', kind: 'a', list: [] }, '至少要有 1 个成员'],
    [{ id: 'a', kind: 'a', text: '123' }, '最多只能有 2 个字符'],
    [{ id: 'a', kind: 'a', either: true }, '不符合任何一种允许的形式'],
    [{ id: 'a', kind: 'a', more: true }, '有未知的成员 more'],
  ])('of a schema: %j', (value, chinese) => {
    const [sentence] = toSentences(
      shape.safeParse(value, { reportInput: true }).error?.issues ?? [],
    );
    expect(toChinese(sentence?.message ?? '')).toBe(chinese);
  });
});
