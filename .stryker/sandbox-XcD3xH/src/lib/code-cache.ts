import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { Script } from 'node:vm';

/**
 * V8's code cache: what V8 makes of a bundle before it can run it, kept in a file beside it. V8 itself refuses a cache
 * of another version or with other flags, but of the source it compares only the length, and a damaged cache may crash
 * it: so a seal over all of it comes first.
 */

const SEAL_BYTES = 32;

/** What a cache is good for: the bundle's bytes, and this V8 on this kind of processor. */
function seal(source: Uint8Array, cache: Uint8Array): Buffer {
  const tag = `${process.versions.v8} ${process.arch} ${process.platform} ${source.length}\n`;
  return createHash('sha256').update(tag).update(source).update(cache).digest();
}

/** A cache as it is kept: the seal, then V8's bytes. */
export function sealCache(source: Uint8Array, cache: Uint8Array): Buffer {
  return Buffer.concat([seal(source, cache), cache]);
}

/**
 * Compiles a CommonJS bundle, with the cache that is kept for it where there is one and it fits. A missing, stale,
 * foreign or damaged cache only means that V8 compiles as it always does.
 *
 * @param file the bundle, of ASCII, as esbuild writes them
 */
export function compile(file: string, cacheFile: string): Script {
  const source = readFileSync(file);
  const cachedData = readCache(source, cacheFile);
  // As Node wraps a CommonJS module.
  const code = `(function (exports, require, module, __filename, __dirname) { ${source.toString('latin1')}\n})`;
  return new Script(code, { filename: file, ...(cachedData && { cachedData }) });
}

/** @returns V8's bytes, where the file is there and made for this source and this V8 */
export function readCache(source: Uint8Array, cacheFile: string): Buffer | undefined {
  try {
    const kept = readFileSync(cacheFile);
    const cache = kept.subarray(SEAL_BYTES);
    return seal(source, cache).equals(kept.subarray(0, SEAL_BYTES)) ? cache : undefined;
  } catch {
    return undefined;
  }
}

type Wrapper = (...args: [object, NodeJS.Require, { exports: unknown }, string, string]) => void;

/** Runs a compiled bundle as Node would have loaded it. @returns its exports */
export function runCompiled(script: Script, file: string): unknown {
  const module: { exports: unknown } = { exports: {} };
  // oxlint-disable-next-line typescript/no-unsafe-type-assertion -- `compile` wraps it in such a function
  const wrapper = script.runInThisContext() as Wrapper;
  wrapper({}, createRequire(file), module, file, path.dirname(file));
  return module.exports;
}
