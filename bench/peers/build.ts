import { existsSync } from 'node:fs';
import path from 'node:path';

import { build } from 'esbuild';

import { OPTIONS } from '../../scripts/build/bundle.ts';
import { replace } from '../../scripts/build/replace.ts';

/** Makes of the peers what would be deployed. */

const here = import.meta.dirname;

/** Where the one that is not bundled goes: beneath this folder, so that Node finds its `node_modules`. */
const UNBUNDLED = path.join(here, '.build');

export interface Peer {
  readonly name: string;
  readonly title: string;
  /** Absolute path of the CommonJS file to require: it exports `handler`. */
  readonly file: string;
  /** Whether the file is all that is needed. */
  readonly bundled: boolean;
}

const PEERS = [
  { name: 'whole-sdk', title: 'whole SDK, unbundled', bundled: false },
  { name: 'express', title: 'Express 5 with serverless-http', bundled: true },
  { name: 'hono', title: 'Hono', bundled: true },
  { name: 'powertools', title: 'Powertools for AWS Lambda', bundled: true },
  { name: 'middy', title: 'middy with @middy/* and zod', bundled: true },
  { name: 'by-hand', title: 'signed by hand, no SDK', bundled: true },
] as const;

/** Whether `npm ci --prefix bench/peers` has been run. */
export function arePeersInstalled(): boolean {
  return existsSync(path.join(here, 'node_modules', 'express'));
}

/**
 * Builds all peers, the bundles into `outdir`, with the gateway's esbuild settings except its plugins: the
 * stand-ins for parts of the SDK are the gateway's own work.
 *
 * @returns them in an order that stays
 * @throws Error that says what to run, where their packages are not installed
 */
export async function buildPeers(outdir: string): Promise<readonly Peer[]> {
  if (!arePeersInstalled()) {
    throw new Error('The peers are not installed: run npm ci --prefix bench/peers.');
  }
  const peers = PEERS.map(({ name, title, bundled }) => {
    const folder = bundled ? path.resolve(outdir) : UNBUNDLED;
    return { name, title, bundled, file: path.join(folder, `${name}.js`) };
  });
  await Promise.all(peers.map(buildPeer));
  // Without it Node would read the files as ES modules wherever a package.json above says so.
  for (const folder of new Set(peers.map(({ file }) => path.dirname(file)))) {
    await replace(path.join(folder, 'package.json'), '{"type":"commonjs"}\n');
  }
  return peers;
}

async function buildPeer({ name, file, bundled }: Peer): Promise<void> {
  const { outputFiles } = await build({
    ...OPTIONS,
    absWorkingDir: here,
    entryPoints: [`${name}.ts`],
    outfile: file,
    write: false,
    plugins: [],
    sourcemap: false,
    // The peer's own few files go together, what it imports stays where it is.
    ...(!bundled && { packages: 'external', minify: false }),
  });
  for (const { contents } of outputFiles) await replace(file, contents);
}
