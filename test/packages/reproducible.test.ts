import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { unzipSync } from 'fflate';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import path from 'node:path';

import { buildIn, checkOut, filesIn, projectRoot } from '../support/checkout.ts';
import { membersOf } from '../support/zip-file.ts';

/** Two checkouts, in folders of different depth, built by people with different zones, masks and secrets. */

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

beforeAll(() => {
  checkOut(ONE);
  checkOut(OTHER);
  for (const folder of [ONE, OTHER]) writeFileSync(path.join(folder, CALLERS), '[]\n');
  buildIn(ONE, { TZ: 'Asia/Shanghai', ...NAMED });
  const settings = plantFiles(OTHER);
  buildIn(OTHER, { TZ: 'America/New_York', ...SECRETS, ...NAMED, ...settings }, '077');
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
  const first = ['chinese.js', 'deliveries.js', 'function.js', 'jose.js', 'mcp.js'];
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
    ...['THIRD-PARTY-LICENSES.txt', 'chinese.js', 'deliveries.js', 'jose.js'].map(plain),
    ...['mcp.js', 'metrics.js', 'openapi.json'].map(plain),
    ...['package.json', 'redis.js'].map(plain),
    expect.objectContaining({ name: 'scf_bootstrap', mode: 0o100755 }),
    plain('server.js'),
  ]);
  const bundles = [
    'chinese.js',
    'deliveries.js',
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

it('tells no path of the machine that it was built on', () => {
  const told = [temporary, projectRoot, `${homedir()}/`, 'file:///'];
  const leaks = everything(other).flatMap(([name, contents]) =>
    told.filter((text) => contents.includes(text)).map((text) => `${name}: ${text}`),
  );
  expect(leaks).toEqual([]);
});

it('holds no secret of whoever built it', () => {
  const planted = [...Object.values(SECRETS), 'planted-password', OUTSIDE];
  const leaks = everything(other).flatMap(([name, contents]) =>
    planted.filter((secret) => contents.includes(secret)).map((secret) => `${name}: ${secret}`),
  );
  expect(leaks).toEqual([]);
  expect([...other.keys()].filter((name) => /example|\.env|old/.test(name))).toEqual([]);
});
