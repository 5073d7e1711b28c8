import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { text } from 'node:stream/consumers';

import type { TaskFacts } from '../../src/lib/auth/principal.ts';
import { lookUp } from '../../src/lib/cancellation/lookup.ts';
import { startDeadline, systemClock } from '../../src/lib/clock.ts';
import { createDlcClient } from '../../src/lib/dlc/client.ts';
import { createLog } from '../../src/lib/observability/log.ts';
import type { TaskRef } from '../../src/lib/tasks.ts';
import { factsOf } from '../../src/middlewares/permit.ts';
import { loadSettings, SettingsError, type Settings } from '../../src/settings.ts';
import { settingsBase } from '../places.ts';
import { print, wrongSetting, wrongUsage } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { authenticateAs, toExplanation } from './explanation.ts';

interface Options {
  readonly task: string;
  readonly region?: string;
  readonly action: 'cancel' | 'read';
  readonly engine?: readonly string[];
  readonly owner?: string;
  readonly base?: string;
  readonly json?: true;
}

/** Longest that issuers, and then DLC, are waited for. */
const WAIT_MS = 10_000;

/** Prints the steps and the decision. @returns the exit code @throws CommandError 64, 78 */
export async function explain(options: Options): Promise<number> {
  const { task: taskId, action, engine, owner, base, json } = options;
  const settings = settingsFrom(path.resolve(base ?? settingsBase));
  const { defaultRegion, allowedRegions, blockedPrincipals: blocked } = settings;
  const region = options.region ?? defaultRegion;
  if (!allowedRegions.has(region)) throw wrongUsage('--region must be one of DLC_REGIONS');
  const credential = (await text(process.stdin)).trim();
  if (!credential) throw wrongUsage('there is no token and no key on stdin');
  const isAssumed = engine !== undefined || owner !== undefined;
  const assumed: TaskFacts = { engineNames: engine ?? [], operator: owner };
  const task = { taskId, region };
  const signal = AbortSignal.timeout(WAIT_MS);
  const explanation = await toExplanation({
    ...(await authenticateAs(settings, credential, Date.now(), signal)),
    blocked,
    scope: `tasks:${action}`,
    task,
    lookUp: async () => (isAssumed ? assumed : factsFromDlc(task, settings)),
  });
  const { steps, decision } = explanation;
  print(json, explanation, [...steps, '', `Decision: ${decision}`].join('\n'));
  return decision === 'allowed' ? 0 : EXIT.failed;
}

/** @throws CommandError 78 */
function settingsFrom(baseDir: string): Settings {
  try {
    return loadSettings(process.env, baseDir);
  } catch (error) {
    if (error instanceof SettingsError) throw wrongSetting(error.reasons.join('\n'));
    throw error;
  }
}

/** Asks DLC as the gateway does. */
async function factsFromDlc(task: TaskRef, settings: Settings): Promise<TaskFacts | undefined> {
  const env = process.env;
  const clock = systemClock;
  const dlc = createDlcClient(settings.endpoint, { env, log: createLog('silent'), clock });
  const deadline = startDeadline(WAIT_MS, clock);
  const ids = { requestId: randomUUID(), traceId: randomUUID() };
  const job = { ...ids, stats: { attempts: 0, waitMs: 0 }, deadline };
  try {
    return factsOf(await lookUp(task, job, { dlc, clock, settings }), settings);
  } finally {
    deadline.close();
  }
}
