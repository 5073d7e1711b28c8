import { readFileSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';

import { figure, type Figure } from '../figures.ts';
import type { Build } from '../subjects.ts';

/** Bytes of every bundle, plain and deflated as in a zip; the gateway's zips. */
export function measureSize({ dist, subjects }: Build): Figure[] {
  const bundles = subjects
    .filter(({ bundled }) => bundled)
    .map(({ name, file }) => [name, file] as const);
  const files = ['redis.js', 'jose.js', 'metrics.js'].map(
    (name) => [`gateway: ${path.basename(name)}`, path.join(dist, name)] as const,
  );
  return [...bundles, ...files].flatMap(([name, file]) => {
    const contents = readFileSync(file);
    const deflated = deflateRawSync(contents, { level: 9 }).length;
    return [
      figure('size', name, 'bytes', [contents.length]),
      figure('size', `${name}, deflated`, 'bytes', [deflated]),
    ];
  });
}
