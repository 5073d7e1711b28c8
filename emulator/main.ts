import { startEmulator } from './emulator.ts';
import type { Emulator } from './emulator.ts';
import { readSettings, SettingsError } from './settings.ts';

/** Exit codes after sysexits.h. */
const exitCodes = { usage: 64, unavailable: 69, config: 78 } as const;

const usage = `npm run emulator: a DLC on this machine, for tests and demos.

EMULATOR_PORT        9001; 0: any free one
EMULATOR_HOST        127.0.0.1
EMULATOR_SECRET_ID   AKIDEMULATOR
EMULATOR_SECRET_KEY  emulator-secret-key
EMULATOR_CANCEL_MS   1000: from a cancellation's acceptance to the state "cancelled"
`;

process.exitCode = await main(process.argv.slice(2));

async function main(args: readonly string[]): Promise<number> {
  if (args.includes('--help') || args.includes('-h')) {
    process.stdout.write(usage);
    return 0;
  }
  if (args.length > 0) return fail(exitCodes.usage, `Unknown argument ${args[0]}: see --help.`);
  try {
    const emulator = await startEmulator(readSettings(process.env));
    process.stdout.write(welcome(emulator));
    await untilAskedToEnd();
    await emulator.close();
    return 0;
  } catch (error) {
    if (error instanceof SettingsError) return fail(exitCodes.config, error.message);
    const reason = listenFailure(error);
    if (reason === undefined) throw error;
    return fail(exitCodes.unavailable, `The emulator cannot listen: ${reason}`);
  }
}

function fail(code: number, sentence: string): number {
  process.stderr.write(`${sentence}\n`);
  return code;
}

/** Why listening failed, in a sentence, or undefined for an error of another kind. */
function listenFailure(error: unknown): string | undefined {
  if (!(error instanceof Error) || !('code' in error)) return undefined;
  const port = 'port' in error ? String(error.port) : 'EMULATOR_PORT';
  switch (error.code) {
    case 'EADDRINUSE':
      return `port ${port} is in use. EMULATOR_PORT names another.`;
    case 'EACCES':
      return `port ${port} is not for everybody. EMULATOR_PORT names another.`;
    case 'EADDRNOTAVAIL':
    case 'ENOTFOUND':
      return 'EMULATOR_HOST is no address of this machine.';
    default:
      return undefined;
  }
}

async function untilAskedToEnd(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

function welcome({ url, secretId, secretKey }: Emulator): string {
  return `DLC emulator at ${url} (signed as service dlc, any of Tencent Cloud's regions)
  SecretId  ${secretId}
  SecretKey ${secretKey}

A task to cancel, what has become of it, what the API was asked, and a failure to come:
  curl -d '{"id":"demo-task-1","state":"running"}' ${url}/_emulator/tasks
  curl ${url}/_emulator/tasks
  curl ${url}/_emulator/stats
  curl -d '{"action":"CancelTask","times":2,"kind":"reset-after"}' ${url}/_emulator/faults
  curl -X POST ${url}/_emulator/reset
All of it: curl ${url}/_emulator
`;
}
