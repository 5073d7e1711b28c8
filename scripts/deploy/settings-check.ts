import { loadSettings, SettingsError } from '../../src/settings.ts';
import { absurdQuota } from './quota.ts';
import type { Deployment } from './serverless-file.ts';

/** Finds what the gateway or SCF would refuse of a function's variables, before anything is sent. */

/** Bytes of all names and values together (SCF's "Environment Variables"). */
const MAX_BYTES = 4096;
/** Prefixes that SCF keeps for itself. */
const RESERVED = /^(SCF|QCLOUD|TENCENTCLOUD)_/;

/**
 * Checks the variables with the gateway's own parser, as the function will see them: with its variables and its packed
 * files, and nothing of this shell.
 *
 * @returns every reason, without a value; and the settings that only the function can check, since
 *   they are in a mounted file (`@/path`)
 */
export function checkSettings({ variables, region, src, memorySize }: Deployment): {
  readonly reasons: readonly string[];
  readonly unchecked: readonly string[];
} {
  const mounted = Object.keys(variables).filter((name) => variables[name]?.startsWith('@/'));
  const reasons = [
    ...tooMuch(variables),
    ...reservedNames(variables),
    ...absurdQuota({ variables, memorySize }),
    ...refusedByGateway({ ...variables, TENCENTCLOUD_REGION: isSet(region) ? region : '' }, src),
  ];
  const isMounted = (one: string): boolean => mounted.some((name) => one.startsWith(`${name}:`));
  return { reasons: reasons.filter((one) => !isMounted(one)), unchecked: mounted };
}

/** Finds what is wrong with the variables whatever is packed: files are not read, since there may be none yet. */
export function settingReasons(variables: Deployment['variables']): string[] {
  const inFiles = Object.keys(variables).filter((name) => variables[name]?.startsWith('@'));
  // A region that is missing is reported for serverless.yml's own entry.
  const all = { TENCENTCLOUD_REGION: 'ap-guangzhou', ...variables };
  return [...reservedNames(variables), ...refusedByGateway(all, '')].filter(
    (one) => !inFiles.some((name) => one.startsWith(`${name}:`)),
  );
}

const isSet = (region: string): boolean => !region.startsWith('<');

function refusedByGateway(variables: Deployment['variables'], src: string): string[] {
  try {
    loadSettings(variables, src);
    return [];
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.reasons.map(withAdvice);
  }
}

function tooMuch(variables: Deployment['variables']): string[] {
  const bytes = Buffer.byteLength(Object.entries(variables).flat().join(''));
  if (bytes <= MAX_BYTES) return [];
  const [longest = ''] =
    Object.entries(variables).toSorted(([, a], [, b]) => b.length - a.length)[0] ?? [];
  const file = `config/${longest.toLowerCase().replaceAll('_', '-')}.json`;
  return [
    `all variables together have ${bytes} bytes, and SCF takes ${MAX_BYTES}; the longest is ${longest}: put it into ${file}, which is packed along, and set ${longest}=@${file}`,
  ];
}

function reservedNames(variables: Deployment['variables']): string[] {
  return Object.keys(variables)
    .filter((name) => RESERVED.test(name))
    .map(
      (name) =>
        `${name}: SCF keeps names that begin with SCF_, QCLOUD_ and TENCENTCLOUD_ for itself; the function's role brings its credentials`,
    );
}

/** Adds where somebody who deploys puts right what the gateway says is wrong. */
function withAdvice(reason: string): string {
  if (/^.*: the variable (\w+), which a secret refers to/.test(reason)) {
    return `${reason}; set it, and give it a line under inputs.environment.variables`;
  }
  if (/: points to .*, which (is not there|is a folder|cannot be read)/.test(reason)) {
    return `${reason}; @path is inside the package: files of config/ are packed by the build`;
  }
  return reason;
}
