import { describe, expect, it } from '@jest/globals';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';

import type { Emulator } from '../emulator/emulator.ts';
import { PROBLEM_TEXTS } from '../src/lib/problems.openapi.ts';
import { prefersHtml } from '../src/lib/http/preferences.ts';
import { PROBLEMS, titleOf, type ProblemCode, type ProblemKind } from '../src/lib/problems.ts';
import { ask, gatewaysWith } from './support/both-ways.ts';
import { onEmulator } from './support/emulator.ts';
import { expectProblem, KEYS, settingsFor } from './support/gateway.ts';
import { startInProcess } from './support/in-process.ts';
import { itWith } from './support/needs.ts';
import { run, startServer } from './support/processes.ts';

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
    expect(json.headers).toMatchObject({
      'Content-Type': 'application/json',
      Vary: 'Accept, Accept-Language',
    });

    const headers = { accept: BROWSER };
    const html = await gateway.call('GET', `/problems/${code}`, { headers });
    expect(html.headers).toMatchObject({
      'Content-Type': 'text/html; charset=utf-8',
      Vary: 'Accept, Accept-Language',
    });
    const { meaning, advice, operator, ...text } = PROBLEM_TEXTS[code];
    const snippet = `<p><code>${text.snippet}</code></p>`;
    const shown = [title, `${status}`, `<code>${code}</code>`, meaning, advice, snippet, operator];
    for (const part of shown) {
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
    for (const target of ['/gw/problems/task-busy', '/problems/task-busy']) {
      const page = await moved.call('GET', target);
      expect(page.body['type']).toBe('https://help.example.org/problems/task-busy');
      expect(page.headers['Vary']).toBe('Accept, Accept-Language, Origin');
    }
  });
});

describe('what a page says to type', () => {
  let emulator: Emulator;
  onEmulator({ id: 'nightly-etl', state: 'running' }, (started) => void (emulator = started));

  const SNIPPETS = [...new Set(CODES.map((code) => PROBLEM_TEXTS[code].snippet))];

  itWith(['curl', 'jq'], 'works in a shell, and finds its lines in the log', async () => {
    const server = await startServer(settingsFor(emulator));
    const GATEWAY = `http://127.0.0.1:${server.port}`;
    const env = {
      GATEWAY,
      KEY: KEYS.both,
      TASK: 'nightly-etl',
      REGION: 'ap-guangzhou',
      NO_PROXY: '*',
    };
    const responses: string[] = [];
    for (const snippet of SNIPPETS) {
      const shell = run(env, ['-c', snippet], { command: 'bash' });
      expect(await shell.ended).toBe(0);
      const { stdout } = shell.output;
      expect(stdout).not.toContain('"retryable"');
      responses.push(stdout);
    }
    const all = responses.join('\n');
    for (const word of [
      'cancel_requested',
      'would_cancel',
      '"state"',
      '"ready"',
      '/tasks:cancel',
      'already_cancelled',
    ]) {
      expect(all).toContain(word);
    }
    await server.stop();

    const { requestId } = server.lines().find(({ phase }) => phase === 'intent') ?? {};
    const { text } = await startInProcess({ port: NOBODY }).call('GET', '/problems/task-busy', {
      headers: { accept: BROWSER },
    });
    const command = /<code>(jq .*)<\/code>/.exec(text)?.[1] ?? '';
    const folder = await mkdtemp(path.join(tmpdir(), 'problem-pages-'));
    await writeFile(path.join(folder, 'gateway.log'), server.output.stdout);
    const typed = `cd ${folder} && ${command.replace('REQUEST-ID', String(requestId))}`;
    const shell = run({}, ['-c', typed], { command: 'bash' });
    expect(await shell.ended).toBe(0);
    expect(shell.lines().map(({ event }) => event)).toEqual(['audit', 'audit', 'request']);
    await rm(folder, { recursive: true });
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
  const gateways = gatewaysWith(
    settingsFor({ url: 'http://127.0.0.1:9', secretId: 'a', secretKey: 'b' }),
  );

  it.each(['server', 'SCF event', 'ALB event'] as const)(
    'the document and the pages are there, through the %s',
    async (way) => {
      const document = await ask(way, gateways(), { target: '/openapi.json' });
      expect(JSON.parse(document.text)).toMatchObject({
        openapi: '3.1.1',
        servers: [{ url: '/' }],
      });
      const page = await ask(way, gateways(), { target: '/problems/overloaded' });
      expect(JSON.parse(page.text)).toMatchObject({ ...PROBLEM_TEXTS.overloaded });
      const headers = [['Accept', BROWSER]] as const;
      const html = await ask(way, gateways(), { target: '/problems/overloaded', headers });
      expect(html.text).toContain(PROBLEM_TEXTS.overloaded.advice);
      const head = await ask(way, gateways(), { method: 'HEAD', target: '/openapi.json' });
      expect({ status: head.status, text: head.text }).toEqual({ status: 200, text: '' });
    },
  );
});
