import { SettingError } from './setting-error.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/**
 * Gives the secret that a member of a list stands for. `env:NAME` is the value of that variable, so that a packed file
 * holds no secret; anything else is the secret itself.
 *
 * @throws SettingError if the variable is not set, or if no secret looks like that; names the variable, quotes no value
 */
export function resolveSecret(member: string, env: Environment): string {
  if (!member.startsWith('env:')) return checkSecret(member);
  const name = member.slice('env:'.length);
  if (!/^[A-Za-z_][A-Za-z0-9_]{0,127}$/.test(name)) {
    throw new SettingError(
      'a secret that begins with "env:" must go on with the name of a variable',
    );
  }
  const value = Object.hasOwn(env, name) && env[name];
  if (!value) throw new SettingError(`the variable ${name}, which a secret refers to, is not set`);
  return checkSecret(value, `the variable ${name}, which a secret refers to, `);
}

/**
 * Gives a secret back if it can be one. A secret that a shell, a template or a file changed on its way would be used
 * silently, and every caller would be refused; one that is guessable would let anybody in.
 *
 * @param subject begins the sentence of the error
 * @throws SettingError which does not quote it
 */
export function checkSecret(secret: string, subject = ''): string {
  // Also behind the prefix of a Standard Webhooks secret, and before the padding of base64.
  const isOneCharacter = /^(?:whsec_)?(.)\1+=*$/su.test(secret);
  const slip = slipIn(secret) ?? (isOneCharacter ? 'is one character repeated' : undefined);
  if (slip !== undefined) throw new SettingError(`${subject}${slip}`);
  return secret;
}

const SLIPS: readonly (readonly [RegExp, string])[] = [
  [/^(null|undefined)$/, 'is the text "null" or "undefined": leave the variable out instead'],
  [/^(["']).*\1$/s, 'has quotes around it, which a shell would have taken off'],
  [/[\r\n]/, 'has a line break in it: printf writes none, echo does'],
  [/^\s|\s$/, 'begins or ends with a blank'],
  [/\$\{.*\}|\$\(.*\)|\{\{.*\}\}|^<.*>$|^\$\w+$|^%\w+%$/, 'is a template that nobody filled in'],
];

/** Says what happened to a value on its way here, if it shows; quotes nothing of it. */
export const slipIn = (value: string): string | undefined =>
  SLIPS.find(([pattern]) => pattern.test(value))?.[1];
