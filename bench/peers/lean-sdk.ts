import { Client } from 'tencentcloud-sdk-nodejs/tencentcloud/services/dlc/v20210125/dlc_client.js';

import type { Cancel, Env, Settings } from './job.ts';
import { cancelBySdk } from './upstream.ts';

/**
 * DLC's client alone, for bundles. It is the same file that a package of this one product would have; such a
 * package is not published for DLC, so who wants less than everything imports it from the whole.
 */
export function cancelByLeanSdk(env: Env, settings: Settings): Cancel {
  return cancelBySdk(env, settings, (config) => new Client(config));
}
