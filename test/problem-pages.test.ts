import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';

import { PROBLEM_TEXTS } from '../src/lib/problems.openapi.ts';
import { prefersHtml } from '../src/lib/http/preferences.ts';
import { PROBLEMS, titleOf, type ProblemCode, type ProblemKind } from '../src/lib/problems.ts';
import { ask, type Gateways } from './support/both-ways.ts';
import { expectProblem, settingsFor } from './support/gateway.ts';
import { startInProcess } from './support/in-process.ts';
import { startFunction, startServer } from './support/processes.ts';

/** Where a problem's `type` leads: one text for the page, for programs, for docs/errors.md and for OpenAPI. */

const isCode = (code: string): code is ProblemCode => code in PROBLEMS;
const CODES = Object.keys(PROBLEMS).filter(isCode);
const BROWSER = 'text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8';
/** No request here reaches DLC. */
const NOBODY = 9;

describe('a problem page', () => {
  const gateway = startInProcess({ port: NOBODY });

  it.each(CODES)('of %s says the same to programs and to people', async (code) => {
    const { status, retryable }: ProblemKind = PROBLEMS[code];
    const title = titleOf(code);
    const json = await gateway.call('GET', `/problems/${code}`);
    const type = `/problems/${code}`;
    expect(json.body).toEqual({ type, code, title, status, retryable, ...PROBLEM_TEXTS[code] });
    expect(json.headers).toMatchObject({ 'Content-Type': 'application/json', Vary: 'Accept' });

    const headers = { accept: BROWSER };
    const html = await gateway.call('GET', `/problems/${code}`, { headers });
    expect(html.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      Vary: 'Accept',
    });
    const { meaning, advice } = PROBLEM_TEXTS[code];
    for (const part of [title, `${status}`, `<code>${code}</code>`, meaning, advice]) {
      expect(html.text).toContain(part);
    }
    // The policy of every answer leaves none of these anything to do.
    expect(html.text).not.toMatch(/<(script|style|link|img)|style=|\son\w+=/);
  });

  it.each(['nothing', '__proto__', 'toString', 'task-busy%2F', 'TASK-BUSY'])(
    'of %s is not there',
    async (code) => {
      expectProblem(await gateway.call('GET', `/problems/${code}`), 404, 'route-not-found');
    },
  );

  it('stands where `type` says, under a base path and an own address', async () => {
    const PROBLEM_BASE_URL = 'https://help.example.org';
    const env = { BASE_PATH: '/gw', PROBLEM_BASE_URL, CORS_ORIGINS: 'https://app.example.org' };
    const moved = startInProcess({ port: NOBODY, env });
    const { body } = await moved.call('GET', '/nowhere');
    expect(body['type']).toBe('https://help.example.org/problems/route-not-found');
    for (const path of ['/gw/problems/task-busy', '/problems/task-busy']) {
      const page = await moved.call('GET', path);
      expect(page.body['type']).toBe('https://help.example.org/problems/task-busy');
      expect(page.headers['Vary']).toBe('Accept, Origin');
    }
  });
});

describe('HTML is preferred', () => {
  it.each<[string, boolean]>([
    [BROWSER, true],
    ['text/html', true],
    ['TEXT/HTML', true],
    ['text/*', true],
    ['text/html;q=0.2, application/json;q=0.1', true],
    ['application/json;q=0, text/html;q=0.001', true],
    ['text/html, */*;q=0', true],
    ['text/html ; level=1 ; q=0.5, */*;q=0.4', true],
    ['', false],
    ['*/*', false],
    ['application/json', false],
    ['application/problem+json, text/html;q=0.9', false],
    ['text/html, application/json', false],
    ['text/html;q=0.1, application/json;q=0.2', false],
    ['text/html;q=0', false],
    ['text/*;q=0.1, */*', false],
    ['text/html;q=x', false],
    ['image/png', false],
    ['text/*, text/html;q=0', false],
  ])('%s: %s', (accept, expected) => {
    expect(prefersHtml(accept)).toBe(expected);
  });
});

describe('as built', () => {
  let gateways: Gateways;
  const settings = settingsFor({ url: 'http://127.0.0.1:9', secretId: 'a', secretKey: 'b' });
  beforeAll(async () => {
    const [server, fn] = await Promise.all([startServer(settings), startFunction(settings)]);
    gateways = { server, fn };
  });
  afterAll(() => Promise.all([gateways.server.stop(), gateways.fn.stop()]));

  it.each(['server', 'SCF event', 'ALB event'] as const)(
    'the document and the pages are there, through the %s',
    async (way) => {
      const document = await ask(way, gateways, { target: '/openapi.json' });
      expect(JSON.parse(document.text)).toMatchObject({
        openapi: '3.1.1',
        servers: [{ url: '/' }],
      });
      const page = await ask(way, gateways, { target: '/problems/overloaded' });
      expect(JSON.parse(page.text)).toMatchObject({ ...PROBLEM_TEXTS.overloaded });
      const headers = [['Accept', BROWSER]] as const;
      const html = await ask(way, gateways, { target: '/problems/overloaded', headers });
      expect(html.text).toContain(PROBLEM_TEXTS.overloaded.advice);
      const head = await ask(way, gateways, { method: 'HEAD', target: '/openapi.json' });
      expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    },
  );
});
