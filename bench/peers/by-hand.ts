import { readSettings } from './job.ts';
import { plainHandler } from './plain.ts';
import { cancelByHand } from './tc3.ts';

/** Neither framework nor SDK: what this job costs at least. */

const settings = readSettings(process.env);

export const handler = plainHandler(settings, cancelByHand(process.env));
