import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { createRoutes } from '../../src/handlers/routes.ts';
import { filesIn, projectRoot } from '../support/checkout.ts';
import { DOCUMENTS, readDocument } from '../support/documents.ts';
import { markdownTable } from '../support/markdown-table.ts';

/** What documents list is what there is. */

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

it("the README's table of requests is every route", () => {
  const rows = markdownTable(read('README.md'), '## Calling it');
  const routes = createRoutes({ taskStateLookup: true }).flatMap(({ template, methods }) =>
    Object.keys(methods).map((method) => `\`${method} ${template}\``),
  );
  expect(rows.map(({ request = '' }) => request).toSorted()).toEqual(routes.toSorted());
});

it('the index of docs/ has every document', () => {
  const { text } = readDocument('docs/README.md');
  const linked = [...text.matchAll(/\]\(([\w/-]+\.md)\)/g)].map(([, name]) => `docs/${name}`);
  const others = DOCUMENTS.filter((file) => /^docs\/.+/.test(file) && file !== 'docs/README.md');
  expect(linked.toSorted()).toEqual(others);
  expect(new Set(linked).size).toBe(linked.length);
});

it.each(DOCUMENTS)('%s names scripts of npm that there are', (file) => {
  const named = [...readDocument(file).text.matchAll(/npm run (?:--silent )?([a-z][a-z:]*)/g)];
  const missing = named.map(([, name = '']) => name).filter((name) => !(name in scripts));
  expect(missing).toEqual([]);
});

it('the examples say how they are run', () => {
  const files = [...filesIn(path.join(projectRoot, 'examples'))];
  const named = files.flatMap(
    ([, text]) => text.toString('utf8').match(/\bexamples\/[\w.-]+/g) ?? [],
  );
  const isMade = (name: string): boolean => name === 'examples/gateway-api.d.ts';
  const missing = named.filter(
    (name) => !isMade(name) && !existsSync(path.join(projectRoot, name)),
  );
  expect(missing).toEqual([]);
  const pages = files.map(([name]) => `examples/${name}`).filter((name) => /\.(ts|sh)$/.test(name));
  expect(named).toEqual(expect.arrayContaining(pages));
});

describe('CONTRIBUTING.md', () => {
  const { text, blocks } = readDocument('CONTRIBUTING.md');

  it("has the checker's own commands", () => {
    const check = read('scripts/check.ts');
    const single = blocks.find(({ text: sh }) => sh.startsWith('tools/node_modules/.bin/oxfmt'));
    const words = (single?.text ?? '').replaceAll(/^\w+=\S+ /gm, '').split(/\s+/);
    const names = words
      .filter((word) => !['.', 'npx'].includes(word))
      .map((word) => path.basename(word));
    expect(names).toEqual(['oxfmt', 'oxlint', '--deny-warnings', 'tsc', '-p', 'knip']);
    expect(names.filter((name) => !check.includes(`'${name}'`))).toEqual([]);
  });

  it('names symbols that there are', () => {
    const sources = ['src', 'scripts', 'test'].flatMap((folder) => [
      ...filesIn(path.join(projectRoot, folder)).values(),
    ]);
    const words = new Set(sources.flatMap((source) => source.toString('utf8').match(/\w+/g) ?? []));
    const prose = readDocument('CONTRIBUTING.md').prose;
    const symbols = [...prose.matchAll(/`([A-Za-z]+(?:_[A-Z]+)*)`/g)].map(([, name = '']) => name);
    expect(symbols.length).toBeGreaterThan(20);
    const known = (name: string): boolean =>
      words.has(name) || existsSync(path.join(projectRoot, name));
    expect(symbols.filter((name) => !known(name))).toEqual([]);
  });

  it('tells of every room', () => {
    const rooms = readdirSync(projectRoot, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const ours = rooms
      .map(({ name }) => name)
      .filter((name) => !/^(\.|node_modules|dist|coverage|my-page)/.test(name));
    expect(ours.filter((name) => !text.includes(`\`${name}/`))).toEqual([]);
  });
});
