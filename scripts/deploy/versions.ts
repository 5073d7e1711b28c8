import type { FunctionVersion } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Package } from './pack.ts';
import { isConfigured } from './requests.ts';
import { active, isNotFound, settled, type Run } from './wait.ts';

/**
 * Versions and the alias that callers reach (docs/decisions/0010): a version is a copy of code and
 * configuration that nobody can change; the function URL is bound to an alias, which points to one.
 */

const PAGE = 20;
const MAX_PAGES = 100;

/** Published versions, the newest first; without `$LATEST`. */
export async function publishedVersions({ call, deployment }: Run): Promise<FunctionVersion[]> {
  const all: FunctionVersion[] = [];
  for (let page = 0; page < MAX_PAGES; page += 1) {
    const range = { Offset: page * PAGE, Limit: PAGE };
    const { Versions = [] } = await call('ListVersionByFunction', {
      FunctionName: deployment.name,
      ...range,
    });
    all.push(...Versions);
    if (Versions.length < PAGE) break;
  }
  return all
    .filter(({ Version }) => /^\d+$/.test(Version))
    .toSorted((a, b) => Number(b.Version) - Number(a.Version));
}

/** SCF takes letters, digits, spaces, commas and full stops in a description, and no other signs. */
export const descriptionOf = ({ sha256 }: Package): string => `Code ${sha256}`;

/**
 * The newest version, where it has this code and this configuration already: nothing changed since,
 * or the run that published it broke off.
 */
export async function findSame(run: Run, code: Package): Promise<string | undefined> {
  const [newest] = await publishedVersions(run);
  if (newest?.Description !== descriptionOf(code)) return undefined;
  const found = await settled(run, { version: newest.Version });
  const isSame = found?.Status === 'Active' && isConfigured(found, run.deployment);
  return isSame ? newest.Version : undefined;
}

/** Publishes what was uploaded. @returns the version's number @throws CommandError */
export async function publish(run: Run, code: Package): Promise<string> {
  const { call, deployment } = run;
  const named = { FunctionName: deployment.name, Description: descriptionOf(code) };
  const { FunctionVersion: version = '' } = await call('PublishVersion', named);
  if (!/^\d+$/.test(version))
    throw new CommandError(EXIT.protocol, 'PublishVersion gave no version number.');
  await active(run, version);
  return version;
}

/** The version that callers get; nothing where there is no such alias yet. */
export async function servedVersion({ call, deployment }: Run): Promise<string | undefined> {
  try {
    const named = { FunctionName: deployment.name, Name: deployment.url.qualifier };
    const { FunctionVersion, RoutingConfig } = await call('GetAlias', named);
    const shares = RoutingConfig?.AdditionalVersionWeights ?? [];
    // Part of the calls go elsewhere: that is not the version that callers get.
    return shares.length > 0 ? `${FunctionVersion} and others` : FunctionVersion;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}

/** Lets all calls get this version. @param from what `servedVersion` gave */
export async function serve(run: Run, version: string, from: string | undefined): Promise<void> {
  const { call, deployment, say } = run;
  const alias = deployment.url.qualifier;
  if (from === version) return;
  say(`Moving ${alias} from ${from ?? 'nowhere'} to version ${version} …`);
  const moved = {
    FunctionName: deployment.name,
    Name: alias,
    FunctionVersion: version,
    RoutingConfig: { AdditionalVersionWeights: [] },
  };
  await (from === undefined ? call('CreateAlias', moved) : call('UpdateAlias', moved));
}
