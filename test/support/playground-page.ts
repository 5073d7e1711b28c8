import { afterAll, afterEach, beforeAll, beforeEach, expect } from '@jest/globals';

import { startDemo } from './demo.ts';
import { startChromium, type Browser, type Page, type PageRequest } from './chromium.ts';

/** `npm start` and Chromium, with the playground's page as people use it. */

export const SLOW = { timeout: 25_000 };
/** What Chromium logs for a response with an error status; some tests ask for one. */
const EXPECTED_COMPLAINT = /^Failed to load resource: the server responded with a status of [45]/;

export class PlaygroundBrowser {
  readonly url: string;
  readonly gateway: string;
  readonly browser: Browser;
  readonly #end: () => Promise<unknown>;
  /** What the page asked for since it was opened. */
  sent: { url: string; method: string; headers: Record<string, string> }[] = [];
  /** What its console has against it. */
  complaints: string[] = [];

  private constructor(output: string, browser: Browser, end: () => Promise<unknown>) {
    this.url = /Playground +(\S+)/.exec(output)?.[1] ?? '';
    this.gateway = /gateway +(\S+)/.exec(output)?.[1] ?? '';
    this.browser = browser;
    this.#end = end;
  }

  static async start(): Promise<PlaygroundBrowser> {
    const demo = await startDemo();
    return new PlaygroundBrowser(demo.output(), await startChromium(), () => demo.end());
  }

  async end(): Promise<void> {
    await this.browser.close();
    await this.#end();
  }

  /** Opens the page, with all tasks as at the start. */
  async open(options: object = {}): Promise<Page> {
    this.sent = [];
    this.complaints = [];
    const page = await this.browser.newPage(options);
    page.on('console', (message) => {
      if (message.type() !== 'error' || EXPECTED_COMPLAINT.test(message.text())) return;
      this.complaints.push(message.text());
    });
    page.on('pageerror', (error) => this.complaints.push(error.message));
    page.on('request', (request) => this.sent.push(noted(request)));
    await page.goto(this.url);
    // The script of the page has begun.
    await page.waitForSelector('#tasks tr:nth-child(9)');
    await page.click('#reset');
    await page.waitForSelector('#reset-said:not(:empty)');
    return page;
  }

  /** The origins asked that are neither the page's own nor the gateway's. */
  strangers(): string[] {
    const origins = new Set(this.sent.map((request) => new URL(request.url).origin));
    return [...origins].filter((origin) => ![this.url, this.gateway, 'null'].includes(origin));
  }
}

/** Opens the page for each of the tests, which leave no complaint and ask no stranger. */
export function onPlayground(use: (at: PlaygroundBrowser, page: Page) => void): void {
  let at: PlaygroundBrowser;
  let page: Page;
  beforeAll(async () => {
    at = await PlaygroundBrowser.start();
  });
  afterAll(() => at.end());
  beforeEach(async () => {
    page = await at.open();
    use(at, page);
  });
  afterEach(async () => {
    await page.close();
    expect([at.complaints, at.strangers()]).toEqual([[], []]);
  });
}

const noted = (request: PageRequest) => ({
  url: request.url(),
  method: request.method(),
  headers: request.headers(),
});

/** Cancels by the button of a task, and resolves to the summary on the page. */
export async function cancel(page: Page, taskId: string): Promise<string> {
  await page.click(`#tasks tr:has([value="${taskId}"]) button`);
  return summary(page);
}

/** The summary on the page, once there is a response and its timeline is drawn. */
export async function summary(page: Page): Promise<string> {
  await page.waitForSelector('#summary:is(.good, .bad, .noted)', SLOW);
  await page.waitForSelector('body:not(.busy)', SLOW);
  return page.innerText('#summary');
}
