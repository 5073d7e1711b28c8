import { expect, it } from '@jest/globals';
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { settingRows } from '../../src/settings-table.ts';
import { loadSettings } from '../../src/settings.ts';
import { EXAMPLES, MEANINGS } from '../../scripts/pages/settings-words.ts';
import { projectRoot } from '../support/checkout.ts';
import { keyEntry } from '../support/three-callers.ts';

it.each(settingRows().map(({ name }) => name))(
  '%s has an example that the gateway takes',
  (name) => {
    const { [name]: example = '' } = EXAMPLES;
    const env = {
      DLC_REGION: 'ap-guangzhou',
      API_KEYS: JSON.stringify([keyEntry('k')]),
      // The lists in config/ are held by test/deployment/policies.test.ts.
      ...(!example.startsWith('@') && { [name]: example }),
    };
    expect(() => loadSettings(env, projectRoot)).not.toThrow();
  },
);

it('names of settings in documents are those of the table', () => {
  const readme = readFileSync(path.join(projectRoot, 'README.md'), 'utf8');
  const section = readme.slice(readme.indexOf('## Settings'));
  const names = [...section.matchAll(/`([A-Z]+_[A-Z_]+)`/g)].map(([, found]) => found);
  expect(names.length).toBeGreaterThan(3);
  expect(names.filter((name) => !Object.keys(MEANINGS).includes(name ?? ''))).toEqual([]);
});
