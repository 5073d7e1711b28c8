import type { GetFunctionResponse } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { commandLine } from '../cli/command.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { openUrl } from './function-url.ts';
import type { Deployment } from './deployment.ts';
import type { Package } from './pack.ts';
import { configurationOf, creationOf, reservedMemory } from './requests.ts';
import { findSame, publish, serve, servedVersion } from './versions.ts';
import { active, failedState, isNotFound, settled, type Run } from './wait.ts';

export interface Deployed {
  readonly version: string;
  /** The version that callers got before. */
  readonly before: string | undefined;
  /** Public address; none where the function URL has none. */
  readonly url: string | undefined;
}

/**
 * Brings SCF to what the deployment says. Callers get the new version in one step, at the end. Each
 * step looks first at what is there, so a run that broke off is finished by the next.
 *
 * @throws CommandError which says what to do
 */
export async function deployFunction(run: Run, code: Package): Promise<Deployed> {
  const { say, deployment } = run;
  const found = await settled(run);
  if (found) checkFixed(run, found);
  const same = found && (await findSame(run, code));
  if (same === undefined) await upload(run, code, found);
  else say(`Version ${same} has this code and this configuration already.`);
  await boundInstances(run);
  if (same === undefined) say('Publishing a version …');
  const version = same ?? (await publish(run, code));
  const before = await servedVersion(run);
  await serve(run, version, before);
  const url = await openUrl(run);
  say(`${deployment.url.qualifier} of ${deployment.name} is version ${version}.`);
  return { version, before, url };
}

/** What SCF never changes on a function that is there. @throws CommandError 78 with the ways out */
export function checkFixed({ deployment }: Run, found: GetFunctionResponse): void {
  const { name, runtime, type } = deployment;
  if (!['Active', 'UpdateFailed', 'PublishFailed'].includes(found.Status ?? '')) {
    throw failedState(name, found);
  }
  const typeNow = found.Type === undefined ? type : TYPES.get(found.Type.toLowerCase());
  if (typeNow !== type) {
    const what = typeNow === undefined ? `of the type ${found.Type}` : FORMS[typeNow];
    throw new CommandError(
      EXIT.config,
      `${name} is ${what}, and SCF cannot make it ${FORMS[type]}. Nothing was changed. Either of:\n` +
        `  ${commandLine('deploy', '--stage NAME')}: ${FORMS[type]} beside it, with a URL of its own; move the callers, then delete the old one\n` +
        `  ${commandLine('deploy', type === 'web' ? '--config serverless.event.yml' : '')}: the function stays what it is`,
    );
  }
  const { Runtime: has = runtime } = found;
  if (has.toLowerCase() === runtime.toLowerCase()) return;
  throw new CommandError(
    EXIT.config,
    `${name} has Runtime ${has}, and SCF cannot make it ${runtime}. Nothing was changed.\n` +
      'Deploy under another --stage (it has its own URL), move the callers, then delete the old one.',
  );
}

/** SCF's names of types. */
const TYPES: ReadonlyMap<string, Deployment['type']> = new Map([
  ['event', 'event'],
  ['http', 'web'],
]);
export const FORMS = { web: 'a web function', event: 'an event function' } as const;

async function upload(
  run: Run,
  code: Package,
  found: GetFunctionResponse | undefined,
): Promise<void> {
  const { call, deployment, say } = run;
  const kilobytes = Math.ceil(code.bytes / 1000);
  if (!found) {
    say(`Creating ${deployment.name} in ${deployment.region}, ${kilobytes} KB …`);
    await call('CreateFunction', creationOf(deployment, code));
    return active(run);
  }
  const named = { FunctionName: deployment.name };
  const handler =
    deployment.type === 'event' && deployment.handler ? { Handler: deployment.handler } : {};
  say(`Uploading ${kilobytes} KB to ${deployment.name} in ${deployment.region} …`);
  await call('UpdateFunctionCode', {
    ...named,
    ...handler,
    CodeSource: 'ZipFile',
    ZipFile: code.base64,
  });
  await active(run);
  say('Updating its configuration …');
  await call('UpdateFunctionConfiguration', { ...named, ...configurationOf(deployment) });
  return active(run);
}

/**
 * Instances that do not share a Redis share DLC's 20 requests a second by their number, so SCF has to
 * keep to it: the reserved quota is the most memory that all of them together may take.
 */
async function boundInstances(run: Run): Promise<void> {
  const { call, deployment, say } = run;
  const named = { FunctionName: deployment.name };
  const wanted = reservedMemory(deployment);
  const reserved = await reservedNow(run);
  if (wanted === undefined) {
    if (reserved)
      say(
        `The reserved quota of ${reserved} MB bounds the instances; REDIS_URL is set, so it need not.`,
      );
    return;
  }
  if (reserved === wanted) return;
  say(`Bounding the instances: ${wanted} MB, ${deployment.memorySize} MB each …`);
  await call('PutReservedConcurrencyConfig', { ...named, ReservedConcurrencyMem: wanted });
}

/** The reserved quota in MB; nothing or 0 where there is none. */
export async function reservedNow({ call, deployment }: Run): Promise<number | undefined> {
  try {
    const named = { FunctionName: deployment.name };
    return (await call('GetReservedConcurrencyConfig', named)).ReservedMem;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
