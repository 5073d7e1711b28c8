import { startEmulator, type Emulator } from '../emulator/emulator.ts';
import { readSettings, SettingsError } from '../emulator/settings.ts';
import { CommandError, wrongSetting } from './cli/command-line.ts';
import { EXIT } from './cli/exit-codes.ts';
import { onStop } from './cli/stop.ts';

/** Runs the emulator until Ctrl-C or SIGTERM. @throws CommandError 69, 78 */
export async function emulate(): Promise<void> {
  const emulator = await start();
  process.stdout.write(welcome(emulator));
  await new Promise<void>((resolve) => onStop(resolve));
  await emulator.close();
}

/** @throws CommandError 69, 78 */
async function start(): Promise<Emulator> {
  try {
    return await startEmulator(readSettings(process.env));
  } catch (error) {
    if (error instanceof SettingsError) throw wrongSetting(error.message);
    const reason = listenFailure(error);
    if (reason === undefined) throw error;
    throw new CommandError(EXIT.unavailable, `The emulator cannot listen: ${reason}`);
  }
}

/** Why listening failed, in a sentence, or undefined for an error of another kind. */
function listenFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const port = 'port' in error ? String(error.port) : 'EMULATOR_PORT';
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is in use. EMULATOR_PORT names another.`;
    case 'EACCES':
      return `port ${port} needs more rights. EMULATOR_PORT names another.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'EMULATOR_HOST is no address of this machine.';
    default:
      return undefined;
  }
}

function welcome({ url, secretId, secretKey }: Emulator): string {
  return `DLC emulator at ${url} (signed as service dlc, any of Tencent Cloud's regions)
  SecretId  ${secretId}
  SecretKey ${secretKey}

A task to cancel, its state, what the API was asked, and a fault for the next requests:
  curl -d '{"id":"demo-task-1","state":"running"}' ${url}/_emulator/tasks
  curl ${url}/_emulator/tasks
  curl ${url}/_emulator/stats
  curl -d '{"action":"CancelTask","times":2,"kind":"reset-after"}' ${url}/_emulator/faults
  curl -X POST ${url}/_emulator/reset
All of it: curl ${url}/_emulator
`;
}
