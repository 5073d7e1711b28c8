import { CHROMIUM } from './needs.ts';
import { requireTool } from './tools.ts';

/** A browser, which only some machines have: Chromium, driven by `playwright-core` of `tools/`. */

/** A page as far as tests drive it; what playwright-core gives has more. */
export interface Page {
  goto(url: string): Promise<unknown>;
  fill(selector: string, value: string): Promise<void>;
  click(selector: string): Promise<void>;
  waitForSelector(selector: string, options?: { timeout: number }): Promise<unknown>;
  check(selector: string): Promise<void>;
  selectOption(selector: string, value: string): Promise<unknown>;
  innerText(selector: string): Promise<string>;
  getAttribute(selector: string, name: string): Promise<string | null>;
  /** Evaluates an expression in the page; the page's policy does not apply to it. */
  evaluate(expression: string): Promise<unknown>;
  readonly keyboard: { press(key: string): Promise<void> };
  close(): Promise<void>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: PageRequest) => void): void;
}

export interface PageRequest {
  url(): string;
  method(): string;
  headers(): Record<string, string>;
}

export interface Browser {
  newPage(options?: object): Promise<Page>;
  close(): Promise<void>;
}

/** Finds what axe-core finds in the page as it is now: the rules' ids, each with the elements. */
export async function axeFindings(page: Page): Promise<string[]> {
  await page.evaluate(String(Object(requireTool('axe-core')).source));
  const found = await page.evaluate(
    `axe.run().then(({ violations }) =>
      violations.map(({ id, nodes }) => [id, ...nodes.map(({ html }) => html)].join(' ')))`,
  );
  return Array.isArray(found) ? found.map(String) : ['axe-core gave nothing'];
}

/** Starts Chromium, without a window. Its sandbox is off: tests run as root, on pages of our own. */
export function startChromium(): Promise<Browser> {
  const { chromium } = Object(requireTool('playwright-core'));
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}
