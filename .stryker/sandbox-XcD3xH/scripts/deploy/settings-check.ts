import { readFileSync } from 'node:fs';
import path from 'node:path';

import { ConfigError, loadConfig } from '../../src/lib/config/config.ts';
import { root } from '../build/bundle.ts';
import { EXAMPLE_ADVICE, exampleDigests } from '../build/settings-files.ts';
import { absurdQuota } from './quota.ts';
import type { Deployment } from './serverless-file.ts';

/** What the gateway, or SCF, would not take of a function's variables: found before anything is sent. */

/** Bytes of all names and values together (SCF's "Environment Variables"). */
const MAX_BYTES = 4096;
/** Prefixes that SCF keeps for itself. */
const RESERVED = /^(SCF|QCLOUD|TENCENTCLOUD)_/;

/**
 * Checks the variables, with the gateway's own parser for settings as it will see them: with the
 * variables and the packed files of the function, and nothing of this shell.
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
    ...examples(variables, src),
    ...absurdQuota({ variables, memorySize }),
    ...refusedByGateway({ ...variables, TENCENTCLOUD_REGION: isSet(region) ? region : '' }, src),
  ];
  const isMounted = (one: string): boolean => mounted.some((name) => one.startsWith(`${name}:`));
  return { reasons: reasons.filter((one) => !isMounted(one)), unchecked: mounted };
}

/** What of the variables is wrong whatever is packed: files are not looked at, there may be none yet. */
export function settingReasons(variables: Deployment['variables']): string[] {
  const inFiles = Object.keys(variables).filter((name) => variables[name]?.startsWith('@'));
  // Where no region can be had, that is said of serverless.yml's own entry.
  const all = { TENCENTCLOUD_REGION: 'ap-guangzhou', ...variables };
  return [...reservedNames(variables), ...refusedByGateway(all, '')].filter(
    (one) => !inFiles.some((name) => one.startsWith(`${name}:`)),
  );
}

const isSet = (region: string): boolean => !region.startsWith('<');

function refusedByGateway(variables: Deployment['variables'], src: string): string[] {
  try {
    loadConfig(variables, src);
    return [];
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    return error.reasons.map(withAdvice);
  }
}

/** Keys that stand for nobody: their digests were copied from the example. */
function examples({ API_KEYS = '' }: Deployment['variables'], src: string): string[] {
  const text = API_KEYS.startsWith('@') ? read(path.resolve(src, API_KEYS.slice(1))) : API_KEYS;
  const isThere = [...exampleDigests(path.join(root, 'config'))].some((one) => text.includes(one));
  return isThere ? [`API_KEYS: has the sha256 of an example; ${EXAMPLE_ADVICE}`] : [];
}

/** A file that cannot be read is the gateway's to refuse. */
function read(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
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

/** The gateway says what is wrong; here is where that is put right. */
function withAdvice(reason: string): string {
  if (/^.*: the variable (\w+), which a secret refers to/.test(reason)) {
    return `${reason}; set it, and give it a line under inputs.environment.variables`;
  }
  if (reason.includes('points to a file that cannot be read')) {
    return `${reason}; @path is inside the package: files of config/ are packed by the build`;
  }
  return reason;
}
