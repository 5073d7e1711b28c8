import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { build } from './build.ts';
import { LIST_NAMES } from './build/settings-files.ts';
import { tarball } from './build/tarball.ts';
import { badData } from './cli/command-line.ts';
import { DIST, root } from './places.ts';

/** Where the version stands, without what is around it. */
const VERSIONS: readonly (readonly [file: string, pattern: RegExp])[] = [
  ['package.json', /(?<=^ {2}"version": ").+(?=",$)/m],
  ['package-lock.json', /(?<=^ {2}"version": ").+(?=",$)/m],
  ['package-lock.json', /(?<=^ {6}"version": ").+(?=",$)/m],
  ['deploy/kubernetes/kustomization.yaml', /(?<=^ +newTag: ).+$/m],
];
const CHANGES = 'CHANGELOG.md';

/** Beside the package. */
const FILES = ['function.zip', 'web.zip', 'sbom.json', 'cli-sbom.json', 'openapi.json'];

/**
 * Makes `dist/release/`: the package for npm, the zips, their bills of materials, the API document, and `SHA256SUMS`.
 *
 * @param version to write into all files first
 * @throws CommandError 65 where versions differ, or as the build does
 */
export async function release(version?: string): Promise<void> {
  if (version !== undefined) writeVersion(version);
  const name = `dlc-task-gateway-${readVersion()}.tgz`;
  // Nobody's callers are part of a release.
  for (const setting of LIST_NAMES) delete process.env[setting];
  await build();
  refuseUntracked();
  const files = new Map<string, Uint8Array>(FILES.map((one) => [one, read(`dist/${one}`)]));
  files.set(name, tarball(packed()));
  const sums = [...files].map(([one, contents]) => {
    const digest = createHash('sha256').update(contents).digest('hex');
    return `${digest}  ${one}\n`;
  });
  files.set('SHA256SUMS', Buffer.from(sums.join('')));
  const folder = path.join(DIST, 'release');
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder);
  for (const [one, contents] of files) writeFileSync(path.join(folder, one), contents);
  process.stdout.write(`\nIn dist/release/:\n${sums.join('')}`);
}

/** npm packs whole folders; what git does not know in them may be a secret, and is on no second machine. */
function refuseUntracked(): void {
  if (!existsSync(path.join(root, '.git'))) return;
  const args = ['ls-files', '--others', '--', 'config', 'deploy', 'docs', 'playground'];
  const found = execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
  const packable = found
    .split('\n')
    .filter((file) => file && !/^config\/(?!.*\.example\.json$)/.test(file));
  if (packable.length > 0) throw badData(`git does not know these files: ${packable.join(', ')}`);
}

/** What npm would pack. */
function packed() {
  const args = ['pack', '--dry-run', '--json', '--ignore-scripts'];
  const [found] = Object.values(
    JSON.parse(execFileSync('npm', args, { cwd: root, encoding: 'utf8' })),
  );
  const { files }: { files: { path: string; mode: number }[] } = Object(found);
  return files.map(({ path: name, mode }) => ({
    name,
    contents: read(name),
    executable: (mode & 0o100) !== 0,
  }));
}

const read = (name: string): Buffer => readFileSync(path.join(root, name));

function readVersion(): string {
  const found = [...VERSIONS, [CHANGES, /(?<=^## )\S+/m] as const].map(([file, pattern]) => ({
    file,
    version: pattern.exec(read(file).toString())?.[0] ?? 'none',
  }));
  const [first] = found;
  if (first && found.every(({ version }) => version === first.version)) return first.version;
  const lines = found.map(({ file, version }) => `  ${file}: ${version}`);
  throw badData(`the version is not the same everywhere:\n${lines.join('\n')}`);
}

function writeVersion(version: string): void {
  const heading = `${version} – ${new Date().toISOString().slice(0, 10)}`;
  const news = [CHANGES, /(?<=^## )Unreleased$/m, heading] as const;
  if (!news[1].test(read(CHANGES).toString())) {
    throw badData(
      `${CHANGES} has no heading "## Unreleased", under which the news of ${version} stand`,
    );
  }
  for (const [file, pattern, text = version] of [...VERSIONS, news]) {
    writeFileSync(path.join(root, file), read(file).toString().replace(pattern, text));
  }
}
