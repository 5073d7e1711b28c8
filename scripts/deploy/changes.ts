import type { GetFunctionResponse } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { findUrl } from './function-url.ts';
import { isShown } from './hide.ts';
import type { Package } from './pack.ts';
import {
  covers,
  configurationOf,
  isOpened,
  reservedMemory,
  triggerOf,
  variablesOf,
} from './requests.ts';
import { checkFixed, FORMS, reservedNow } from './deploy-function.ts';
import { oneLine } from './api-errors.ts';
import { descriptionOf, findSame, publishedVersions, servedVersion } from './versions.ts';
import { settled, type Run } from './wait.ts';

/** A function's configuration, as far as a deployment decides it. */
type Configured = Partial<Pick<GetFunctionResponse, (typeof ENTRIES)[number] | 'Environment'>>;

const ENTRIES = [
  'Handler',
  'Role',
  'MemorySize',
  'Timeout',
  'InitTimeout',
  'VpcConfig',
  'ClsLogsetId',
  'ClsTopicId',
  'InstanceConcurrencyConfig',
] as const;

/**
 * Says what a deployment changes, a line each. It only looks.
 *
 * @returns no line if nothing changes
 * @throws CommandError 78 where SCF cannot make that of the function
 */
export async function plannedChanges(run: Run, code: Package): Promise<string[]> {
  const { deployment } = run;
  const { name, region, type } = deployment;
  const found = await settled(run);
  if (!found) return [`${name} in ${region} is made: ${FORMS[type]} with a public URL.`];
  checkFixed(run, found);
  const [served, same] = [await servedVersion(run), await findSame(run, code)];
  return [
    ...(served !== undefined && served === same
      ? []
      : await changesForCallers(run, code, { found, served, same })),
    ...(await changedBound(run)),
    ...(await changedUrl(run)),
  ];
}

interface State {
  readonly found: GetFunctionResponse;
  readonly served: string | undefined;
  readonly same: string | undefined;
}

async function changesForCallers(
  run: Run,
  code: Package,
  { found, served, same }: State,
): Promise<string[]> {
  const { deployment } = run;
  const { name, region, handler } = deployment;
  const versions = await publishedVersions(run);
  const version = versions.find(({ Version }) => Version === served);
  const now = version ? await settled(run, { version: version.Version }) : found;
  const wanted = {
    ...configurationOf(deployment),
    ...(handler !== undefined && { Handler: handler }),
  };
  const isOtherCode = version?.Description !== descriptionOf(code);
  const to = same === undefined ? 'a new version' : `version ${same}, which is published already`;
  return [
    `Callers of ${name} in ${region} go from ${served === undefined ? 'nowhere' : `version ${served}`} to ${to}.`,
    ...(isOtherCode ? [`code: ${Math.ceil(code.bytes / 1000)} KB that differ`] : []),
    ...differences(now ?? {}, wanted),
  ];
}

/** Names what differs between two configurations; shows values only where none is secret. */
export function differences(from: Configured, to: Configured): string[] {
  const entries = ENTRIES.filter(
    (entry) => to[entry] !== undefined && !covers(from[entry], to[entry]),
  ).map((entry) => `${entry}: ${shown(from[entry])} → ${shown(to[entry])}`);
  const [before, after] = [variablesOf(from.Environment), variablesOf(to.Environment)];
  const names = [...new Set([...Object.keys(before), ...Object.keys(after)])];
  return [...entries, ...names.flatMap((name) => difference(name, before[name], after[name]))];
}

function difference(name: string, before?: string, after?: string): string[] {
  if (before === after) return [];
  const given = [before, after].filter((value) => value !== undefined);
  if (given.every((value) => isShown(name, value))) {
    return [`${name}: ${shown(before)} → ${shown(after)}`];
  }
  const what = before === undefined ? 'added' : after === undefined ? 'removed' : 'changed';
  return [`${name}: ${what}`];
}

function shown(value: unknown): string {
  if (value === undefined || value === null) return 'not set';
  return oneLine(typeof value === 'string' ? value : JSON.stringify(value));
}

async function changedBound(run: Run): Promise<string[]> {
  const wanted = reservedMemory(run.deployment);
  const now = wanted === undefined ? undefined : await reservedNow(run);
  if (now === wanted || wanted === undefined) return [];
  return [`bound of the instances: ${now ? `${now} MB` : 'none'} → ${wanted} MB together`];
}

async function changedUrl(run: Run): Promise<string[]> {
  const url = await findUrl(run);
  if (!url) return ['A function URL is opened.'];
  return isOpened(url, triggerOf(run.deployment).TriggerDesc)
    ? []
    : ['The function URL is changed.'];
}
