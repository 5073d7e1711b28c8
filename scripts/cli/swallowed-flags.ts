import type { CommandUnknownOpts, Option } from '@commander-js/extra-typings';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { commandLine } from './command.ts';
import { wrongUsage } from './command-line.ts';

/**
 * Refuses to run if npm kept a flag of this command for itself. Without a `--` before them, npm turns flags
 * into variables: `npm run deploy --rollback` sets `npm_config_rollback=true` and passes no argument, so
 * that the command would do something else than was asked for.
 *
 * @param args the arguments that the command got
 * @throws CommandError 64 with the line to type; it shows no value, since any may be a secret
 */
export function refuseSwallowedFlags(
  command: CommandUnknownOpts,
  args: readonly string[],
  env: Environment,
): void {
  // Set by npm alone; without it, and with npx, nothing stands between the shell and the command.
  const script = env['npm_lifecycle_event'];
  if (!script || script === 'npx') return;
  const passed = command.options.filter((option) => args.some((arg) => isFlag(arg, option)));
  // A pipeline may set `npm_config_yes` for all of npm: a switch that the command has got as well was not lost.
  const isLost = (option: Option) => !(option.isBoolean() && passed.includes(option));
  const swallowed = command.options.filter((option) => isSwallowed(option, env) && isLost(option));
  if (swallowed.length === 0) return;
  const all = [...new Set([...swallowed, ...passed])].map((one) => one.flags.replace(/^-\w, /, ''));
  const names = swallowed.map((option) => option.long).join(', ');
  throw wrongUsage(
    `npm kept ${names} for itself, so nothing was done. Flags come after "--". Type:\n\n` +
      `  ${commandLine(command.name(), all.join(' '))}`,
  );
}

const isFlag = (arg: string, { long }: Option): boolean =>
  arg === long || arg.startsWith(`${long}=`);

/** npm sets `npm_config_build` to nothing for `--no-build`; a flag that is nothing was not given. */
function isSwallowed(option: Option, env: Environment): boolean {
  return Object.entries(env).some(([variable, value]) => {
    const [, name] = /^npm_config_(.+)$/i.exec(variable) ?? [];
    if (name === undefined) return false;
    const isOn = value !== '' && value !== 'false';
    return isOn !== option.negate && isMeant(plain(name), plain(option.attributeName()));
  });
}

const plain = (name: string): string => name.toLowerCase().replaceAll(/[-_]/g, '');

/**
 * Whether a name stands for an option: at 3 a.m. somebody types `--roll-back`, `--rolback` or `--roll`.
 * Beside the name itself, of at least four letters: its beginning, or one letter more, less or another.
 */
function isMeant(name: string, option: string): boolean {
  if (name === option) return true;
  if (Math.min(name.length, option.length) < 4) return false;
  if (option.startsWith(name)) return true;
  if (Math.abs(name.length - option.length) > 1) return false;
  let start = 0;
  while (start < name.length && name[start] === option[start]) start += 1;
  const [restOfName, restOfOption] = [name.slice(start), option.slice(start)];
  return [
    [restOfName.slice(1), restOfOption.slice(1)],
    [restOfName.slice(1), restOfOption],
    [restOfName, restOfOption.slice(1)],
  ].some(([a, b]) => a === b);
}
