import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { describe, expect, it } from '@jest/globals';

import { compareBytes, compareCancellation, compareSize } from '../../scripts/budgets/compare.ts';
import { moduleOf, sizeOf, sumBy } from '../../scripts/budgets/weigh.ts';

/** What `npm run check` says of a build that grew; the counting itself is run by every check. */

const cancellation = {
  builtins: ['crypto', 'https'],
  files: ['function.js'],
  allocated: 100_000,
  allocatedBy: { zod: 2000, 'node-fetch': 40_000, 'src/chain.ts': 5000 },
};
const is = {
  bytes: { 'function.js': 160_500, 'redis.js': 10 },
  modules: { zod: 90_000, jose: 500, 'src/chain.ts': 900 },
  cancellation,
};

describe('bytes', () => {
  it('are within their budget, or over it by name of the modules that grew, the most first', () => {
    const was = { modules: { zod: 30_000, 'src/chain.ts': 950 } };
    expect(compareBytes({ 'function.js': 160_000, 'redis.js': 20 }, is, was)).toEqual([
      {
        isWithin: false,
        line: 'dist/function.js: 160500 of 160000 bytes; grown since the record: zod +60000, jose +500',
      },
      { isWithin: true, line: 'dist/redis.js: 10 of 20 bytes' },
    ]);
  });

  it('of a file that is missing are over it', () => {
    expect(compareBytes({ 'web.zip': 5 }, is, undefined)).toMatchObject([{ isWithin: false }]);
  });
});

describe('the sources', () => {
  it('are within their budget, or over it by lines or by files', () => {
    const limits = { lines: 100, files: 3 };
    expect(compareSize(limits, limits)).toEqual({
      isWithin: true,
      line: 'src: 100 of 100 lines in 3 of 3 files',
    });
    expect(compareSize(limits, { lines: 101, files: 3 }).isWithin).toBe(false);
    expect(compareSize(limits, { lines: 99, files: 4 }).isWithin).toBe(false);
  });

  it('are counted without the words for OpenAPI', () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'size-'));
    try {
      mkdirSync(path.join(folder, 'lib'));
      writeFileSync(path.join(folder, 'a.ts'), 'a;\n\n// b\n');
      writeFileSync(path.join(folder, 'lib/b.ts'), 'b;\n');
      writeFileSync(path.join(folder, 'lib/b.openapi.ts'), 'words;\n');
      writeFileSync(path.join(folder, 'lib/README.md'), 'words\n');
      expect(sizeOf(folder)).toEqual({ lines: 4, files: 2 });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

describe('a cancellation', () => {
  it('is within its budget where nothing has changed, or by what another patch of Node may change', () => {
    const now = { ...cancellation, allocated: 102_900 };
    expect(compareCancellation(now, cancellation)).toEqual([
      { isWithin: true, line: 'a cancellation loads 3 modules' },
      { isWithin: true, line: 'a cancellation allocates 102900 of 103000 bytes' },
    ]);
  });

  it('is over it with a module more, of Node or of the build', () => {
    const now = {
      ...cancellation,
      builtins: ['crypto', 'https', 'zlib'],
      files: ['function.js', 'jose.js'],
    };
    expect(compareCancellation(now, cancellation)[0]).toEqual({
      isWithin: false,
      line: 'a cancellation loads 5 modules; new: zlib, jose.js',
    });
  });

  it('is over it with more bytes, by name of who allocates them', () => {
    const allocatedBy = { ...cancellation.allocatedBy, zod: 9000.4 };
    const now = { ...cancellation, allocated: 107_000, allocatedBy };
    expect(compareCancellation(now, cancellation)[1]).toEqual({
      isWithin: false,
      line: 'a cancellation allocates 107000 of 103000 bytes; grown since the record: zod +7000',
    });
  });

  it('is said to have no record on another Node', () => {
    expect(compareCancellation(cancellation, undefined)).toEqual([
      { isWithin: true, line: expect.stringContaining('npm run budgets -- --write') },
    ]);
  });
});

it('tells packages from files of ours, wherever a source map is seen from', () => {
  expect(moduleOf('node_modules/zod/v4/core/util.js')).toBe('zod');
  expect(moduleOf('../node_modules/@middy/core/index.js')).toBe('@middy/core');
  expect(moduleOf('node_modules/a/node_modules/b/index.js')).toBe('b');
  expect(moduleOf('../src/chain.ts')).toBe('src/chain.ts');
});

it('adds up by name', () => {
  expect(
    sumBy([
      ['b', 1],
      ['a', 2],
      ['b', 3],
    ]),
  ).toEqual({ a: 2, b: 4 });
});
