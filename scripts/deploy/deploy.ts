import path from 'node:path';

import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { root } from '../build/bundle.ts';
import { CommandError } from '../cli/command-line.ts';
import { deployFunction } from './deploy-function.ts';
import type { Deployment } from './deployment.ts';
import { pretend, type PlannedRequest } from './dry-run.ts';
import { hider } from './hide.ts';
import { build, pack } from './pack.ts';
import { quotaNote } from './quota.ts';
import { rollBack } from './roll-back.ts';
import { connect, credentialsOf, endpointReasons, type Call, type Waiting } from './scf.ts';
import { missingReasons, readServerlessFile } from './serverless-file.ts';
import { checkSettings } from './settings-check.ts';
import { smokeTest } from './smoke-test.ts';
import type { Run } from './wait.ts';
import { refusal } from './wrong-inputs.ts';

/** What a deployment uses of this machine; tests bring their own. */
export interface DeployDeps {
  readonly env: Environment;
  readonly waiting: Waiting;
  /** Results, for programs where --dry-run asks for them. */
  readonly out: (line: string) => void;
  /** Progress and errors. */
  readonly progress: (line: string) => void;
}

interface Options {
  readonly dryRun?: true;
  readonly rollback?: true;
  readonly stage?: string;
  readonly region?: string;
  /** Relative to the project. */
  readonly config: string;
  readonly build: boolean;
}

/**
 * Deploys, goes back to the version before, or prints what it would do.
 *
 * @throws CommandError which says what to do, without a secret
 */
export async function deploy(options: Options, deps: DeployDeps): Promise<void> {
  const { stage, region, dryRun: isDry = false, rollback: isRollback = false } = options;
  const config = path.resolve(root, options.config);
  const deployment = readServerlessFile({ config, stage, region }, deps.env);
  const hide = hider(deployment.variables, deps.env);
  const say = (line: string): void => deps.progress(hide(line));
  const needsBuild = !isRollback && options.build;
  try {
    if (!isDry) credentialsOf(deps.env);
    if (needsBuild) await build(deployment);
    if (isDry) await plan(deployment, { ...deps, progress: say }, isRollback);
    refuseWrong(deployment, isRollback, { ...deps, progress: say });
    if (isDry) return;
    const call = connect(deployment.region, deps.env, deps.waiting);
    await carryOut({ call, deployment, waiting: deps.waiting, say }, deps.env, isRollback);
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

/** Prints what would be sent. */
async function plan(deployment: Deployment, deps: DeployDeps, isRollback: boolean): Promise<void> {
  const { waiting, out, progress } = deps;
  const requests: PlannedRequest[] = [];
  const wrong = new Set(checkSettings(deployment).reasons.map((one) => one.split(':')[0] ?? ''));
  const call = pretend(requests, deployment.region, isRollback, wrong);
  const run = { call, deployment, waiting, say: () => {} };
  await (isRollback ? rollBack(run) : deployFunction(run, pack(deployment.src)));
  out(JSON.stringify(requests, undefined, 2));
  progress(isRollback ? ROLLBACK_NOTE : FIRST_NOTE);
}

const FIRST_NOTE = `Nothing was sent. These are the requests of a first deployment. A later one sends UpdateFunctionCode and
UpdateFunctionConfiguration instead of CreateFunction, and neither where nothing has changed. GetFunction
is repeated while SCF works; GET <function URL>/healthz and /readyz come last.`;
const ROLLBACK_NOTE = 'Nothing was sent. Here version 2 is served, and 1 was published before it.';

/** Names everything that is missing or wrong at once; a rollback needs only what finds the function. */
function refuseWrong(
  deployment: Deployment,
  isRollback: boolean,
  { env, progress: say }: DeployDeps,
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
