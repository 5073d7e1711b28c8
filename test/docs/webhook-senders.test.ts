import { describe, expect, it } from '@jest/globals';

import { loadSettings } from '../../src/settings.ts';
import { KIND_NAMES } from '../../src/lib/webhooks/kinds.ts';
import { DOCUMENTS, readDocument } from '../support/documents.ts';

/** The recipes of docs/webhooks/: the gateway takes each entry as it stands. */

const PAGES = DOCUMENTS.filter((file) => file.startsWith('docs/webhooks/'));
const RECIPES = PAGES.flatMap((file) =>
  readDocument(file)
    .blocks.filter(({ language }) => language === 'json')
    .map(({ text }) => [file, text.trim()] as const),
);

describe.each(RECIPES)('%s', (_, recipe) => {
  it('has an entry of at most 8 lines that the gateway takes, without a warning', () => {
    expect(recipe.split('\n').length).toBeLessThanOrEqual(8);
    const names = [...recipe.matchAll(/env:(\w+)/g)].map(([, name = '']) => name);
    const secrets = names.map((name) => [name, `the-secret-of-${name}`] as const);
    const settings = loadSettings(
      { DLC_REGION: 'ap-guangzhou', WEBHOOK_SENDERS: recipe, ...Object.fromEntries(secrets) },
      '/',
    );
    expect(settings.webhookSenders).toHaveLength(1);
    expect(settings.warnings).toEqual([]);
  });
});

it('every kind is on a page', () => {
  const text = PAGES.map((file) => readDocument(file).text).join('\n');
  const missing = KIND_NAMES.filter((kind) => !text.includes(`\`${kind}\``));
  expect(missing.filter((kind) => kind !== 'standard-webhooks')).toEqual([]);
});
