import * as tencentcloud from 'tencentcloud-sdk-nodejs';

import { readSettings } from './job.ts';
import { plainHandler } from './plain.ts';
import { cancelBySdk } from './upstream.ts';

/** The whole SDK, imported as its README shows for TypeScript, and left in `node_modules`. */

const DlcClient = tencentcloud.dlc.v20210125.Client;

const settings = readSettings(process.env);
const cancel = cancelBySdk(process.env, settings, (config) => new DlcClient(config));

export const handler = plainHandler(settings, cancel);
