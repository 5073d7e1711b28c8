import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { Metafile } from 'esbuild';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { bundledPackages } from '../../scripts/build/bundled-packages.ts';
import { resolveStandIn } from '../../scripts/build/stand-ins.ts';
import { readSettingsFiles, unnamedFiles } from '../../scripts/build/settings-files.ts';

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

  it('of which the project keeps the text are taken in any version, with the same licence', () => {
    const at = 'node_modules/@middy/core';
    const input = { [`${at}/index.js`]: { bytesInOutput: 1 } };
    const outputs = { x: { bytes: 1, inputs: input, imports: [], exports: [] } };
    const middy = (license: string): unknown => {
      write(`${at}/package.json`, { name: '@middy/core', version: '99.0.0', license });
      return bundledPackages({ inputs: {}, outputs }, folder)[0]?.text;
    };
    write('package-lock.json', { packages: { [at]: { integrity: 'sha512-AA==' } } });
    write('scripts/build/licences/middy-core.txt', 'MIT License');
    expect(middy('MIT')).toBe('MIT License\n');
    expect(() => middy('GPL-3.0')).toThrow('@middy/core 99.0.0 ships no text of its licence');
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

describe('an import of a package that has a stand-in', () => {
  const SDK = 'tencentcloud-sdk-nodejs/tencentcloud/common/http';
  const from = (importer: string) => resolveStandIn('node-fetch', `/x/node_modules/${importer}`);

  it('gets the stand-in in a file that was checked', () => {
    expect(from(`${SDK}/fetch.js`)?.path).toMatch(/stubs\/node-fetch\.cjs$/);
  });

  it('gets the real package where there is no stand-in', () => {
    expect(resolveStandIn('url', `/x/node_modules/${SDK}/http_connection.js`)).toBeUndefined();
  });

  it.each([`${SDK}/new.js`, `other/node_modules/${SDK}/fetch.js`])(
    'fails the build in %s, which nobody has checked',
    (importer) => {
      const [error] = from(importer)?.errors ?? [];
      const file = 'scripts/build/stubs/node-fetch.cjs';
      expect(error?.text).toContain(`${importer} imports node-fetch, which ${file}`);
    },
  );
});

it("another package's own file is no stand-in's", () => {
  const from = (importer: string) =>
    resolveStandIn('./lib/parse.js', `/x/node_modules/${importer}`);
  expect(from('json-bigint/index.js')?.path).toMatch(/stubs\/json-bigint-parse\.cjs$/);
  expect(from('qs/index.js')).toBeUndefined();
});

describe('files of config/', () => {
  const SECRET = 'whsec_cGxhbnRlZC1wbGFudGVkLXBsYW50ZWQ=';
  const ENTRY = { id: 'a', sha256: 'b'.repeat(64), scopes: ['tasks:cancel'] };
  const KEYS = { API_KEYS: '@config/a.json' };
  const names = (env: Record<string, string> = KEYS): string[] =>
    readSettingsFiles(folder, env).map(({ name }) => name);

  it('may be missing', () => {
    expect(names({})).toEqual([]);
    expect(unnamedFiles(folder, {})).toEqual([]);
  });

  it('are packed if a setting names them, in the environment or in a serverless file', () => {
    write('config/a.json', [ENTRY]);
    write('config/lists/b.json', [{ id: 'a', secrets: ['env:A', 'whpk_AAAA'] }]);
    write('config/other.json', { token: SECRET });
    write('config/c.example.json', [{ secret: SECRET }]);
    write('serverless.yml', 'x:\n  WEBHOOK_SENDERS: "@config/lists/b.json"\n');
    expect(names()).toEqual(['config/a.json', 'config/lists/b.json']);
    expect(names({ API_KEYS: '@config/../config/./a.json' })).toContain('config/a.json');
    expect(names({ API_KEYS: '[]', OTHER: '@config/other.json' })).toEqual(['config/lists/b.json']);
    expect(unnamedFiles(folder, KEYS)).toEqual(['other.json']);
    rmSync(path.join(folder, 'serverless.yml'));
  });

  it('with a secret where an entry has none are refused, without a word of it', () => {
    const refusal = (value: unknown, setting: string) => {
      write('config/a.json', value);
      const pack = () => names({ [setting]: '@config/a.json' });
      expect(pack).not.toThrow(SECRET);
      return expect(pack);
    };
    const at = (where: string): string => `config/a.json has a secret at ${where}, `;
    refusal([{ secret: SECRET }], 'JWT_ISSUERS').toThrow(at('0.secret'));
    refusal([{}, { secrets: ['env:A', SECRET] }], 'WEBHOOK_SENDERS').toThrow(at('1.secrets.1'));
    const jwks = (key: object) => [{ jwks: { keys: [key] } }];
    refusal(jwks({ kty: 'oct', k: SECRET }), 'JWT_ISSUERS').toThrow(at('0.jwks.keys.0.k'));
    refusal(jwks({ kty: 'RSA', d: SECRET }), 'JWT_ISSUERS').toThrow(at('0.jwks.keys.0.d'));
    const digest = 'config/a.json cannot be API_KEYS: [0].sha256 must match';
    refusal([{ ...ENTRY, sha256: SECRET }], 'API_KEYS').toThrow(digest);
    refusal([{ ...ENTRY, key: SECRET }], 'API_KEYS').toThrow('unknown member key');
    refusal([{ ...ENTRY, [SECRET]: '' }], 'API_KEYS').toThrow('unknown member (not shown)');
    refusal([ENTRY, ENTRY], 'API_KEYS').toThrow('has a sha256 that an earlier entry has');
    refusal({ key: SECRET }, 'API_KEYS').toThrow('must be of type array');
  });

  it('with the key of an example are refused, since nobody has it', () => {
    write('config/a.json', [ENTRY]);
    write('config/api-keys.example.json', [ENTRY]);
    expect(names).toThrow('config/a.json has the sha256 of an example; nobody has its key');
    rmSync(path.join(folder, 'config/api-keys.example.json'));
  });

  it('that are no JSON, or not there, are refused, without a word of them', () => {
    write('config/a.json', `{"secret": "${SECRET}"`);
    expect(names).toThrow('config/a.json is not JSON');
    expect(names).not.toThrow(SECRET);
    rmSync(path.join(folder, 'config/a.json'));
    expect(names).toThrow('config/a.json is not there, and a setting names it');
  });

  it('that are links are packed only if they stay inside', () => {
    write('config/real.json', [ENTRY]);
    write('elsewhere.json', [ENTRY]);
    symlinkSync('real.json', path.join(folder, 'config/a.json'));
    expect(names()).toEqual(['config/a.json']);
    rmSync(path.join(folder, 'config/a.json'));
    symlinkSync('../elsewhere.json', path.join(folder, 'config/a.json'));
    expect(names).toThrow('config/a.json is a link to a file outside config/');
  });
});
