import { describe, expect, it } from '@jest/globals';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

import { cancelTasks } from '../../src/handlers/cancel-tasks.ts';
import { EXPOSED, preflightOf } from '../../src/middlewares/response.ts';
import { filesIn, projectRoot } from '../support/checkout.ts';
import { DOCUMENTS, readDocument } from '../support/documents.ts';

/** What documents list is what there is. */

const read = (file: string): string => readFileSync(path.join(projectRoot, file), 'utf8');
const { scripts }: { scripts: Record<string, string> } = JSON.parse(read('package.json'));

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

it.each(DOCUMENTS.filter((file) => file.startsWith('docs/decisions/')))(
  '%s has a number, a date and a status',
  (file) => {
    const { text } = readDocument(file);
    expect(text).toMatch(/^# \d{4}: .+\n\nDate: \d{4}-\d\d-\d\d\. Status: [a-z].+\.\n\n/);
    expect(file).toContain(text.slice(2, 6));
  },
);

it('docs/frontend.md has the fields of CORS', () => {
  const { text } = readDocument('docs/frontend.md');
  const listOf = (fields: string): string =>
    fields
      .split(', ')
      .map((name) => `\`${name}\``)
      .join(', ');
  const posted = preflightOf({ methods: { POST: cancelTasks } });
  const fields = preflightOf({});
  expect(text).toContain(`| request headers | ${listOf(fields['Access-Control-Allow-Headers'])} |`);
  expect(text).toContain(`| methods | ${listOf(fields['Access-Control-Allow-Methods'])} |`);
  expect(text).toContain(
    `| methods of \`/tasks:cancel\` | ${listOf(posted['Access-Control-Allow-Methods'])} |`,
  );
  expect(text).toContain(`| ${listOf(EXPOSED)};`);
});

it('docs/observability.md has every event of the log, and no other', () => {
  const sources = [...filesIn(path.join(projectRoot, 'src')).values()].map(String).join('\n');
  const { text } = readDocument('docs/observability.md');
  const section = text.slice(text.indexOf('## Events'), text.indexOf('### `request`'));
  const listed = [...section.matchAll(/^\| (`[^|]+) \|/gm)].flatMap(([, cell = '']) =>
    [...cell.matchAll(/`([a-z-]+)`/g)].map(([, name = '']) => name),
  );
  const written = [
    // An event that a variable holds is not seen here.
    ...sources.matchAll(/\.(?:write|record)\((?:\s*'(?:debug|info|warn|error)',)?\s*'([a-z-]+)',/g),
  ]
    .map(([, name = '']) => name)
    .filter((name) => !['warn', 'error'].includes(name));
  expect(written.length).toBeGreaterThan(20);
  expect(written.filter((name) => !listed.includes(name))).toEqual([]);
  expect(listed.filter((name) => !sources.includes(`'${name}'`))).toEqual([]);
});

it('docs/security.md names tests that there are', () => {
  const tests = [...filesIn(path.join(projectRoot, 'test')).values()].map(String).join('\n');
  const { prose } = readDocument('docs/security.md');
  const named = [...prose.matchAll(/\*([^*\n]+)\*/g)].map(([, name = '']) => name);
  expect(named.length).toBeGreaterThan(5);
  const parts = named.flatMap((name) => name.split('…').map((part) => part.trim()));
  expect(parts.filter((part) => !tests.includes(part))).toEqual([]);
});

describe('CONTRIBUTING.md', () => {
  const { text } = readDocument('CONTRIBUTING.md');

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

  it('has every folder', () => {
    const folders = readdirSync(projectRoot, { withFileTypes: true }).filter((entry) =>
      entry.isDirectory(),
    );
    const ours = folders
      .map(({ name }) => name)
      .filter((name) => !/^(\.|node_modules|dist|coverage|my-page)/.test(name));
    expect(ours.filter((name) => !text.includes(`\`${name}/`))).toEqual([]);
  });
});
