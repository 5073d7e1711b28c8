import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

import { CommandError } from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { onNpmEnded } from './cli/stop.ts';
import { DIST } from './places.ts';
import { withPaths } from './start/settings.ts';

/**
 * Runs the built server as this process; signals and the exit code are the server's.
 *
 * @throws CommandError 66 if it is not built
 */
export function serve(): void {
  const server = path.join(DIST, 'server.js');
  if (!existsSync(server)) {
    throw new CommandError(EXIT.noInput, `${server} is not there: npm run build makes it`);
  }
  Object.assign(process.env, withPaths(process.env));
  // The server takes no arguments.
  process.argv.length = 2;
  createRequire(server)(server);
  onNpmEnded(() => process.kill(process.pid, 'SIGTERM'));
}
