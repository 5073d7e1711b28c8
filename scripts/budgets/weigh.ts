import { readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { deflateRawSync } from 'node:zlib';

import type { Metafile } from 'esbuild';

/** What the files of a build weigh, and what of it is whose. */

/** Bytes by name. */
export type Weights = Readonly<Record<string, number>>;

/** @param files names in `dist`; `NAME, deflated` is what a zip makes of it */
export function weigh(dist: string, files: readonly string[]): Weights {
  const weightOf = (name: string): number => {
    const [file = '', isDeflated] = name.split(', ');
    const at = path.join(dist, file);
    return isDeflated ? deflateRawSync(readFileSync(at), { level: 9 }).length : statSync(at).size;
  };
  return Object.fromEntries(files.map((name) => [name, weightOf(name)]));
}

/** How much a reader has to read: lines of TypeScript, and files. */
export type Size = Readonly<Record<'lines' | 'files', number>>;

/** Measures the sources in a folder, without the words for OpenAPI beside the handlers. */
export function sizeOf(folder: string): Size {
  const sources = readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter(
    (name) => name.endsWith('.ts') && !name.endsWith('.openapi.ts'),
  );
  const texts = sources.map((name) => readFileSync(path.join(folder, name), 'utf8'));
  return { lines: texts.join('').split('\n').length - 1, files: sources.length };
}

/** The module that a source belongs to: a package's name, or the file of ours. */
export function moduleOf(source: string): string {
  const [, name] = /.*node_modules\/((?:@[^/]+\/)?[^/]+)\//.exec(source) ?? [];
  return name ?? source.replace(/^(\.\.\/)+/, '');
}

/** Bytes in a bundle by module. */
export function bytesByModule(metafile: Metafile, output: string): Weights {
  return sumBy(
    Object.entries(metafile.outputs[output]?.inputs ?? {}).map(
      ([source, { bytesInOutput }]) => [moduleOf(source), bytesInOutput] as const,
    ),
  );
}

export function sumBy(parts: Iterable<readonly [string, number]>): Weights {
  const sums = new Map<string, number>();
  for (const [name, part] of parts) sums.set(name, (sums.get(name) ?? 0) + part);
  return Object.fromEntries([...sums].toSorted(([a], [b]) => (a < b ? -1 : 1)));
}
