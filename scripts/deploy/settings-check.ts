import { BlockList, isIP } from 'node:net';

import { loadSettings, SettingsError } from '../../src/settings.ts';
import { parseRedisUrl } from '../../src/lib/config/setting-values.ts';
import { absurdQuota } from './quota.ts';
import type { Deployment } from './deployment.ts';

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
export function checkSettings({ variables, region, src, memorySize, vpcConfig }: Deployment): {
  readonly reasons: readonly string[];
  readonly unchecked: readonly string[];
} {
  const mounted = Object.keys(variables).filter((name) => variables[name]?.startsWith('@/'));
  const reasons = [
    ...tooMuch(variables),
    ...reservedNames(variables),
    ...absurdQuota({ variables, memorySize }),
    ...(vpcConfig ? [] : unreachableRedis(variables)),
    ...refusedByGateway({ ...variables, TENCENTCLOUD_REGION: isSet(region) ? region : '' }, src),
  ];
  const isMounted = (one: string): boolean => mounted.some((name) => one.startsWith(`${name}:`));
  return { reasons: reasons.filter((one) => !isMounted(one)), unchecked: mounted };
}

/** Finds what is wrong with the variables whatever is packed; it reads no files, since there may be none yet. */
export function settingReasons(variables: Deployment['variables']): string[] {
  const inFiles = Object.keys(variables).filter((name) => variables[name]?.startsWith('@'));
  // A missing region is a reason about serverless.yml's own entry.
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

/** Addresses that exist in a network of one's own alone (RFC 1918, 3927, 4193, 4291, 6598). */
const PRIVATE = new BlockList();
for (const [network, bits] of [
  ['10.0.0.0', 8],
  ['172.16.0.0', 12],
  ['192.168.0.0', 16],
  ['100.64.0.0', 10],
  ['169.254.0.0', 16],
  ['127.0.0.0', 8],
] as const) {
  PRIVATE.addSubnet(network, bits, 'ipv4');
}
PRIVATE.addSubnet('fc00::', 7, 'ipv6');
PRIVATE.addSubnet('fe80::', 10, 'ipv6');
PRIVATE.addAddress('::1', 'ipv6');

/** A function outside a VPC never reaches such a Redis, and the limits would not be shared. */
function unreachableRedis({ REDIS_URL = '' }: Deployment['variables']): string[] {
  if (REDIS_URL === '' || !isPrivate(REDIS_URL)) return [];
  return [
    `REDIS_URL: has an address of a private network, which this function cannot reach: set VPC_ID and SUBNET_ID, of which inputs.vpcConfig is made. ${WAYS_TO_DLC}`,
  ];
}

const WAYS_TO_DLC =
  'In a VPC, a function reaches DLC through a NAT gateway, or by DLC_ENDPOINT=https://dlc.internal.tencentcloudapi.com; issuers of tokens through a NAT gateway alone';

/** What a function in a VPC needs. */
export function vpcNote({ vpcConfig }: Pick<Deployment, 'vpcConfig'>): string | undefined {
  return vpcConfig && `inputs.vpcConfig: ${WAYS_TO_DLC}.`;
}

function isPrivate(url: string): boolean {
  try {
    const { host } = parseRedisUrl(url);
    const version = isIP(host);
    if (version === 0) return /(^|\.)localhost$/i.test(host);
    return PRIVATE.check(host, version === 6 ? 'ipv6' : 'ipv4');
  } catch {
    // The gateway's own parser says what is wrong with it.
    return false;
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

/** Adds to the gateway's reason where to put it right. */
function withAdvice(reason: string): string {
  if (/^.*: the variable (\w+), which a secret refers to/.test(reason)) {
    return `${reason}; set it, and give it a line under inputs.environment.variables`;
  }
  if (/: points to .*, which (is not there|is a folder|cannot be read)/.test(reason)) {
    return `${reason}; @path is inside the package, and the build packs the files of config/ that settings name`;
  }
  return reason;
}
