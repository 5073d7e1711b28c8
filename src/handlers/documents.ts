import type { OpenEndpoint } from '../endpoint.ts';
import type { ProblemText } from '../lib/api-document.ts';
import { prefersChinese, prefersHtml } from '../lib/http/preferences.ts';
import { IN_LANGUAGES, jsonResponse } from '../lib/http/response.ts';
import { Problem, PROBLEMS, type ProblemCode, type ProblemKind, titleOf } from '../lib/problems.ts';

/** What the API is, for tools, and what its problems mean, for people. */

/** `GET /openapi.json`: what the build made. If it was not packed along, nothing is at this path. */
export const openApi: OpenEndpoint = {
  handle(_, { document }) {
    const body = document()?.text;
    if (body) return { status: 200, headers: { 'Content-Type': 'application/json' }, body };
    throw new Problem('route-not-found', { reason: 'openapi.json is not beside the bundle' });
  },
};

/** `GET /problems/{code}`: what a problem's `type` leads to, a page for people and JSON for programs. */
export const problemPage: OpenEndpoint = {
  async handle({ request, parameter: code }, { settings, document }) {
    if (!isProblemCode(code)) throw new Problem('route-not-found');
    const field = (name: string): string => request.headers.get(name)?.join() ?? '';
    const isChinese = prefersChinese(field('accept-language'));
    const chinese = isChinese ? await import('../lib/chinese.ts') : undefined;
    const { status, retryable, detail }: ProblemKind = PROBLEMS[code];
    const type = `${settings.problemPrefix}/problems/${code}`;
    const text = document()?.problems[code] ?? { meaning: detail };
    const { detail: _, ...said } = chinese?.CHINESE_PROBLEMS[code] ?? { detail };
    const page = { type, code, title: titleOf(code), status, retryable, ...text, ...said };
    const headers = { Vary: `Accept, ${IN_LANGUAGES.Vary}`, ...chinese?.CHINESE };
    if (!prefersHtml(field('accept'))) return jsonResponse(200, page, headers);
    const html = { ...headers, 'Content-Type': 'text/html; charset=utf-8' };
    return { status: 200, headers: html, body: toProblemPage(page, chinese?.CHINESE_WORDS) };
  },
};

function isProblemCode(code: string): code is ProblemCode {
  return Object.hasOwn(PROBLEMS, code);
}

interface Page extends Partial<ProblemText> {
  readonly code: string;
  readonly title: string;
  readonly status: number;
  readonly retryable: boolean;
}

const WORDS = {
  language: 'en',
  status: 'Status',
  meaning: 'Meaning',
  advice: 'What to do',
  again: 'Try again?',
  yes: 'Yes: the same request may succeed after the time that Retry-After gives.',
  no: 'The same request, unchanged, is not expected to succeed later.',
  operator: 'Where the operator looks',
};

/** Shows all lines about one request. */
const LOG_LINES = `jq -c 'select(.requestId == "REQUEST-ID")' gateway.log`;

/** The policy of every response, `default-src 'none'`, leaves a page without styles and scripts. */
export function toProblemPage(page: Page, words = WORDS): string {
  const { code, title, status, retryable, meaning, advice, snippet, operator } = page;
  const sections = [
    section(words.meaning, meaning),
    section(words.advice, advice, snippet),
    section(words.again, retryable ? words.yes : words.no),
    section(words.operator, operator, LOG_LINES),
  ];
  return `<!doctype html>
<html lang="${words.language}">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>
<p>${words.status} ${status} · <code>${code}</code></p>
${sections.join('')}</html>
`;
}

/** Nothing without a text. @param command what one may type */
function section(name: string, text?: string, command?: string): string {
  if (text === undefined) return '';
  const typed = command === undefined ? '' : `<p><code>${escaped(command)}</code></p>\n`;
  return `<h2>${name}</h2>\n<p>${escaped(text)}</p>\n${typed}`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
