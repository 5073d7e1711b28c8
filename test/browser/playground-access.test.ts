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
    expect(await focused()).toBe('tab-webhook');
    await page.keyboard.press('End');
    expect(await focused()).toBe('tab-agent');
    await page.keyboard.press('ArrowLeft');
    expect(await focused()).toBe('tab-key');
    await tabTo('fault');
    await tabTo('Cancel demo-failed');
    await page.keyboard.press('Enter');
    expect(await summary(page)).toMatch(/^409 Conflict: task-already-finished/);
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
      page = await at.open({ viewport: { width, height: 800 }, colorScheme });
      for (const tab of ['frontend', 'webhook', 'key']) {
        await page.click(`#tab-${tab}`);
        expect(await axeFindings(page)).toEqual([]);
      }
      await cancel(page, 'demo-queued');
      await page.click('summary');
      expect(await axeFindings(page)).toEqual([]);
      const surplus = 'document.documentElement.scrollWidth - document.documentElement.clientWidth';
      expect(await page.evaluate(surplus)).toBe(0);
    },
  );

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
