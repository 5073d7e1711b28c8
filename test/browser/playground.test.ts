import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from '@jest/globals';

import { startPlayground } from '../../scripts/support/playground-server.ts';
import {
  axeFindings,
  hasChromium,
  startChromium,
  type Browser,
  type Page,
} from '../support/chromium.ts';
import { startDemo, type Demo } from '../support/demo.ts';

/** The playground of `npm start` in Chromium, as people use it. */

const SLOW = { timeout: 25_000 };
/** Chromium's own word on an answer that is an error, which some of these are meant to be. */
const EXPECTED_COMPLAINT = /^Failed to load resource: the server responded with a status of [45]/;

let demo: Demo;
let browser: Browser;
let page: Page;
let url = '';
let gateway = '';
let complaints: string[] = [];
let sent: { url: string; method: string; headers: Record<string, string> }[] = [];

async function open(options: object = {}): Promise<Page> {
  const opened = await browser.newPage(options);
  opened.on('console', (message) => {
    if (message.type() !== 'error' || EXPECTED_COMPLAINT.test(message.text())) return;
    complaints.push(message.text());
  });
  opened.on('pageerror', (error) => complaints.push(error.message));
  opened.on('request', (request) =>
    sent.push({ url: request.url(), method: request.method(), headers: request.headers() }),
  );
  await opened.goto(url);
  // Its script has begun.
  await opened.waitForSelector('[aria-label="Cancel demo-cancelled"]');
  await opened.click('#reset');
  await opened.waitForSelector('#reset-said:has-text("as they were")');
  return opened;
}

/** Cancels by the task's button, and gives what the page says of the answer. */
async function cancel(taskId: string): Promise<string> {
  await page.click(`[aria-label="Cancel ${taskId}"]`);
  return summary();
}

async function summary(): Promise<string> {
  await page.waitForSelector('#summary:is(.good, .bad)', SLOW);
  await page.waitForSelector('body:not(.busy)', SLOW);
  return page.innerText('#summary');
}

