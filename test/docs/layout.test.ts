import { expect, it } from '@jest/globals';
import path from 'node:path';

import { filesIn, projectRoot } from '../support/checkout.ts';

/** Which way dependencies point: the table "Where things are" of `CONTRIBUTING.md`. */

type Imports = readonly (readonly [from: string, to: string])[];

/**
 * Every import of one of our files by another, by their paths from the root. The words for OpenAPI
 * (`*.openapi.ts`) describe the whole, and are no part of what runs.
 */
function importsIn(folder: string): Imports {
  const files = [...filesIn(path.join(projectRoot, folder))].filter(
    ([name]) => /\.(ts|js)$/.test(name) && !name.endsWith('.openapi.ts'),
  );
  return files.flatMap(([name, content]) => {
    const from = `${folder}/${name}`;
    const found = content.toString('utf8').matchAll(/\b(?:from|import)\s*\(?\s*'(\.[^']+)'/g);
    return [...found].map(
      ([, to = '']) => [from, path.posix.join(path.posix.dirname(from), to)] as const,
    );
  });
}

const beyond = (folder: string, allowed: RegExp): string[] =>
  importsIn(folder)
    .filter(([, to]) => !allowed.test(to))
    .map(([from, to]) => `${from} imports ${to}`);

const ALLOWED: readonly (readonly [string, RegExp])[] = [
  ['src', /^src\//],
  ['src/lib', /^src\/lib\//],
  ['src/middlewares', /^src\/(middlewares\/|lib\/|(endpoint|request-context|settings)\.ts$)/],
  ['src/handlers', /^src\/(handlers\/|lib\/|(endpoint|request-context|settings)\.ts$)/],
  ['emulator', /^emulator\//],
  ['scripts', /^(scripts|src|emulator)\//],
  ['bench', /^(bench|scripts|src|emulator)\//],
  ['playground', /^playground\//],
  ['examples', /^examples\//],
];

it.each(ALLOWED)('%s imports what it may', (folder, allowed) => {
  expect(beyond(folder, allowed)).toEqual([]);
});

it('folders of src depend on each other without a circle', () => {
  const folderOf = (file: string): string => path.posix.dirname(file);
  const edges = new Map<string, Set<string>>();
  for (const [from, to] of importsIn('src')) {
    const [a, b] = [folderOf(from), folderOf(to)];
    // The files of src itself are the composition: they use every folder.
    if (a !== b && a !== 'src' && b !== 'src') edges.set(a, (edges.get(a) ?? new Set()).add(b));
  }
  const reaches = (from: string, to: string, seen = new Set<string>()): boolean =>
    [...(edges.get(from) ?? [])].some(
      (next) => next === to || (!seen.has(next) && reaches(next, to, seen.add(next))),
    );
  expect([...edges.keys()].filter((folder) => reaches(folder, folder))).toEqual([]);
});

/** Files that import themselves by way of others; imports of types count, and those that run later too. */
function circular(folder: string): string[] {
  const imports = new Map<string, string[]>();
  for (const [from, to] of importsIn(folder)) {
    imports.set(from, [...(imports.get(from) ?? []), to]);
  }
  const reach = (from: string, seen: Set<string>): Set<string> => {
    for (const to of imports.get(from) ?? []) {
      if (!seen.has(to)) reach(to, seen.add(to));
    }
    return seen;
  };
  return [...imports.keys()].filter((file) => reach(file, new Set()).has(file));
}

it.each(['scripts', 'emulator'])('%s has no circle of files', (folder) => {
  expect(circular(folder)).toEqual([]);
});

it('sees what is imported', () => {
  expect(importsIn('src').length).toBeGreaterThan(200);
  expect(beyond('scripts', /^scripts\//).length).toBeGreaterThan(10);
});
