import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { gunzipSync, unzipSync } from 'fflate';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import {
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

import { checkOut, filesIn, projectRoot, runIn } from '../support/checkout.ts';
import { membersOf } from '../support/zip-file.ts';

/** Two checkouts, in folders of different depth, released by people with different homes, zones, locales, masks and secrets. */

const temporary = realpathSync(mkdtempSync(path.join(tmpdir(), 'dlc-packages-')));
const ONE = path.join(temporary, 'one');
const OTHER = path.join(temporary, 'quite', 'another', 'place');
const SECRETS = {
  TENCENTCLOUD_SECRETID: 'AKIDPLANTEDINTHESHELL',
  TENCENTCLOUD_SECRETKEY: 'planted-secret-key-of-the-shell',
  TENCENTCLOUD_SESSIONTOKEN: 'planted-session-token',
  GATEWAY_JWT_SECRET: 'planted-jwt-secret-of-more-than-32-bytes',
  REDIS_URL: 'redis://:planted-password@redis.example:6379',
};
const OUTSIDE = 'whsec_cGxhbnRlZCBpbiBhIGZpbGUgYmVzaWRlIHRoZSBwcm9qZWN0';

/** A list of callers, as an operator puts it. */
const CALLERS = 'config/callers-of-the-operator.json';
const NAMED = { API_KEYS: `@${CALLERS}` };

let one: Map<string, Buffer>;
let other: Map<string, Buffer>;

/** What an operator may have lying about: a file that settings point to, and one beside the sources. */
function plantFiles(folder: string): Record<string, string> {
  const mounted = path.join(temporary, 'webhook-senders.json');
  writeFileSync(mounted, JSON.stringify([{ id: 'a', secrets: [OUTSIDE] }]));
  writeFileSync(path.join(folder, '.env'), `WEBHOOK=${OUTSIDE}`);
  mkdirSync(path.join(folder, 'dist', 'function', 'config'), { recursive: true });
  writeFileSync(path.join(folder, 'dist', 'function', 'config', 'old.json'), `["${OUTSIDE}"]`);
  return { WEBHOOK_SENDERS: `@${mounted}` };
}

const IN_ASIA = { TZ: 'Asia/Shanghai', LC_ALL: 'C', ...NAMED };
const ELSEWHERE = { TZ: 'America/New_York', LC_ALL: 'tr_TR.UTF-8', HOME: temporary, ...SECRETS };

beforeAll(() => {
  checkOut(ONE);
  checkOut(OTHER);
  execFileSync('chmod', ['-R', 'go=', OTHER]);
  for (const folder of [ONE, OTHER]) writeFileSync(path.join(folder, CALLERS), '[]\n');
  runIn(ONE, 'build', IN_ASIA);
  const settings = plantFiles(OTHER);
  runIn(OTHER, 'build', { ...ELSEWHERE, ...NAMED, ...settings }, '077');
  one = filesIn(path.join(ONE, 'dist'));
  other = filesIn(path.join(OTHER, 'dist'));
}, 120_000);
afterAll(() => rmSync(temporary, { recursive: true, force: true }));

/** Every file that was made, and what is in the zips. */
function everything(dist: Map<string, Buffer>): [string, Buffer][] {
  const packed = [...dist]
    .filter(([name]) => name.endsWith('.zip'))
    .flatMap(([zip, contents]) =>
      Object.entries(unzipSync(contents)).map(([name, bytes]): [string, Buffer] => [
        `${zip}/${name}`,
        Buffer.from(bytes),
      ]),
    );
  return [...dist, ...packed];
}

it('makes the same bytes wherever it runs', () => {
  expect([...one.keys()]).toEqual([...other.keys()]);
  const different = [...one].filter(([name, contents]) => !other.get(name)?.equals(contents));
  expect(different.map(([name]) => name)).toEqual([]);
});

it('makes what is deployed, with source maps beside the zips and not in them', () => {
  const start = ['THIRD-PARTY-LICENSES.txt', 'openapi.json', 'package.json'];
  const first = ['chinese.js', 'function.js', 'jose.js', 'mcp.js'];
  const { 'function.zip': forFunctions = [], 'web.zip': forWeb = [] } = Object.fromEntries(
    ['function.zip', 'web.zip'].map((zip) => {
      const members = membersOf(one.get(zip) ?? Buffer.alloc(0));
      expect(new Set(members.map(({ time }) => time)).size).toBe(1);
      return [zip, members];
    }),
  );
  const isPlain = ({ name }: { name: string }): boolean => !name.startsWith('config/');
  const plain = (name: string): object => expect.objectContaining({ name, mode: 0o100644 });
  expect(forFunctions.filter(isPlain)).toEqual(
    [...start, 'redis.js'].map(plain).toSpliced(1, 0, ...first.map(plain)),
  );
  expect(forWeb.filter(isPlain)).toEqual([
    ...['THIRD-PARTY-LICENSES.txt', 'chinese.js', 'jose.js'].map(plain),
    ...['mcp.js', 'metrics.js', 'openapi.json'].map(plain),
    ...['package.json', 'redis.js'].map(plain),
    expect.objectContaining({ name: 'scf_bootstrap', mode: 0o100755 }),
    plain('server.js'),
  ]);
  const bundles = [
    'chinese.js',
    'function.js',
    'jose.js',
    'mcp.js',
    'metrics.js',
    'redis.js',
    'server.js',
  ];
  const maps = bundles.map((name) => `${name}.map`);
  expect([...one.keys()].filter((name) => name.endsWith('.map'))).toEqual(maps.toSorted());
});

it('leaves the words of the OpenAPI document out of the bundles', () => {
  const maps = [...one].filter(([name]) => name.endsWith('.map'));
  const sources = maps.flatMap(([, map]): string[] => JSON.parse(map.toString()).sources);
  expect(sources).toContain('../src/handlers/routes.ts');
  expect(sources.filter((source) => source.endsWith('.openapi.ts'))).toEqual([]);
});

it('has beside each zip a folder with the same in it, and nothing that was there before', () => {
  for (const form of ['function', 'web']) {
    const packed = unzipSync(other.get(`${form}.zip`) ?? Buffer.alloc(0));
    const inFolder = filesIn(path.join(OTHER, 'dist', form));
    expect([...inFolder.keys()].toSorted()).toEqual(Object.keys(packed).toSorted());
    for (const [name, contents] of inFolder)
      expect(contents.equals(packed[name] ?? Buffer.alloc(0))).toBe(true);
  }
});

it('packs the lists of callers along, and has them beside the server that runs from here', () => {
  for (const zip of ['function.zip', 'web.zip']) {
    const names = membersOf(one.get(zip) ?? Buffer.alloc(0)).map(({ name }) => name);
    expect(names).toContain(CALLERS);
    expect(names.filter((name) => name.includes('example'))).toEqual([]);
  }
  expect(one.get(CALLERS)?.toString()).toBe('[]\n');
});

it('shows no path of the machine that it was built on', () => {
  const paths = [temporary, projectRoot, `${homedir()}/`, 'file:///'];
  const leaks = everything(other).flatMap(([name, contents]) =>
    paths.filter((text) => contents.includes(text)).map((text) => `${name}: ${text}`),
  );
  expect(leaks).toEqual([]);
});

it('holds no secret of the one who built it', () => {
  const planted = [...Object.values(SECRETS), 'planted-password', OUTSIDE];
  const leaks = everything(other).flatMap(([name, contents]) =>
    planted.filter((secret) => contents.includes(secret)).map((secret) => `${name}: ${secret}`),
  );
  expect(leaks).toEqual([]);
  expect([...other.keys()].filter((name) => /example|\.env|old/.test(name))).toEqual([]);
});

const VERSION = '9.8.7';
const PACKAGE = `dlc-task-gateway-${VERSION}.tgz`;
const VERSIONED = [
  'package.json',
  'package-lock.json',
  'deploy/kubernetes/kustomization.yaml',
  'CHANGELOG.md',
];
const textIn = (folder: string, name: string): string =>
  readFileSync(path.join(folder, name), 'utf8');

describe('a release', () => {
  let release: Map<string, Buffer>;
  beforeAll(() => {
    const changes = textIn(ONE, 'CHANGELOG.md').replace(/^## /m, '## Unreleased\n\n- News.\n\n## ');
    writeFileSync(path.join(ONE, 'CHANGELOG.md'), changes);
    runIn(ONE, `release ${VERSION}`, IN_ASIA);
    // The second one has what the first has committed.
    for (const name of VERSIONED) copyFileSync(path.join(ONE, name), path.join(OTHER, name));
    runIn(OTHER, 'release', ELSEWHERE, '077');
    release = filesIn(path.join(ONE, 'dist/release'));
  }, 120_000);

  it('is the same to the byte, with the callers of nobody and no secret', () => {
    expect(release).toEqual(filesIn(path.join(OTHER, 'dist/release')));
    const tar = Buffer.from(gunzipSync(release.get(PACKAGE) ?? Buffer.alloc(0)));
    const all = [...everything(release), [PACKAGE, tar] as const];
    const planted = [...Object.values(SECRETS), OUTSIDE, path.basename(CALLERS)];
    const leaks = all.filter(([, bytes]) => planted.some((text) => bytes.includes(text)));
    expect(leaks.map(([name]) => name)).toEqual([]);
  });

  it('writes its version into every file, and its day into the changelog', () => {
    const day = new Date().toISOString().slice(0, 'yyyy-mm'.length);
    expect(textIn(ONE, 'CHANGELOG.md')).toContain(`\n## ${VERSION} – ${day}`);
    expect(textIn(ONE, 'CHANGELOG.md')).not.toContain('Unreleased');
    const lock = JSON.parse(textIn(ONE, 'package-lock.json'));
    const { version } = JSON.parse(textIn(ONE, 'package.json'));
    expect([version, lock.version, lock.packages[''].version]).toEqual([VERSION, VERSION, VERSION]);
    expect(textIn(ONE, 'deploy/kubernetes/kustomization.yaml')).toContain(`newTag: ${VERSION}\n`);
    expect(JSON.parse(String(release.get('openapi.json'))).info.version).toBe(VERSION);
  });

  it('has checksums of all that is in it', () => {
    const listed = String(release.get('SHA256SUMS')).trimEnd().split('\n');
    const sums = [...release].map(([name, contents]) => {
      const digest = createHash('sha256').update(contents).digest('hex');
      return `${digest}  ${name}`;
    });
    expect(listed.toSorted()).toEqual(sums.filter((sum) => !sum.endsWith('SHA256SUMS')).toSorted());
    const names = ['cli-sbom.json', 'function.zip', 'openapi.json', 'sbom.json', 'web.zip'];
    expect([...release.keys()].toSorted()).toEqual([PACKAGE, 'SHA256SUMS', ...names].toSorted());
  });

  it('has the package as npm packs it, which tar can read', () => {
    const unpack = (tgz: string): Map<string, Buffer> => {
      const folder = mkdtempSync(path.join(temporary, 'unpacked-'));
      execFileSync('tar', ['-xzf', tgz, '-C', folder]);
      return filesIn(folder);
    };
    const options = ['--ignore-scripts', '--silent', '--pack-destination', temporary];
    execFileSync('npm', ['pack', ...options], { cwd: ONE });
    const released = unpack(path.join(ONE, 'dist/release', PACKAGE));
    expect(released).toEqual(unpack(path.join(temporary, PACKAGE)));
    const mode = execFileSync('tar', [
      '-tvzf',
      path.join(OTHER, 'dist/release', PACKAGE),
    ]).toString();
    expect(mode).toMatch(/^-rwxr-xr-x .* package\/dist\/cli\.js$/m);
    expect(mode).toMatch(/^-rw-r--r-- .* package\/README\.md$/m);
  });

  it('is refused if the version is not the same everywhere', () => {
    writeFileSync(path.join(ONE, 'CHANGELOG.md'), '# Changelog\n\n## Unreleased\n');
    expect(() => runIn(ONE, 'release')).toThrow(`CHANGELOG.md: Unreleased`);
  });

  it('changes no file if there is no news', () => {
    writeFileSync(path.join(ONE, 'CHANGELOG.md'), '# Changelog\n');
    const before = textIn(ONE, 'package.json');
    expect(() => runIn(ONE, 'release 9.9.9')).toThrow('has no heading "## Unreleased"');
    expect(textIn(ONE, 'package.json')).toBe(before);
  });

  it('has no file that git does not know', () => {
    const git = (...args: string[]) => execFileSync('git', args, { cwd: OTHER });
    git('init', '--quiet');
    git('add', '--all', '--', 'config', 'deploy', 'docs', 'playground');
    writeFileSync(path.join(OTHER, 'deploy/secret.json'), '{}');
    expect(() => runIn(OTHER, 'release')).toThrow('deploy/secret.json');
  });
});
