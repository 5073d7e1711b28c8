import { readFileSync } from 'node:fs';
import path from 'node:path';

import { projectRoot } from './checkout.ts';
import { markdownTable } from './markdown-table.ts';

/** What the platform sets, or what only a server has. */
const NOT_FOR_FUNCTIONS = /^(TENCENTCLOUD_.*|_.*|HOST|PORT|METRICS_PORT)$/;

/** The settings of a function, by the README's table. */
export function functionSettings(platform: 'scf' | 'aws'): string[] {
  const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
  const names = markdownTable(readme, '## Settings').flatMap(({ name = '' }) =>
    [...name.matchAll(/`([A-Z_]+)`/g)].map(([, found = '']) => found),
  );
  return names.filter(
    (name) => !NOT_FOR_FUNCTIONS.test(name) && (platform === 'aws' || name !== 'METRICS_EMF'),
  );
}
