import { parseArgs } from 'node:util';

import {
  CommandError,
  parsing,
  print,
  runAsScript,
  wrongSetting,
} from '../scripts/cli/command-line.ts';
import { EXIT, exitCodes } from '../scripts/cli/exit-codes.ts';
import { defaultCredentials, startEmulator } from './emulator.ts';
import type { Emulator, EmulatorOptions } from './emulator.ts';
import { onStop } from './stop.ts';

const HELP = `A DLC on this machine, for tests and demos: it checks signatures, keeps tasks, and fails on request.

  npm run emulator
  EMULATOR_PORT=0 npm run emulator

Options
  -h, --help           this text

Environment
  EMULATOR_PORT        0: any free one                               (default: 9001)
  EMULATOR_HOST        the address that it listens on                (default: 127.0.0.1)
  EMULATOR_SECRET_ID   whose signatures it takes                     (default: AKIDEMULATOR)
  EMULATOR_SECRET_KEY  what they are made with                       (default: emulator-secret-key)
  EMULATOR_CANCEL_MS   from a cancellation's acceptance to the state "cancelled"
                                                                     (default: 1000)

${exitCodes(
  {
    unavailable: 'the port is taken, or no address of this machine',
    config: 'a variable is wrong',
    interrupted: 'interrupted with Ctrl-C before it was up',
  },
  'ended with Ctrl-C or SIGTERM',
)}`;

async function main(args: string[]): Promise<number> {
  const { values } = parsing(() => parseArgs({ args, options: { help: { type: 'boolean' } } }));
  if (values.help) return (print(false, undefined, HELP), 0);
  const emulator = await start();
  process.stdout.write(welcome(emulator));
  await new Promise<void>((resolve) => onStop(resolve));
  await emulator.close();
  return 0;
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
      return `port ${port} is not for everybody. EMULATOR_PORT names another.`;
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

A task to cancel, all tasks, what was counted, and a failure for the next requests:
  curl -d '{"id":"demo-task-1","state":"running"}' ${url}/_emulator/tasks
  curl ${url}/_emulator/tasks
  curl ${url}/_emulator/stats
  curl -d '{"action":"CancelTask","times":2,"kind":"reset-after"}' ${url}/_emulator/faults
  curl -X POST ${url}/_emulator/reset
All of it: curl ${url}/_emulator
`;
}

/** The settings of the process. */
type EmulatorSettings = Required<
  Pick<EmulatorOptions, 'port' | 'host' | 'secretId' | 'secretKey' | 'cancelMs'>
>;

/** Wrong settings. The message names all of them, one a line. */
export class SettingsError extends Error {}

const defaultPort = 9001;
const defaultCancelMs = 1000;

/**
 * Reads the settings of `npm run emulator`. An empty variable counts as absent.
 *
 * @throws SettingsError
 */
export function readSettings(env: Readonly<Record<string, string | undefined>>): EmulatorSettings {
  const problems: string[] = [];
  const text = (name: string, absent: string): string => env[name] || absent;
  const integer = (name: string, absent: number, max: number): number => {
    const value = text(name, String(absent));
    if (/^\d{1,10}$/.test(value) && Number(value) <= max) return Number(value);
    problems.push(`${name} must be an integer from 0 to ${max}.`);
    return absent;
  };
  const settings = {
    port: integer('EMULATOR_PORT', defaultPort, 65_535),
    host: text('EMULATOR_HOST', '127.0.0.1'),
    secretId: text('EMULATOR_SECRET_ID', defaultCredentials.secretId),
    secretKey: text('EMULATOR_SECRET_KEY', defaultCredentials.secretKey),
    cancelMs: integer('EMULATOR_CANCEL_MS', defaultCancelMs, 86_400_000),
  };
  if (/[\s,/]/.test(settings.secretId)) {
    problems.push('EMULATOR_SECRET_ID must have no space, comma or slash in it.');
  }
  if (problems.length > 0) throw new SettingsError(problems.join('\n'));
  return settings;
}

await runAsScript(import.meta.url, main);
