import { SettingError } from './setting-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Gives the secret that a configuration member stands for: `env:NAME` is the value of that
 * variable, so that a packed file holds no secret; anything else is the secret itself.
 *
 * @throws SettingError where the variable is not set; names the variable, never a value.
 */
export function resolveSecret(member: string, env: Environment): string {
  if (!member.startsWith('env:')) return member;
  const name = member.slice('env:'.length);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    throw new SettingError(
      'a secret that begins with "env:" must go on with the name of a variable',
    );
  }
  const value = Object.hasOwn(env, name) ? env[name] : undefined;
  if (!value) throw new SettingError(`the variable ${name}, which a secret refers to, is not set`);
  return value;
}
