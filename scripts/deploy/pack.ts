import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { filesOf } from '../build/package.ts';
import { replace } from '../build/replace.ts';
import { LIST_NAMES } from '../build/settings-files.ts';
import { modeOf, zip } from '../build/zip.ts';
import { DIST, isCheckout, root } from '../places.ts';
import type { Deployment } from './deployment.ts';

/** UpdateFunctionCode takes 20 MB (its model's comment); CreateFunction says 50. */
const MAX_ZIP_BYTES = 20 * 1024 * 1024;

export interface Package {
  readonly base64: string;
  readonly bytes: number;
  /** 64 hex digits. */
  readonly sha256: string;
}

/**
 * Puts together what is deployed. The package is built already: it adds the files of `config/` in the folder where the
 * command runs. A checkout builds.
 *
 * @returns the deployment with the folder to send
 * @throws CommandError with the build's exit code, or 65 if a file of `config/` is wrong
 */
export async function build(deployment: Deployment): Promise<Deployment> {
  if (!isCheckout) return { ...deployment, src: await assemble(deployment) };
  await runBuild(deployment);
  return deployment;
}

async function assemble({ type, variables }: Deployment): Promise<string> {
  const folder = mkdtempSync(path.join(tmpdir(), 'dlc-deploy-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  const env = { ...process.env, ...variables };
  const files = filesOf(type === 'web' ? 'web' : 'function', DIST, process.cwd(), env);
  for (const file of files) {
    await replace(path.join(folder, file.name), file.contents, modeOf(file));
  }
  return folder;
}

/**
 * Runs the build as a process of its own, since stdout is for results. The build packs the files that
 * settings name, so it gets those settings as the function will have them.
 *
 * @throws CommandError with the build's exit code
 */
async function runBuild({ variables }: Deployment): Promise<void> {
  const lists = Object.fromEntries(LIST_NAMES.map((name) => [name, variables[name] ?? '']));
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/main.ts', 'build'], {
    cwd: root,
    env: { ...process.env, ...lists },
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  if (child.exitCode === 0) return;
  throw new CommandError(
    child.exitCode ?? EXIT.software,
    'The build failed; its reasons are above. Nothing was sent.',
  );
}

/** Packs a folder's files as the build does. @throws CommandError 66 if there is nothing to pack, 65 if it is too much for SCF */
export function pack(folder: string): Package {
  const files = listFiles(folder);
  if (files.length === 0) {
    throw new CommandError(
      EXIT.noInput,
      `${folder} has no files: without --no-build, they are made`,
    );
  }
  const zipped = zip(
    files.map((name) => {
      const file = path.join(folder, name);
      const executable = (statSync(file).mode & 0o111) !== 0;
      return { name: name.split(path.sep).join('/'), contents: readFileSync(file), executable };
    }),
  );
  if (zipped.length > MAX_ZIP_BYTES) {
    throw new CommandError(
      EXIT.data,
      `the package has ${zipped.length} bytes, and SCF takes ${MAX_ZIP_BYTES} in a request`,
    );
  }
  const sha256 = createHash('sha256').update(zipped).digest('hex');
  return { base64: Buffer.from(zipped).toString('base64'), bytes: zipped.length, sha256 };
}

function listFiles(folder: string): string[] {
  try {
    return readdirSync(folder, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(folder, path.join(entry.parentPath, entry.name)));
  } catch {
    return [];
  }
}
