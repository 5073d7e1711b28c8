import type { GetFunctionResponse } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { openUrl } from './function-url.ts';
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

/** What SCF never changes on a function that is there. @throws CommandError 78 */
function checkFixed({ deployment }: Run, found: GetFunctionResponse): void {
  const { name, runtime, type } = deployment;
  if (!['Active', 'UpdateFailed', 'PublishFailed'].includes(found.Status ?? '')) {
    throw failedState(name, found);
  }
  const wanted = { Runtime: runtime, Type: type === 'web' ? 'HTTP' : 'Event' };
  for (const entry of ['Runtime', 'Type'] as const) {
    const has = found[entry];
    if (typeof has !== 'string' || has.toLowerCase() === wanted[entry].toLowerCase()) continue;
    const todo =
      'Deploy under another --stage (it has its own URL), move the callers, then delete the old one.';
    throw new CommandError(
      EXIT.config,
      `${name} has ${entry} ${has}, and SCF cannot make it ${wanted[entry]}.\n${todo}`,
    );
  }
}

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
async function boundInstances({ call, deployment, say }: Run): Promise<void> {
  const named = { FunctionName: deployment.name };
  const wanted = reservedMemory(deployment);
  const { ReservedMem: reserved } = await call('GetReservedConcurrencyConfig', named).catch(
    (error: unknown) => {
      if (isNotFound(error)) return { ReservedMem: undefined };
      throw error;
    },
  );
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
