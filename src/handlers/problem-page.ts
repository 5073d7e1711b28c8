import type { OpenEndpoint } from '../endpoint.ts';
import type { ProblemText } from '../lib/api-document.ts';
import { prefersHtml } from '../lib/http/preferences.ts';
import { jsonResponse } from '../lib/http/response.ts';
import { Problem, PROBLEMS, type ProblemCode, type ProblemKind, titleOf } from '../lib/problems.ts';

/** `GET /problems/{code}`: what a problem's `type` leads to, a page for people and JSON for programs. */
export const problemPage: OpenEndpoint = {
  handle({ request, parameter: code }, { settings, document }) {
    if (!isProblemCode(code)) throw new Problem('route-not-found');
    const { status, retryable, detail }: ProblemKind = PROBLEMS[code];
    const title = titleOf(code);
    const type = `${settings.problemPrefix}/problems/${code}`;
    const text = document()?.problems[code] ?? { meaning: detail };
    const page = { type, code, title, status, retryable, ...text };
    const headers = { Vary: 'Accept' };
    const accept = request.headers.get('accept')?.join() ?? '';
    if (!prefersHtml(accept)) return jsonResponse(200, page, headers);
    const html = { ...headers, 'Content-Type': 'text/html; charset=utf-8' };
    return { status: 200, headers: html, body: toProblemPage(page) };
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

/** The policy of every response, `default-src 'none'`, leaves a page without styles and scripts. */
export function toProblemPage(page: Page): string {
  const { code, title, status, retryable, meaning, advice } = page;
  const again = retryable
    ? 'Yes: the same request may succeed after the time that Retry-After gives.'
    : 'The same request, unchanged, is not expected to succeed later.';
  const sections = Object.entries({ Meaning: meaning, 'What to do': advice, 'Try again?': again });
  return `<!doctype html>
<html lang="en">
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<meta name="color-scheme" content="light dark">
<title>${title}</title>
<h1>${title}</h1>
<p>Status ${status}, code <code>${code}</code></p>
${sections.map(([name, text = '']) => text && `<h2>${name}</h2>\n<p>${escaped(text)}</p>\n`).join('')}</html>
`;
}

function escaped(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
}
