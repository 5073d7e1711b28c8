import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { ALWAYS } from '../../src/lib/http/response.ts';
import { startChromium } from '../support/chromium.ts';
import { commandsFor } from '../support/documented-commands.ts';
import { readDocument } from '../support/documents.ts';
import { NEEDS_BROWSER, itWith, NEEDS_TOOLS } from '../support/needs.ts';
import { parseAnswers } from '../support/http-client.ts';
import { IS_UP, shellInWorkingCopy, type Terminal } from '../support/paste.ts';

/** From the clone to a cancelled task, and to one's own page, with nothing but the documents. */

const commands = commandsFor('commands-start');
const block = (file: string, firstLine: string): string => commands.block(file, firstLine);
/** The first block of a language. */
const blockIn = (file: string, language: string): string =>
  readDocument(file).blocks.find((one) => one.language === language)?.text ?? '';

/** Ids are others every time. */
const veiled = (text: string): string =>
  text.replaceAll(/[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}/g, 'an-id');
/** What is no matter of the gateway's, and left out in the README too. */
const OF_HTTP = ['Date', 'Connection', 'Keep-Alive', 'Content-Length'];

const used = shellInWorkingCopy();

describe('npm start', () => {
  const curl = block(
    'README.md',
    "curl -i -X DELETE -H 'X-API-Key: dlcgw_dGhpcyBrZXkgb3BlbnMgYSBkZW1vIG9ubHkuLi4uLi4' \\",
  );
  const types = block(
    'docs/calling.md',
    'npx openapi-typescript@7 http://127.0.0.1:9000/openapi.json -o gateway-api.d.ts',
  );
  let demo: Terminal;
  const start = block('README.md', 'npm ci && npm start');
  beforeAll(async () => {
    demo = await used.shell.start(start, IS_UP);
  });
  afterAll(() => demo.end());

  itWith(
    ['curl'],
    'the line that cancels gives the answer that is shown, and later another',
    async () => {
      const { stdout } = await used.shell.run(curl);
      parseAnswers(stdout);
      const received = veiled(stdout.replaceAll('\r', '')).split('\n');
      const shown = veiled(blockIn('README.md', 'http')).split('\n');
      expect(received).toEqual(expect.arrayContaining(shown));
      const left = received
        .filter((line) => !shown.includes(line))
        .map((line) => line.split(':')[0] ?? '');
      expect(left.toSorted()).toEqual([...Object.keys(ALWAYS), ...OF_HTTP].toSorted());
      let later = '';
      while (!later.startsWith('HTTP/1.1 200')) later = (await used.shell.run(curl)).stdout;
      expect(parseAnswers(later)).toMatchObject([{ body: { outcome: 'already_cancelled' } }]);
    },
  );

  itWith([NEEDS_TOOLS], 'the types come from the document', async () => {
    expect((await used.shell.run(types)).status).toBe(0);
    const made = readFileSync(path.join(used.copy.folder, 'gateway-api.d.ts'), 'utf8');
    expect(made).toContain('"/tasks/{taskId}"');
  });
});

describe('a page of your own', () => {
  const allowing = block('docs/frontend.md', 'CORS_ORIGINS=http://127.0.0.1:8080 npm start');
  const serving = block(
    'docs/frontend.md',
    'python3 -m http.server 8080 --bind 127.0.0.1 --directory my-page',
  );
  itWith(
    ['python3', ...NEEDS_BROWSER],
    'cancels the task that its token is for, in Chromium',
    async () => {
      mkdirSync(path.join(used.copy.folder, 'my-page'));
      writeFileSync(
        path.join(used.copy.folder, 'my-page/index.html'),
        used.shell.adapt(blockIn('docs/frontend.md', 'html')),
      );
      const demo = await used.shell.start(allowing, IS_UP);
      await used.shell.start(serving, /Serving HTTP/);
      const browser = await startChromium();
      try {
        const page = await browser.newPage();
        await page.goto(used.shell.adapt('http://127.0.0.1:8080'));
        const [, token = '', task = ''] =
          /Bearer (\S+)' \S+\/tasks\/(?!demo)(\S+)/.exec(demo.output()) ?? [];
        await page.fill('[name=token]', token);
        await page.fill('[name=task]', task);
        await page.click('button');
        await page.waitForSelector('output:text-is("cancel_requested")');
        await page.fill('[name=task]', 'demo-queued');
        await page.click('button');
        await page.waitForSelector('output:has-text("task-not-permitted")');
      } finally {
        await browser.close();
      }
    },
  );
});

it('is all that is run here', () => commands.expectAllRun());
