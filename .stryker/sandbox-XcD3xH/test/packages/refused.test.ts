import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { bundledPackages } from '../../scripts/build/bundled-packages.ts';
import { readSettingsFiles } from '../../scripts/build/settings-files.ts';

/** What the build would rather fail on than ship. */

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), 'dlc-refused-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function write(name: string, value: unknown): void {
  const file = path.join(folder, name);
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, typeof value === 'string' ? value : JSON.stringify(value));
}

describe('packages', () => {
  const NAME = { name: 'x', version: '1.0.0' };

  /** A bundle with so many bytes of package `x`. */
  function bundleOf(bytesInOutput: number): Metafile {
    const input = { 'node_modules/x/index.js': { bytesInOutput } };
    const output = { bytes: 9, inputs: input, imports: [], exports: [] };
    return { inputs: {}, outputs: { 'dist/function.js': output } };
  }
  const packages = (bytes = 1) => bundledPackages(bundleOf(bytes), folder);

  beforeEach(() => {
    write('package-lock.json', { packages: { 'node_modules/x': { integrity: 'sha512-AA==' } } });
    write('node_modules/x/package.json', { ...NAME, license: 'MIT' });
    write('node_modules/x/LICENCE', 'Do as you please.\r\n\r\n');
  });

  it('are taken with the text of their licence', () => {
    write('node_modules/x/NOTICE.md', 'By somebody.');
    expect(packages()).toEqual([
      {
        folder: 'node_modules/x',
        ...NAME,
        license: 'MIT',
        text: 'Do as you please.\n\nBy somebody.\n',
        integrity: 'sha512-AA==',
        imports: [],
      },
    ]);
  });

  it('of which nothing was left in the bundle are none', () => {
    expect(packages(0)).toEqual([]);
  });

  it('without the text of a licence are refused', () => {
    rmSync(path.join(folder, 'node_modules/x/LICENCE'));
    expect(() => packages()).toThrow('x 1.0.0 ships no text of its licence (MIT)');
  });

  it('without a licence are refused', () => {
    write('node_modules/x/package.json', NAME);
    expect(() => packages()).toThrow('node_modules/x/package.json does not say');
  });

  it('that the lock file does not know are refused', () => {
    write('package-lock.json', { packages: {} });
    expect(() => packages()).toThrow('node_modules/x is not in package-lock.json');
  });
});

describe('files of config/', () => {
  const SECRET = 'whsec_cGxhbnRlZC1wbGFudGVkLXBsYW50ZWQ=';
  const names = (): string[] =>
    readSettingsFiles(path.join(folder, 'config')).map(({ name }) => name);

  it('may be missing', () => {
    expect(names()).toEqual([]);
  });

  it('are packed, but for examples and what is no JSON', () => {
    write('config/b.json', [{ id: 'a', secrets: ['env:A', 'whpk_AAAA'] }]);
    write('config/a.json', [{ id: 'a', secret: 'env:B', secretary: 'c' }]);
    write('config/c.example.json', [{ secret: SECRET }]);
    write('config/notes.txt', SECRET);
    expect(names()).toEqual(['config/a.json', 'config/b.json']);
  });

  it.each([
    ['0.secret', [{ secret: SECRET }]],
    ['1.secrets.1', [{}, { secrets: ['env:A', SECRET] }]],
    ['0.jwks.keys.0.k', [{ jwks: { keys: [{ kty: 'oct', k: SECRET }] } }]],
    ['0.jwks.keys.0.d', [{ jwks: { keys: [{ kty: 'RSA', d: SECRET }] } }]],
  ])('with a secret at %s are refused, without a word of it', (at, value) => {
    write('config/a.json', value);
    const message = `config/a.json has a secret at ${at}, `;
    expect(names).toThrow(message);
    expect(names).not.toThrow(SECRET);
  });

  it('with the key of an example are refused, since nobody has it', () => {
    const entry = { id: 'a', sha256: '0'.repeat(64) };
    write('config/api-keys.json', [entry]);
    expect(names()).toEqual(['config/api-keys.json']);
    write('config/api-keys.example.json', [entry]);
    expect(names).toThrow('config/api-keys.json has the sha256 of an example; nobody has its key');
  });

  it('that are no JSON are refused, without a word of them', () => {
    write('config/a.json', `{"secret": "${SECRET}"`);
    expect(names).toThrow('config/a.json is not JSON');
    expect(names).not.toThrow(SECRET);
  });
});
