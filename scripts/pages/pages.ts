import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { errorsPage } from './errors-page.ts';
import { errorsPageInChinese } from './errors-page.zh-CN.ts';
import { routesPage } from './routes-page.ts';
import { settingsPage } from './settings-page.ts';
import { settingsPageInChinese } from './settings-page.zh-CN.ts';

/** The pages that are made from tables in `src`, by their paths in `docs/`. */
export const PAGES: Readonly<Record<string, () => string>> = {
  'errors.md': errorsPage,
  'routes.md': routesPage,
  'settings.md': settingsPage,
  'zh-CN/errors.md': errorsPageInChinese,
  'zh-CN/settings.md': settingsPageInChinese,
};

/** @throws CommandError 1 if `check` is set and a page is not what would be written */
export function writePages({ check }: { readonly check?: true | undefined }): void {
  const stale = Object.entries(PAGES).filter(([name, make]) => {
    const file = path.resolve(import.meta.dirname, '../../docs', name);
    if (!check) writeFileSync(file, make());
    return check && readFileSync(file, 'utf8') !== make();
  });
  if (stale.length === 0) return;
  const names = stale.map(([name]) => `docs/${name}`).join(', ');
  throw new CommandError(EXIT.failed, `stale: ${names}; npm run pages writes them`);
}
