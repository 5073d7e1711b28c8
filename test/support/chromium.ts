import { existsSync } from 'node:fs';
import path from 'node:path';

import { requireTool, TOOLS } from './tools.ts';

/** A browser, which only some machines have: Chromium, driven by `playwright-core` of `tools/`. */

const CHROMIUM = process.env['CHROMIUM'] ?? '/usr/bin/chromium';

/** A page as far as tests drive it; what playwright-core gives has more. */
export interface Page {
  goto(url: string): Promise<unknown>;
  fill(selector: string, value: string): Promise<void>;
  click(selector: string): Promise<void>;
  waitForSelector(selector: string): Promise<unknown>;
  on(event: 'console', listener: (message: { type(): string; text(): string }) => void): void;
  on(event: 'pageerror', listener: (error: Error) => void): void;
  on(event: 'request', listener: (request: { url(): string }) => void): void;
}

export interface Browser {
  newPage(options?: object): Promise<Page>;
  close(): Promise<void>;
}

export const hasChromium = existsSync(CHROMIUM) && existsSync(path.join(TOOLS, 'playwright-core'));

/** Starts Chromium, without a window. Its sandbox is off: tests run as root, on pages of our own. */
export function startChromium(): Promise<Browser> {
  const { chromium } = Object(requireTool('playwright-core'));
  return chromium.launch({ executablePath: CHROMIUM, args: ['--no-sandbox'] });
}
