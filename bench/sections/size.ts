import { readFileSync } from 'node:fs';
import { deflateRawSync } from 'node:zlib';

import { figure, type Figure } from '../figures.ts';
import type { Build } from '../subjects.ts';

/** Measures the bytes of every bundle, and of the gateway's as deflated in a zip. */
export function measureSize({ subjects }: Build): Figure[] {
  const bundles = subjects.filter(({ bundled }) => bundled);
  return bundles.flatMap(({ name, file }) => {
    const contents = readFileSync(file);
    const plain = figure('size', name, 'bytes', [contents.length]);
    if (name !== 'gateway') return [plain];
    const deflated = deflateRawSync(contents, { level: 9 }).length;
    return [plain, figure('size', `${name}, deflated`, 'bytes', [deflated])];
  });
}
