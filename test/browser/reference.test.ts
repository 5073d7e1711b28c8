import { afterAll, afterEach, beforeAll, beforeEach, expect, it } from '@jest/globals';
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

import { axeFindings, type Page } from '../support/chromium.ts';
import { describeWith, isThere, itWith, NEEDS_BROWSER, type Need } from '../support/needs.ts';
import { PlaygroundBrowser, SLOW } from '../support/playground-page.ts';

/** The API reference at `/docs`, as people use it. */

const run = promisify(execFile);
/** In CSS pixels: what one operation may take, sent and with each box opened in turn. */
const TALLEST = 3000;

let at: PlaygroundBrowser;
let page: Page;
const hasBrowser = isThere(NEEDS_BROWSER);

beforeAll(async () => {
  if (hasBrowser) at = await PlaygroundBrowser.start();
});
afterAll(async () => {
  if (hasBrowser) await at.end();
});
beforeEach(async () => {
  if (hasBrowser) page = await open();
});
afterEach(async () => {
  if (!hasBrowser) return;
  await page.close();
  expect([at.complaints, at.strangers()]).toEqual([[], []]);
});

/** Tasks are as at the start. */
async function open(options: object = { viewport: { width: 1280, height: 900 } }): Promise<Page> {
  const opened = await at.open(options);
  await opened.click('#other-page');
  await opened.waitForSelector('#sample:not(:empty)');
  return opened;
}

async function send(): Promise<string> {
  await page.click('form button');
  await page.waitForSelector('#said:not(:empty)', SLOW);
  return page.innerText('#said');
}

async function goTo(operation: string): Promise<void> {
  await page.click(`#operations [href="#${operation}"]`);
  await page.waitForSelector('#sample:not(:empty)');
}

async function operations(): Promise<string[]> {
  const hashes = await page.evaluate(
    "[...document.querySelectorAll('#operations a')].map(({ hash }) => hash.slice(1))",
  );
  return Array.isArray(hashes) ? hashes.map(String).filter((id) => id !== 'common') : [];
}

