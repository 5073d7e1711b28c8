import { execFileSync } from 'node:child_process';
import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

import { projectRoot } from './checkout.ts';

/** The whole project elsewhere, as after `npm ci`, for what writes into it. */
export interface WorkingCopy {
  readonly folder: string;
  remove(): void;
}

/** What a clone has not. */
const NOT_CLONED =
  /^(\.git|node_modules|dist|coverage|\.tmp|my-page|my-app|my-alerts|my-service\.key)$/;

export function makeWorkingCopy(): WorkingCopy {
  const folder = mkdtempSync(path.join(tmpdir(), 'working-copy-'));
  for (const name of readdirSync(projectRoot)) {
    if (NOT_CLONED.test(name)) continue;
    cpSync(path.join(projectRoot, name), path.join(folder, name), {
      recursive: true,
      filter: (file) => path.basename(file) !== 'node_modules',
    });
  }
  const modules = path.join(projectRoot, 'node_modules');
  // Linked where both are on one disk: a symbolic link would lead the build out of its folder.
  try {
    execFileSync('cp', ['-al', modules, folder], { stdio: 'ignore' });
  } catch {
    cpSync(modules, path.join(folder, 'node_modules'), {
      recursive: true,
      verbatimSymlinks: true,
      force: true,
    });
  }
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}
