import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { root } from '../build/bundle.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';

/** Runs `npm run build`, by itself: stdout is for results. @throws CommandError with the build's exit code */
export async function build(): Promise<void> {
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  await once(child, 'close');
  if (child.exitCode === 0) return;
  throw new CommandError(
    child.exitCode ?? EXIT.software,
    'The build failed; what it said is above. Nothing was sent.',
  );
}
