import { realpathSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { pathToFileURL } from 'node:url';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { EXIT } from './exit-codes.ts';
import { endingOf, mindManners } from './manners.ts';

/** What ends a command: one sentence for people, an exit code (exit-codes.ts) for programs. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** EX_USAGE: the command was called wrongly. */
export const wrongUsage = (message: string): CommandError => new CommandError(EXIT.usage, message);
/** EX_DATAERR: what it was given, a secret or a key, is not usable. */
export const badData = (message: string): CommandError => new CommandError(EXIT.data, message);

/** EX_CONFIG: a variable of the environment, or a file of settings, is wrong. */
export const wrongSetting = (message: string): CommandError =>
  new CommandError(EXIT.config, message);

/**
 * Runs a module's `main` if the module is what Node was started with, and not imported; `-h` is
 * `--help` for all of them. A `CommandError` becomes one line on stderr and the exit code.
 */
export async function runAsScript(
  moduleUrl: string,
  main: (args: string[]) => Promise<number>,
): Promise<void> {
  const script = process.argv[1];
  if (script === undefined || pathToFileURL(realpathSync(script)).href !== moduleUrl) return;
  mindManners();
  try {
    process.exitCode = await main(process.argv.slice(2).map(toLong));
  } catch (error) {
    const { message, exitCode } = error instanceof CommandError ? error : endingOf(error);
    process.stderr.write(`${message}\n`);
    process.exitCode = exitCode;
    // Whatever it has left open: nobody knows what state it is in.
    if (!(error instanceof CommandError)) process.exit();
  }
}

const toLong = (argument: string): string => (argument === '-h' ? '--help' : argument);

/**
 * Calls `parseArgs` and says in our own words what it does not like: its messages repeat the
 * argument, and somebody may have put a secret there.
 *
 * @throws CommandError 64
 */
export function parsing<T>(parse: () => T): T {
  try {
    return parse();
  } catch (error) {
    const message = error instanceof Error ? error.message : '';
    const [, option] =
      /^(?:Unknown option|Option) '(?:-\w, )?(--?[a-z][a-z-]{0,19})\b/.exec(message) ?? [];
    if (option && message.startsWith('Unknown'))
      throw wrongUsage(`${option} is not an option; see --help`);
    if (option && message.includes('does not take'))
      throw wrongUsage(`${option} takes no value; see --help`);
    if (option) throw wrongUsage(`${option} needs a value; see --help`);
    throw wrongUsage('only options are taken, after "--" where npm run is used; see --help');
  }
}

/** An option that must be there. @throws CommandError 64 */
export function required(value: string | undefined, option: string): string {
  if (value) return value;
  throw wrongUsage(`${option} is missing; see --help`);
}

/** Checks the form of an option's value, which the sentence does not repeat. @throws CommandError 64 */
export function matching(value: string, pattern: RegExp, sentence: string): string {
  if (pattern.test(value)) return value;
  throw wrongUsage(sentence);
}

/** Checks that an option's value is one of a few. @throws CommandError 64 */
export function oneOf<T extends string>(values: readonly T[], value: string, option: string): T {
  const found = values.find((one) => one === value);
  if (found) return found;
  throw wrongUsage(`${option} must be ${values.join(' or ')}`);
}

/** The seconds in `30s`, `5m` or `2h`, at most a day. @throws CommandError 64 */
export function toSeconds(value: string, option: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([smh])$/.exec(value) ?? [];
  const seconds = Number(count) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
  if (seconds <= 24 * 3600) return seconds;
  throw wrongUsage(`${option} must be like 30s, 5m or 2h, and at most 24h`);
}

/** Checks what `--secret-env` was given, and does not repeat it: it may be the secret itself. */
export function variableName(value: string): string {
  const isName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value) && !/^wh(sec|sk|pk)_/.test(value);
  if (isName) return value;
  throw wrongUsage('--secret-env takes the name of a variable, never the secret itself');
}

/**
 * Reads the secret from where the caller says: a variable, or the one line of stdin.
 *
 * @throws CommandError 64 where there is none
 */
export async function readSecret(
  from: { variable: string; stdin: boolean },
  env: Environment,
  stdin: NodeJS.ReadableStream = process.stdin,
): Promise<string> {
  const name = variableName(from.variable);
  const found = from.stdin ? (await text(stdin)).trim() : Object.hasOwn(env, name) && env[name];
  if (found) return found;
  throw wrongUsage(
    from.stdin
      ? 'there is no secret on stdin'
      : 'the variable that should hold the secret is not set; name it with --secret-env, or use --secret-stdin',
  );
}

/** Writes a result for programs or for people. */
export function print(asJson: boolean | undefined, value: unknown, forPeople: string): void {
  process.stdout.write(`${asJson ? JSON.stringify(value) : forPeople}\n`);
}
