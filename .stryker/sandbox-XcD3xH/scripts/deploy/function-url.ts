import type { TriggerInfo } from 'tencentcloud-sdk-nodejs/tencentcloud/services/scf/v20180416/scf_models.js';

import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { isOpened, publicUrl, triggerOf } from './requests.ts';
import type { Run } from './wait.ts';

/**
 * Opens the function URL of the alias, or brings it to what is wanted. An alias has one at most.
 *
 * The comment on UpdateTrigger speaks of timer and ckafka triggers alone, the one on its `Type` of http
 * too, and Tencent's own tool uses it for http: so it is used, and what came of it is looked at.
 *
 * @returns its public address; none where it has none
 */
export async function openUrl(run: Run): Promise<string | undefined> {
  const { call, deployment, say } = run;
  const wanted = triggerOf(deployment);
  const found = await findUrl(run);
  if (found && isOpened(found, wanted.TriggerDesc)) return publicUrl(found);
  if (!found) {
    say(`Opening a function URL for ${wanted.Qualifier} …`);
    const { TriggerInfo } = await call('CreateTrigger', wanted);
    return publicUrl(TriggerInfo) ?? publicUrl(await findUrl(run));
  }
  say('Changing the function URL …');
  await call('UpdateTrigger', { ...wanted, TriggerName: found.TriggerName ?? wanted.TriggerName });
  const changed = await findUrl(run);
  if (changed && isOpened(changed, wanted.TriggerDesc)) return publicUrl(changed);
  throw new CommandError(
    EXIT.unavailable,
    'SCF has not changed the function URL. Change it in the console, or delete it there and run the same command again: it gets a new address.',
  );
}

/** Triggers of a function are few; a page is a hundred. */
export async function findUrl({ call, deployment }: Run): Promise<TriggerInfo | undefined> {
  const { Triggers = [] } = await call('ListTriggers', {
    FunctionName: deployment.name,
    Limit: 100,
  });
  return Triggers.find(
    ({ Type, Qualifier }) => Type === 'http' && Qualifier === deployment.url.qualifier,
  );
}
