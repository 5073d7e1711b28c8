import { expect, it } from '@jest/globals';

import { startPlayground } from '../../scripts/playground/server.ts';
import { axeFindings, type Page } from '../support/chromium.ts';
import { NEEDS_BROWSER, describeWith } from '../support/needs.ts';
import {
  cancel,
  type PlaygroundBrowser,
  SLOW,
  summary,
  onPlayground,
} from '../support/playground-page.ts';

/** The playground for everybody: keyboard, axe, dark, a phone's width; its rate view; and other origins. */

describeWith(NEEDS_BROWSER, 'the playground', () => {
  let at: PlaygroundBrowser;
  let page: Page;
  onPlayground((...opened) => void ([at, page] = opened));

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
  });

  it('is used with the keyboard alone', async () => {
    const focused = () =>
      page.evaluate('document.activeElement.id || document.activeElement.ariaLabel');
    const tabTo = async (wanted: string): Promise<void> => {
      for (let i = 0; i < 40 && (await focused()) !== wanted; i++) await page.keyboard.press('Tab');
      expect(await focused()).toBe(wanted);
    };
    await page.evaluate('document.activeElement.blur(); scrollTo(0, 0)');
    await page.goto(at.url);
    await page.waitForSelector('[aria-label="Cancel demo-failed"]');
    await tabTo('tab-frontend');
    await page.keyboard.press('ArrowRight');
    expect(await focused()).toBe('tab-key');
    await page.keyboard.press('End');
    expect(await focused()).toBe('tab-agent');
    await page.keyboard.press('Home');
    await page.keyboard.press('ArrowRight');
    await tabTo('Cancel demo-failed');
    await page.keyboard.press('Enter');
    expect(await summary(page)).toMatch(/^409 Conflict: task-already-finished/);
    expect(await focused()).toBe('Cancel demo-failed');
    const inRequest = "document.activeElement.parentElement.id === 'request-box'";
    for (let i = 0; i < 9 && !(await page.evaluate(inRequest)); i++)
      await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    await tabTo('tab-curl');
    expect(await page.innerText('#request')).toMatch(/^curl .*\n.*X-API-Key/);
    await page.keyboard.press('ArrowRight');
    expect(await page.innerText('#request')).toMatch(/^const response = await fetch/);
    await tabTo('fault');
  });

  it.each([
    [1280, 'light', 'en'],
    [1280, 'dark', 'zh-CN'],
    [400, 'light', 'zh-CN'],
    [400, 'dark', 'en'],
  ])(
    'has nothing that axe finds, nor anything wider than %i pixels, %s, in %s',
    async (width, colorScheme, locale) => {
      await page.close();
      page = await at.open({ viewport: { width, height: 800 }, colorScheme, locale });
      expect(await page.getAttribute('html', 'lang')).toBe(locale);
      for (const tab of ['frontend', 'key', 'webhook', 'agent']) {
        await page.click(`#tab-${tab}`);
        expect(await axeFindings(page)).toEqual([]);
      }
      await cancel(page, 'demo-queued');
      for (const box of ['head', 'request', 'lines']) await page.click(`#${box}-box summary`);
      expect(await axeFindings(page)).toEqual([]);
      const surplus = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(surplus)).toBe(0);
    },
  );

  it('is read in Chinese as a whole, and in the other language by a link', async () => {
    await page.click('nav [lang=zh-CN]');
    await page.waitForSelector('html[lang=zh-CN]');
    expect(await page.innerText('#tab-webhook')).toBe('Webhook 发送方');
    await page.selectOption('#fault', 'lost');
    expect(await cancel(page, 'demo-queued')).toMatch(/耗时 \d+ 毫秒$/);
    expect(await page.innerText('#timeline')).toMatch(/第 1 次调用 CancelTask，无法确定是否已生效/);
    expect(await page.innerText('#body')).toContain('"taskId": "demo-queued"');
    await page.selectOption('#fault', 'none');
    await page.click('nav [lang=en]');
    await page.waitForSelector('html[lang=en]');
    expect(await page.innerText('h1')).toBe('Playground');
  });

  it('is an origin that the gateway knows; another page is refused by the browser', async () => {
    const blank = { type: 'text/html; charset=utf-8', content: '<!doctype html><title>x</title>' };
    const foreign = await startPlayground(0, { '/': blank }, at.gateway);
    const ask = `fetch('${at.gateway}/tasks/demo-queued', { method: 'DELETE', headers: { Authorization: 'x' } })
      .then(({ status }) => String(status), ({ name }) => name)`;
    try {
      expect(await page.evaluate(ask)).toBe('401');
      const stranger = await at.browser.newPage();
      await stranger.goto(foreign.url);
      expect(await stranger.evaluate(ask)).toBe('TypeError');
      await stranger.close();
    } finally {
      await foreign.close();
    }
  });
});
