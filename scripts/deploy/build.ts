import { spawn } from 'node:child_process';
import { once } from 'node:events';

import { root } from '../support/bundle.ts';
import { CommandError } from '../support/command-line.ts';

/** Runs `npm run build`, by itself: stdout is for results. @throws CommandError 70 */
export async function build(say: (line: string) => void): Promise<void> {
  say('Building dist/ …');
  const child = spawn(process.execPath, ['--import', 'tsx', 'scripts/build.ts'], {
    cwd: root,
    stdio: ['ignore', 'ignore', 'inherit'],
  });
  const [exitCode] = await once(child, 'close');
  if (exitCode !== 0) throw new CommandError(70, 'The build failed; what it said is above.');
}
