import { expect, it } from '@jest/globals';
import path from 'node:path';

import { filesIn, projectRoot } from '../support/checkout.ts';

/** Which way dependencies point: the table "Where things are" of `CONTRIBUTING.md`. */

type Imports = readonly (readonly [from: string, to: string])[];

/** Every import of one of our files by another, by their paths from the root. */
function importsIn(folder: string): Imports {
  const files = [...filesIn(path.join(projectRoot, folder))].filter(([name]) =>
    /\.(ts|js)$/.test(name),
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
  ['src/handlers', /^src\/(handlers\/|lib\/|exchange\.ts$)/],
  ['emulator', /^emulator\/|^scripts\/cli\/(command-line|exit-codes)\.ts$/],
  ['scripts', /^(scripts|src|emulator|simulation)\//],
  ['bench', /^(bench|scripts|src|emulator)\//],
  ['simulation', /^(simulation|src\/lib)\//],
  ['playground', /^playground\//],
  ['examples', /^examples\//],
];

it.each(ALLOWED)('%s imports what it may', (folder, allowed) => {
  expect(beyond(folder, allowed)).toEqual([]);
});

it('sees what is imported', () => {
  expect(importsIn('src').length).toBeGreaterThan(200);
  expect(beyond('scripts', /^scripts\//).length).toBeGreaterThan(10);
});
