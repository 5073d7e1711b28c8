import { CommanderError } from 'commander';
import type { CommandUnknownOpts } from '@commander-js/extra-typings';

import { CommandError, wrongUsage } from './command-line.ts';
import { EXIT } from './exit-codes.ts';
import { refuseSwallowedFlags } from './swallowed-flags.ts';

/**
 * Runs the command that the arguments name, as the whole process. A `CommandError` becomes one line on
 * stderr and the exit code. A reader of stdout that goes away (`| head -1`) changes nothing but that
 * nothing is written: a deployment goes on, and the exit code is the true one. Ctrl-C ends at once, with
 * 130, unless the command listens to it itself.
 *
 * @param program one command, or a program with subcommands
 */
export async function run(
  program: CommandUnknownOpts,
  args = process.argv.slice(2),
): Promise<void> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('error', (error: NodeJS.ErrnoException) => {
      if (error.code !== 'EPIPE') throw error;
    });
  }
  process.on('SIGINT', () => {
    if (process.listenerCount('SIGINT') === 1) process.exit(EXIT.interrupted);
  });
  try {
    const [name = ''] = args;
    const command = program.commands.find((one) => one.name() === name) ?? program;
    // Commander would show the help of the whole program for `nonsense --help`.
    if (program.commands.length > 0 && command === program && /^[^-]/.test(name)) {
      throw wrongUsage('there is no such command; see --help');
    }
    refuseSwallowedFlags(command, args, process.env);
    command.hook('preAction', refuseFlagsAsValues);
    await program.parseAsync(args, { from: 'user' });
  } catch (error) {
    end(error);
  }
}

function end(error: unknown): void {
  if (error instanceof CommanderError && error.exitCode === 0) return;
  const { exitCode, message } = endingOf(error);
  process.stderr.write(`${message}\n`);
  process.exitCode = exitCode;
  // After a fault of the command itself, nothing that is still open can be trusted.
  if (exitCode === EXIT.software || exitCode === EXIT.io) process.exit();
}

/** Commander takes `--id --json` for the id `--json`. */
function refuseFlagsAsValues(command: CommandUnknownOpts): void {
  const values = command.opts();
  for (const option of command.options) {
    const found = [values[option.attributeName()]].flat();
    if (found.some((value) => typeof value === 'string' && value.startsWith('-'))) {
      throw wrongUsage(`${option.long} needs a value; see --help`);
    }
  }
}

/** What to say about an error, and the exit code. */
export function endingOf(error: unknown): { exitCode: number; message: string } {
  if (error instanceof CommandError) return error;
  if (error instanceof CommanderError) return wrongUsage(sentenceOf(error));
  if (isSystemError(error)) {
    const where = error.path === undefined ? '' : ` ${error.path}`;
    const todo = 'check that it is there, that it may be used, and that there is room';
    return { exitCode: EXIT.io, message: `${error.syscall}${where}: ${error.code}; ${todo}` };
  }
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error);
  const message = `${stack}\n\nThis is a fault of the command itself: please report it, with the above.`;
  return { exitCode: EXIT.software, message };
}

/** Commander's errors in our words: its own repeat what was typed, and that may be a secret in the wrong place. */
const SENTENCES: Readonly<Record<string, (name: string, hint: string) => string>> = {
  'commander.help': () => 'name a command',
  'commander.unknownOption': (name, hint) => `${name || 'this'} is not an option${hint}`,
  'commander.optionMissingArgument': (name) => `${name} needs a value`,
  'commander.missingMandatoryOptionValue': (name) => `${name} is missing`,
  'commander.invalidArgument': (name, hint) => `${name} must be one of${hint}`,
};
const OTHERS = (): string => 'only options are taken, with npm run after "--"';

function sentenceOf({ code, message }: CommanderError): string {
  const [, name = ''] = /'(--[a-z][a-z0-9-]{0,19}(?![\w-]))/.exec(message) ?? [];
  const value = message.includes(`'${name}=`) ? '=…' : '';
  const [, similar, choices] =
    /\n\(Did you mean (--[a-z-]+)\?\)$|Allowed choices are ([^']*)\.$/.exec(message) ?? [];
  const hint = similar ? `, but ${similar} is` : choices ? ` ${choices}` : '';
  return `${(SENTENCES[code] ?? OTHERS)(`${name}${value}`, hint)}; see --help`;
}

interface SystemError {
  readonly code: string;
  readonly syscall: string;
  readonly path?: string;
}

/** An error of the file system; each command explains errors of the network itself. */
function isSystemError(error: unknown): error is SystemError {
  const { code, syscall, path } = Object(error);
  if (typeof code !== 'string' || typeof syscall !== 'string') return false;
  return typeof path === 'string' || syscall === 'write' || syscall === 'read';
}
