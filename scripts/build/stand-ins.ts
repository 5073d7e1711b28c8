import path from 'node:path';

import type { OnResolveResult, Plugin } from 'esbuild';

/** A file that replaces a package in the bundles, only for the files that were checked to get along with it. */
interface StandIn {
  /** In `scripts/build/stubs`. */
  readonly file: string;
  /** The files that may import it, from `node_modules`. */
  readonly importers: readonly string[];
}

const SDK = 'tencentcloud-sdk-nodejs/tencentcloud/common';

/** What the gateway's dependencies import and the gateway does not need (docs/decisions/0003-sdk.md). */
const STAND_INS: Readonly<Record<string, StandIn>> = {
  'node-fetch': { file: 'node-fetch.cjs', importers: [`${SDK}/http/fetch.js`] },
  'https-proxy-agent': { file: 'never-used.cjs', importers: [`${SDK}/http/fetch.js`] },
  'form-data': { file: 'never-used.cjs', importers: [`${SDK}/http/http_connection.js`] },
  'get-stream': { file: 'never-used.cjs', importers: [`${SDK}/http/http_connection.js`] },
  './sse_response_model': { file: 'sse.cjs', importers: [`${SDK}/abstract_client.js`] },
  './lib/parse.js': { file: 'json-bigint-parse.cjs', importers: ['json-bigint/index.js'] },
  'bignumber.js': {
    file: 'bignumber.cjs',
    importers: ['json-bigint/lib/parse.js', 'json-bigint/lib/stringify.js'],
  },
  tslib: {
    file: 'tslib.cjs',
    importers: ['abstract_client', 'http/fetch', 'http/http_connection', 'sign'].map(
      (name) => `${SDK}/${name}.js`,
    ),
  },
  uuid: { file: 'uuid.cjs', importers: [`${SDK}/abstract_client.js`] },
  // The real one writes every command to stderr if `DEBUG` says so, a password's too.
  debug: { file: 'debug.cjs', importers: ['ioredis/built/utils/debug.js'] },
};

/**
 * Decides what an import of a replaced package becomes.
 *
 * @param importer absolute path of the importing file
 * @returns the stand-in; undefined for the real package; an error for a file that nobody has checked, which fails the build
 */
export function resolveStandIn(name: string, importer: string): OnResolveResult | undefined {
  const standIn = STAND_INS[name];
  if (!standIn) return undefined;
  const [, inPackages = importer] = /\/node_modules\/(.+)$/.exec(importer) ?? [];
  if (standIn.importers.includes(inPackages)) {
    return { path: path.join(import.meta.dirname, 'stubs', standIn.file) };
  }
  // Another package's own file, which has the same name by chance.
  if (name.startsWith('.')) return undefined;
  const text = `${inPackages} imports ${name}, which scripts/build/stubs/${standIn.file} replaces only for the importers listed in scripts/build/stand-ins.ts. Check what it uses of ${name}, then add it to the list.`;
  return { errors: [{ text }] };
}

export const standIns: Plugin = {
  name: 'stand-ins',
  setup(building) {
    const names = Object.keys(STAND_INS).map((name) => name.replaceAll('.', String.raw`\.`));
    building.onResolve({ filter: new RegExp(`^(${names.join('|')})$`) }, (found) =>
      resolveStandIn(found.path, found.importer),
    );
  },
};
