import { describe, expect, it } from '@jest/globals';
import path from 'node:path';

import { DOCUMENTS, originalOf, readDocument, type Document } from '../support/documents.ts';

/** A page in Chinese has the sections, code, names and links of the English one, which is the source. */

const TRANSLATIONS = DOCUMENTS.flatMap((file) => {
  const original = originalOf(file);
  return original === undefined ? [] : [{ file, original }];
});
const TRANSLATED = new Map(TRANSLATIONS.map(({ file, original }) => [original, file]));

const levelsOf = ({ prose }: Document): string[] => prose.match(/^#{1,6} /gm) ?? [];
const codeIn = (text: string): string[] => text.match(/`[^`\n]+`/g) ?? [];
const differing = (all: readonly string[]): string[] => [...new Set(all)].toSorted();

/** Comments are for people. */
const blocksOf = ({ blocks }: Document): string[] =>
  blocks.map(({ language, text }) => `${language}: ${text.replaceAll(/(^|[ \t]+)# .*$/gm, '')}`);

/** The targets of links to files of the project, as if they were in English; without anchors. */
function targetsOf(file: string): string[] {
  const { prose } = readDocument(file);
  const links = [...prose.matchAll(/\]\(([^()\s#]+)(?:#[^()\s]*)?\)/g)].map(
    ([, link = '']) => link,
  );
  return differing(
    links.map((link) => {
      if (/^[a-z]+:/.test(link)) return link;
      const target = path.posix.join(path.posix.dirname(file), link);
      return originalOf(target) ?? target.replace(/^docs\/zh-CN\//, 'docs/');
    }),
  );
}

it('there are those that callers and operators need', () => {
  const names = [
    'README.md',
    ...['deploy', 'errors', 'operations', 'settings', 'webhooks'].map((name) => `docs/${name}.md`),
  ];
  expect([...TRANSLATED.keys()]).toEqual(expect.arrayContaining(names));
});

describe.each(TRANSLATIONS)('$file', ({ file, original }) => {
  const [chinese, english] = [readDocument(file), readDocument(original)];

  it('has the same headings', () => {
    expect(levelsOf(chinese)).toEqual(levelsOf(english));
    expect(chinese.headings.map(codeIn)).toEqual(english.headings.map(codeIn));
  });

  it('has the same blocks of code, but for comments', () => {
    expect(blocksOf(chinese)).toEqual(blocksOf(english));
  });

  it('names the same things', () => {
    expect(differing(codeIn(chinese.prose))).toEqual(differing(codeIn(english.prose)));
  });

  it('has as many rows in its tables', () => {
    const cellsOf = ({ prose }: Document) =>
      (prose.match(/^\|.*\|$/gm) ?? []).map(
        (row) => row.replaceAll(/`[^`]*`/g, '').split('|').length,
      );
    expect(cellsOf(chinese)).toEqual(cellsOf(english));
  });

  it('has the same links, to pages in Chinese if there are', () => {
    const others = targetsOf(original).filter((target) => !/zh-CN/.test(target));
    expect(
      targetsOf(file).filter((target) => target !== original || others.includes(target)),
    ).toEqual(others);
    const { prose } = chinese;
    const inEnglish = [...TRANSLATED.keys()].filter((page) => {
      const link = path.posix.relative(path.posix.dirname(file), page);
      return page !== original && prose.includes(`](${link})`);
    });
    expect(inEnglish).toEqual([]);
  });

  it('is in Chinese', () => {
    const text = chinese.prose.replaceAll(/`[^`\n]*`|\]\([^)]*\)|<!--[^]*?-->/g, '');
    const words = text.match(/[a-z]{2,}(?: [a-z]+){4,}/g) ?? [];
    expect(words).toEqual([]);
    expect(text.match(/\p{Script=Han}/gu)?.length).toBeGreaterThan(100);
  });
});