(hasChromium ? describe : describe.skip)('the playground', () => {
  beforeAll(async () => {
    demo = await startDemo();
    url = /Playground +(\S+)/.exec(demo.output())?.[1] ?? '';
    gateway = /gateway +(\S+)/.exec(demo.output())?.[1] ?? '';
    browser = await startChromium();
  });
  afterAll(async () => {
    await browser.close();
    await demo.end();
  });
  beforeEach(async () => {
    complaints = [];
    sent = [];
    page = await open();
  });
  afterEach(async () => {
    await page.close();
    expect(complaints).toEqual([]);
    const origins = new Set(sent.map((request) => new URL(request.url).origin));
    expect([...origins].filter((origin) => ![url, gateway, 'null'].includes(origin))).toEqual([]);
  });

  const toGateway = () => sent.filter((request) => request.url.startsWith(gateway));

  it('cancels as a frontend, by CORS, and shows the request that left the browser', async () => {
    expect(await cancel('demo-queued')).toMatch(/^202 Accepted: cancel_requested, after/);
    const request = toGateway().find(({ method }) => method === 'DELETE');
    expect(request?.url).toBe(`${gateway}/tasks/demo-queued`);
    const shown = await page.innerText('#request');
    const { authorization, 'x-request-id': requestId } = request?.headers ?? {};
    expect(shown).toContain(`DELETE /tasks/demo-queued HTTP/1.1\nHost: `);
    expect(shown).toContain(`Origin: ${url}\nAuthorization: ${authorization}\n`);
    expect(shown).toContain(`X-Request-Id: ${requestId}`);
    await page.click('#tab-curl');
    expect(await page.innerText('#request')).toContain(`curl -i -X DELETE '${gateway}/tasks/demo-`);
    await page.click('#tab-fetch');
    expect(await page.innerText('#request')).toContain(`fetch("${gateway}/tasks/demo-queued", {`);
    const answer = await page.innerText('#answer');
    expect(answer).toMatch(/^HTTP\/1.1 202 Accepted\n[^]*"outcome": "cancel_requested"/);
    expect(await page.innerText('#decision')).toContain(
      'allow, authorization_details; jwt:demo:sub',
    );
    await page.waitForSelector('tr:has-text("demo-queued") .state:text-is("cancelled")');
  });

  it('is refused with a token for another task', async () => {
    await page.check('#other-token');
    expect(await cancel('demo-queued')).toMatch(/^403 Forbidden: task-not-permitted/);
    expect(await page.innerText('#timeline')).toContain('known, but refused, task-not-permitted');
    expect(await page.innerText('tr:has-text("demo-queued") .state')).toBe('queued');
  });

  it.each([
    ['webhook', 'Webhook-Signature: v1,', 'allow, scope; hook:demo'],
    ['key', 'X-API-Key: dlcgw_', 'allow, scope; key:demo'],
  ])(
    'cancels as a %s by its own server: the page asks the gateway for nothing',
    async (tab, field, decision) => {
      await page.click(`#tab-${tab}`);
      expect(await cancel('demo-writing')).toMatch(/^202 Accepted: cancel_requested/);
      expect(await page.innerText('#request')).toContain(field);
      expect(await page.innerText('#decision')).toContain(decision);
      expect(toGateway()).toEqual([]);
    },
  );

  it('acknowledges to a webhook sender what is final', async () => {
    await page.click('#tab-webhook');
    expect(await cancel('demo-succeeded')).toMatch(/^200 OK: task_already_finished/);
  });

  it.each([
    ['reset-before', 'once', /^202 Accepted: cancel_requested, after/],
    ['rate', 'once', /^202 Accepted: cancel_requested, after/],
    ['rate', 'always', /^429 Too Many Requests: upstream-rate-limited/],
    ['nonsense', 'always', /^502 Bad Gateway: upstream-invalid-response, nobody knows/],
    ['unavailable', 'always', /^503 Service Unavailable: upstream-unavailable, nobody knows/],
  ])('shows what becomes of a fault: %s, %s', async (fault, times, answer) => {
    await page.selectOption('#fault', fault);
    await page.selectOption('#times', times);
    expect(await cancel('demo-initializing')).toMatch(answer);
    expect(await page.innerText('#timeline')).toContain('Attempt 2');
    // The next one is not met by what was left over.
    await page.selectOption('#fault', 'none');
    expect(await cancel('demo-initializing')).toMatch(/^20[02] /);
  });

  it('answers 200 although the answer was lost, and draws why', async () => {
    await page.selectOption('#fault', 'lost');
    await page.check('#prefer');
    expect(await cancel('demo-queued')).toMatch(/^200 OK: cancelled, after/);
    const timeline = await page.innerText('#timeline');
    expect(timeline).toMatch(/^Authentication, quota, permission\s/);
    expect(timeline).toMatch(/Attempt 1: CancelTask, nobody knows .*[^]*Attempt 2[^]*Lookup: /);
    await page.waitForSelector('tr:has-text("demo-queued") .state:text-is("cancelled")');
  });

  it('offers far more than DLC takes, for a while, and draws it', async () => {
    await page.click('#flood');
    await page.waitForSelector('#flood[aria-disabled=true]');
    await page.waitForSelector('#flood-said:has-text("Offered 600")', SLOW);
    expect(await page.innerText('#flood-said')).toMatch(/\d+ × 202, \d+ × 429/);
    await page.waitForSelector('#flood[aria-disabled=false]');
    expect(await page.innerText('#rate-said')).toMatch(/Most in any second since the start: \d/);
    const tallest = `Math.max(...[...document.querySelectorAll('#rate rect')]
      .map((rect) => Number(rect.getAttribute('height'))))`;
    expect(await page.evaluate(tallest)).toBeGreaterThan(50);
    // The list is not swamped by the flood's own tasks.
    expect(await page.evaluate("document.querySelectorAll('#tasks tr').length")).toBe(9);
  }, 60_000);

  it('is used with the keyboard alone', async () => {
    const focused = () =>
      page.evaluate('document.activeElement.id || document.activeElement.ariaLabel');
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 40 && (await focused()) !== wanted; i++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(wanted);
    };
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)');
    await page.goto(url);
    await page.waitForSelector('[aria-label="Cancel demo-failed"]');
    await tabTo('tab-frontend');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('tab-webhook');
    await page.keyboard.press('End');
    expect(await focused()).toBe('tab-key');
    await tabTo('fault');
    await tabTo('Cancel demo-failed');
    await page.keyboard.press('Enter');
    expect(await summary()).toMatch(/^409 Conflict: task-already-finished/);
    expect(await focused()).toBe('Cancel demo-failed');
    await tabTo('tab-http');
    await page.keyboard.press('ArrowRight');
    expect(await page.innerText('#request')).toMatch(/^curl .*\n.*X-API-Key/);
  });

  it.each([
    [1280, 'light'],
    [1280, 'dark'],
    [390, 'light'],
    [390, 'dark'],
  ])(
    'has nothing that axe finds, nor anything wider than %i pixels, %s',
    async (width, colorScheme) => {
      await page.close();
      page = await open({ viewport: { width, height: 800 }, colorScheme });
      for (const tab of ['frontend', 'webhook', 'key']) {
        await page.click(`#tab-${tab}`);
        expect(await axeFindings(page)).toEqual([]);
      }
      await cancel('demo-queued');
      await page.click('summary');
      expect(await axeFindings(page)).toEqual([]);
      const surplus = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(surplus)).toBe(0);
    },
  );

  it('is an origin that the gateway knows; another page is refused by the browser', async () => {
    const blank = { type: 'text/html; charset=utf-8', content: '<!doctype html><title>x</title>' };
    const foreign = await startPlayground(0, { '/': blank }, [gateway]);
    const ask = `fetch('${gateway}/tasks/demo-queued', { method: 'DELETE', headers: { Authorization: 'x' } })
      .then(({ status }) => String(status), ({ name }) => name)`;
    try {
      expect(await page.evaluate(ask)).toBe('401');
      const stranger = await browser.newPage();
      await stranger.goto(foreign.url);
      expect(await stranger.evaluate(ask)).toBe('TypeError');
      await stranger.close();
    } finally {
      await foreign.close();
    }
  });
});
