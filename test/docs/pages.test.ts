import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { PAGES } from '../../scripts/pages/pages.ts';
import { projectRoot } from '../support/checkout.ts';

it.each(Object.entries(PAGES))('docs/%s is what npm run pages writes', (name, make) => {
  expect(readFileSync(path.join(projectRoot, 'docs', name), 'utf8')).toBe(make());
});
