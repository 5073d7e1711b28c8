import { afterEach, beforeAll, afterAll, expect, it } from '@jest/globals';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { startEmulator, type Emulator } from '../../emulator/emulator.ts';
import { sealCache } from '../../src/lib/code-cache.ts';
import { KEYS, settingsFor } from '../support/gateway.ts';
import { packed } from '../support/packed.ts';
import { startFunction } from '../support/processes.ts';
import { unpack } from '../support/zip-file.ts';

/** The package with V8's code cache, as a platform loads it: with a cache that fits, and with all that do not. */

let emulator: Emulator;
let folder: string;
beforeAll(async () => {
  emulator = await startEmulator({ rate: 100_000 });
});
afterAll(() => emulator.close());

/** Says what V8 thought of the cache that it was given, if it was given one. */
const WATCH = `
  const vm = require('node:vm');
  const { Script } = vm;
  vm.Script = function (code, options) {
    const script = new Script(code, options);
    if (options.filename.endsWith('gateway.js')) process.stderr.write(String(script.cachedDataRejected));
    return script;
  };`;

async function unpacked(): Promise<string> {
  folder = mkdtempSync(path.join(tmpdir(), 'dlc-cached-'));
  unpack(readFileSync(path.join(await packed({ codeCache: true }), 'function.zip')), folder);
  writeFileSync(path.join(folder, 'watch.cjs'), WATCH);
  return folder;
}
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** Cancels a task with what is in the folder. @returns "false": taken; "true": V8 refused it; "undefined": it was given none */
async function verdict(flags: readonly string[] = []): Promise<string> {
  await emulator.reset();
  emulator.addTasks({ id: 'a', state: 'running' });
  const options = [...flags, '--require', path.join(folder, 'watch.cjs')];
  const fn = await startFunction(settingsFor(emulator), { folder, options });
  try {
    const event = { httpMethod: 'DELETE', path: '/tasks/a', headers: { 'x-api-key': KEYS.both } };
    expect(await fn.invoke({ ...event, queryString: {}, body: '' })).toMatchObject({
      statusCode: 202,
    });
    expect(emulator.stats().cancelled).toEqual(['a']);
    return fn.output.stderr;
  } finally {
    await fn.stop();
  }
}

const change = (name: string, edit: (contents: Buffer) => Buffer): void => {
  const file = path.join(folder, name);
  writeFileSync(file, edit(readFileSync(file)));
};

it('is taken by V8, on a disk that cannot be written too', async () => {
  await unpacked();
  chmodSync(folder, 0o555);
  try {
    expect(await verdict()).toBe('false');
  } finally {
    chmodSync(folder, 0o755);
  }
});

it('is not given to V8 where it is damaged', async () => {
  await unpacked();
  change('gateway.cache', (cache) => {
    cache.writeUInt8(cache.readUInt8(cache.length - 100) ^ 1, cache.length - 100);
    return cache;
  });
  expect(await verdict()).toBe('undefined');
});

it('is not given to V8 where the bundle is another of the same length, which V8 would not see', async () => {
  await unpacked();
  change('gateway.js', (bundle) =>
    Buffer.from(bundle.toString().replace('has no cloud credentials', 'has no Cloud credentials')),
  );
  expect(await verdict()).toBe('undefined');
});

it('is not given to V8 where it is cut short, and not missed where there is none', async () => {
  await unpacked();
  change('gateway.cache', (cache) => cache.subarray(0, 20));
  expect(await verdict()).toBe('undefined');
  rmSync(path.join(folder, 'gateway.cache'));
  expect(await verdict()).toBe('undefined');
});

it('is refused by V8 where it runs with other flags', async () => {
  await unpacked();
  expect(await verdict(['--no-opt'])).toBe('true');
});

it('is refused by V8 where it is none, under a seal that holds', async () => {
  await unpacked();
  const bundle = readFileSync(path.join(folder, 'gateway.js'));
  change('gateway.cache', () => sealCache(bundle, Buffer.from('of another V8')));
  expect(await verdict()).toBe('true');
});

it('gives function.js back where it is not asked for', async () => {
  await unpacked();
  const plain = path.join(await packed(), 'function');
  expect(readFileSync(path.join(plain, 'function.js'))).toEqual(
    readFileSync(path.join(folder, 'gateway.js')),
  );
});
