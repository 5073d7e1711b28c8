import { text } from 'node:stream/consumers';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { EXIT } from './exit-codes.ts';

/** Ends a command: one sentence for people, an exit code (exit-codes.ts) for programs. */
export class CommandError extends Error {
  readonly exitCode: number;

  constructor(exitCode: number, message: string) {
    super(message);
    this.exitCode = exitCode;
  }
}

/** EX_USAGE: the command was called wrongly. */
export const wrongUsage = (message: string): CommandError => new CommandError(EXIT.usage, message);
/** EX_DATAERR: a secret, a key or a file that it was given is not usable. */
export const badData = (message: string): CommandError => new CommandError(EXIT.data, message);

/** EX_CONFIG: a variable of the environment, or a file of settings, is wrong. */
export const wrongSetting = (message: string): CommandError =>
  new CommandError(EXIT.config, message);

/**
 * Makes the parser of an option whose value has a form; the sentence never repeats the value.
 *
 * @throws CommandError 64
 */
export const matching =
  (pattern: RegExp, sentence: string) =>
  (value: string): string => {
    if (pattern.test(value)) return value;
    throw wrongUsage(sentence);
  };

/** The seconds in `30s`, `5m` or `2h`, at most a day. @throws CommandError 64 */
export function toSeconds(value: string): number {
  const [, count, unit] = /^([1-9]\d{0,4})([smh])$/.exec(value) ?? [];
  const seconds = Number(count) * (unit === 'h' ? 3600 : unit === 'm' ? 60 : 1);
  if (seconds <= 24 * 3600) return seconds;
  throw wrongUsage('--ttl must be like 30s, 5m or 2h, and at most 24h');
}

/** Checks the value of `--secret-env`, and does not repeat it: it may be the secret itself. */
export function variableName(value: string): string {
  const isName = /^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(value) && !/^wh(sec|sk|pk)_/.test(value);
  if (isName) return value;
  throw wrongUsage('--secret-env takes the name of a variable, never the secret itself');
}

/**
 * Reads a secret from a variable, or from the one line of stdin.
 *
 * @throws CommandError 64 if there is none
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