describeWith(NEEDS_BROWSER, 'the API reference', () => {
  it('cancels with what is filled in: the key, or a token for the task', async () => {
    expect(await send()).toBe('202 Accepted');
    expect(await page.innerText('#try-body')).toContain('"outcome": "cancel_requested"');
    await page.selectOption('[name=caller]', 'token');
    await page.fill('[name="path taskId"]', 'demo-queued');
    await page.fill('[name="header Prefer"]', 'wait=3');
    await page.click('form button');
    await page.waitForSelector('#said:text-is("200 OK")', SLOW);
    expect(await page.innerText('#sample')).toMatch(/Authorization: Bearer [^]*Prefer: wait=3/);
    await page.fill('[name="query region"]', 'ap-nowhere');
    await page.click('form button');
    await page.waitForSelector('#said:text-is("400 Bad Request")', SLOW);
  });

  it('has a page for each operation that can be tried at once, and none is too tall', async () => {
    const ids = await operations();
    expect(ids).toEqual(expect.arrayContaining(['cancelTask', 'getTasks', 'receiveDelivery']));
    for (const id of ids) {
      await goTo(id);
      expect([id, await send()]).toEqual([id, expect.stringMatching(/^2/)]);
      const heights = `[...document.querySelectorAll('details')].map((box) => {
        box.open = true;
        return document.documentElement.scrollHeight;
      })`;
      const tallest = await page.evaluate(`Math.max(...${heights})`);
      expect([id, Number(tallest) <= TALLEST || tallest]).toEqual([id, true]);
    }
  });

  it('signs the webhook as it is edited, and sends as other senders do', async () => {
    await goTo('receiveCancelTaskWebhook');
    const data = { taskId: 'demo-writing' };
    const event = { type: 'task.cancel', timestamp: '2026-11-26T10:00:00Z', data };
    await page.fill('[name=body]', JSON.stringify(event));
    expect(await send()).toBe('202 Accepted');
    expect(await page.innerText('#try-body')).toContain('"taskId": "demo-writing"');
    await goTo('receiveDelivery');
    await page.selectOption('[name=caller]', 'slack');
    expect(await send()).toBe('200 OK');
    expect(await page.innerText('#sample')).toMatch(
      /webhooks\/demo-slack[^]*X-Slack-Signature: v0=/i,
    );
  });

  it('lists the header fields of every response once', async () => {
    await page.click('#operations [href="#common"]');
    await page.waitForSelector('h2:has-text("Header fields of every response")');
    expect(await page.innerText('#operation')).toMatch(/X-Request-Id[^]*Strict-Transport-Security/);
    for (const id of await operations()) {
      await goTo(id);
      expect(await page.innerText('#operation')).not.toContain('Strict-Transport-Security');
    }
  });

  it.each([
    [1280, 'light', 'zh-CN'],
    [1280, 'dark', 'en'],
    [400, 'light', 'en'],
    [400, 'dark', 'zh-CN'],
  ])(
    'has nothing that axe finds, nor anything wider than %i pixels, %s, in %s',
    async (width, colorScheme, locale) => {
      await page.close();
      page = await open({ viewport: { width, height: 800 }, colorScheme, locale });
      for (const id of ['cancelTask', 'cancelTasks', 'receiveDelivery']) {
        await goTo(id);
        await send();
        await page.click('#responses summary');
        expect(await axeFindings(page)).toEqual([]);
        const surplus =
          'document.documentElement.scrollWidth - document.documentElement.clientWidth';
        expect(await page.evaluate(surplus)).toBe(0);
      }
    },
  );

  it('is used with the keyboard alone', async () => {
    const press = async (key: string, times = 1): Promise<void> => {
      for (let i = 0; i < times; i++) await page.keyboard.press(key);
    };
    const focused = () =>
      page.evaluate('document.activeElement.hash || document.activeElement.textContent');
    for (let i = 0; i < 40 && (await focused()) !== '#getTasks'; i++) await press('Tab');
    await press('Enter');
    await page.waitForSelector('h2:has-text("List tasks")');
    for (let i = 0; i < 40 && (await focused()) !== 'Send'; i++) await press('Tab');
    await press('Enter');
    await page.waitForSelector('#said:text-is("200 OK")', SLOW);
    for (let i = 0; i < 40 && (await focused()) !== 'curl'; i++) await press('Tab');
    await press('End');
    expect(await page.innerText('#sample')).toContain('package main');
  });
});

const PROGRAMS: readonly (readonly [
  name: string,
  needs: Need[],
  file: string,
  ...run: string[],
])[] = [
  ['curl', ['curl'], 'sample.sh', 'sh'],
  ['Node', [], 'sample.mjs', process.execPath],
  ['Python', ['python3'], 'sample.py', 'python3'],
  ['Go', ['go'], 'sample.go', 'go', 'run'],
];

for (const [name, needs, file, program = '', ...args] of PROGRAMS) {
  itWith(
    [...NEEDS_BROWSER, ...needs],
    `the sample in ${name} runs as it is: with a key, a signature, and without a body`,
    async () => {
      const folder = await mkdtemp(path.join(tmpdir(), 'sample-'));
      const sample = path.join(folder, file);
      const output = async (operation: string): Promise<string> => {
        await goTo(operation);
        await page.click(`#sample-${name}`);
        await page.waitForSelector(`#sample[aria-labelledby=sample-${name}]`);
        await writeFile(sample, await page.innerText('#sample'));
        const env = { PATH: process.env['PATH'], HOME: folder, GOCACHE: path.join(tmpdir(), 'go') };
        const { stdout } = await run(program, [...args, sample], { env });
        return stdout;
      };
      try {
        expect(await output('cancelTask')).toMatch(/202[^]*"outcome":"cancel_requested"/);
        expect(await output('cancelTasks')).toMatch(/200[^]*"results":\[\{/);
        expect(await output('receiveCancelTaskWebhook')).toMatch(/20[02][^]*"outcome":"/);
        expect(await output('getTasks')).toMatch(/200[^]*"tasks":\[\{/);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
    60_000,
  );
}
