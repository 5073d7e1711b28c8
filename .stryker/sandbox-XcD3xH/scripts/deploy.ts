import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { Environment } from '../src/lib/config/secret-reference.ts';
import { build } from './deploy/build.ts';
import { deployFunction } from './deploy/deploy-function.ts';
import { pretend, type PlannedRequest } from './deploy/dry-run.ts';
import { HELP } from './deploy/help.ts';
import { hider } from './deploy/hide.ts';
import { pack } from './deploy/pack.ts';
import { rollBack } from './deploy/roll-back.ts';
import { quotaNote } from './deploy/quota.ts';
import { connect, credentialsOf, endpointReasons, type Call, type Waiting } from './deploy/scf.ts';
import { missingReasons, readServerlessFile, type Deployment } from './deploy/serverless-file.ts';
import { checkSettings } from './deploy/settings-check.ts';
import { smokeTest } from './deploy/smoke-test.ts';
import type { Run } from './deploy/wait.ts';
import { refusal } from './deploy/wrong-inputs.ts';
import { root } from './build/bundle.ts';
import { CommandError, matching, parsing, runAsScript } from './cli/command-line.ts';

/** What a deployment touches of this machine; tests bring their own. */
export interface Surroundings {
  readonly env: Environment;
  readonly waiting: Waiting;
  /** Results, for programs where --dry-run asks for them. */
  readonly out: (line: string) => void;
  /** Progress and errors. */
  readonly progress: (line: string) => void;
}

const OPTIONS = {
  'dry-run': { type: 'boolean' },
  rollback: { type: 'boolean' },
  stage: { type: 'string' },
  region: { type: 'string' },
  config: { type: 'string' },
  'no-build': { type: 'boolean' },
  help: { type: 'boolean' },
} as const;

/** @throws CommandError */
export async function deploy(args: string[], around: Surroundings): Promise<number> {
  const { values } = parsing(() => parseArgs({ args, options: OPTIONS }));
  if (values.help) return (around.out(HELP), 0);
  const { stage, region } = values;
  if (stage) matching(stage, /^[a-z][a-z0-9-]{0,19}$/, '--stage must be 1 to 20 of a-z 0-9 -');
  if (region) matching(region, /^[a-z]{2,}(-[a-z0-9]+)+$/, '--region must be like ap-guangzhou');
  const config = path.resolve(root, values.config ?? 'serverless.yml');
  const deployment = readServerlessFile({ config, stage, region }, around.env);
  const hide = hider(deployment.variables, around.env);
  const say = (line: string): void => around.progress(hide(line));
  const isDry = values['dry-run'] === true;
  const isRollback = values.rollback === true;
  const needsBuild = !isRollback && values['no-build'] !== true;
  try {
    if (isDry) return await plan(deployment, { ...around, progress: say }, isRollback, needsBuild);
    credentialsOf(around.env);
    if (needsBuild) await build();
    refuseWrong(deployment, isRollback, { ...around, progress: say });
    const call = connect(deployment.region, around.env, around.waiting);
    await carryOut({ call, deployment, waiting: around.waiting, say }, around.env, isRollback);
    return 0;
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.exitCode, hide(error.message));
  }
}

async function carryOut(run: Run, env: Environment, isRollback: boolean): Promise<void> {
  const isLocal = env['SCF_ENDPOINT']?.startsWith('http:') ?? false;
  if (isRollback) return smokeTest(run, await rollBack(run), isLocal);
  const { run: counting, changes } = countChanges(run);
  const deployed = await deployFunction(counting, pack(run.deployment.src));
  if (changes() === 0) run.say('Nothing has changed: nothing was done.');
  return smokeTest(run, deployed, isLocal);
}

/** Prints what would be sent, and then what keeps it from being sent. */
async function plan(
  deployment: Deployment,
  around: Surroundings,
  isRollback: boolean,
  needsBuild: boolean,
): Promise<number> {
  const { waiting, out, progress } = around;
  if (needsBuild) await build();
  const requests: PlannedRequest[] = [];
  const wrong = new Set(checkSettings(deployment).reasons.map((one) => one.split(':')[0] ?? ''));
  const call = pretend(requests, deployment.region, isRollback, wrong);
  const run = { call, deployment, waiting, say: () => {} };
  await (isRollback ? rollBack(run) : deployFunction(run, pack(deployment.src)));
  out(JSON.stringify(requests, undefined, 2));
  progress(isRollback ? ROLLBACK_NOTE : FIRST_NOTE);
  refuseWrong(deployment, isRollback, around);
  return 0;
}

const FIRST_NOTE = `Nothing was sent. These are the requests of a first deployment. A later one sends UpdateFunctionCode and
UpdateFunctionConfiguration instead of CreateFunction, and neither where nothing has changed. GetFunction
is repeated while SCF works, and GET <function URL>/healthz comes last.`;
const ROLLBACK_NOTE = 'Nothing was sent. Here version 2 is served, and 1 was published before it.';

/** Names everything that is missing or wrong at once; going back needs nothing but to find the function. */
function refuseWrong(
  deployment: Deployment,
  isRollback: boolean,
  { env, progress: say }: Surroundings,
): void {
  const { missing, name, region } = deployment;
  const needed = missing.filter((one) => !isRollback || `${name}${region}`.includes(`<${one} `));
  const { reasons, unchecked } = isRollback ? NOTHING : checkSettings(deployment);
  if (unchecked.length > 0) {
    say(`Not checked, since only the function sees the file: ${unchecked.join(', ')}`);
  }
  const note = isRollback ? undefined : quotaNote(deployment);
  const wrong = refusal([...missingReasons(needed), ...endpointReasons(env), ...reasons]);
  if (wrong) throw wrong;
  if (note !== undefined) say(note);
}

const NOTHING = { reasons: [], unchecked: [] };

function countChanges(run: Run): { run: Run; changes: () => number } {
  let changes = 0;
  const call: Call = (action, input) => {
    if (!/^(Get|List)/.test(action)) changes += 1;
    return run.call(action, input);
  };
  return { run: { ...run, call }, changes: () => changes };
}

const write = (stream: NodeJS.WriteStream) => (line: string) => void stream.write(`${line}\n`);

await runAsScript(import.meta.url, (args) =>
  deploy(args, {
    env: process.env,
    waiting: { now: Date.now, sleep: (ms) => sleep(ms) },
    out: write(process.stdout),
    progress: write(process.stderr),
  }),
);
