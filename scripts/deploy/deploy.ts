import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { CommandError, wrongUsage } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import { projectFile } from '../places.ts';
import { plannedChanges } from './changes.ts';
import { deployFunction, type Deployed } from './deploy-function.ts';
import type { Deployment } from './deployment.ts';
import { pretend, pretendCls, type PlannedRequest } from './dry-run.ts';
import { findUrl } from './function-url.ts';
import { hider } from './hide.ts';
import { build, pack } from './pack.ts';
import { quotaNote } from './quota.ts';
import { publicUrl } from './requests.ts';
import { rollBack } from './roll-back.ts';
import { credentialsOf, endpointReasons, type Waiting } from './api.ts';
import { connectCls } from './cls.ts';
import { planLogs, type LogsRun, type Step } from './logs.ts';
import { connect } from './scf.ts';
import { missingReasons, readServerlessFile } from './serverless-file.ts';
import { checkSettings, vpcNote } from './settings-check.ts';
import { smokeTest } from './smoke-test.ts';
import { servedVersion } from './versions.ts';
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
  /** Asks the user whether to go on; absent where there is no terminal. */
  readonly confirm?: ((question: string) => Promise<boolean>) | undefined;
}

interface Options {
  readonly dryRun?: true;
  readonly rollback?: true;
  /** The log's index and alarms too. */
  readonly withLogs?: true;
  /** Nobody is asked. */
  readonly yes?: true;
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
  const config = projectFile(options.config);
  const described = readServerlessFile({ config, stage, region }, deps.env);
  const hide = hider(described.variables, deps.env);
  const say = (line: string): void => deps.progress(hide(line));
  const needsBuild = !isRollback && options.build;
  const needsLogs = options.withLogs ?? false;
  try {
    if (isRollback && needsLogs) throw wrongUsage('--with-logs and --rollback do not go together');
    if (!isDry) credentialsOf(deps.env);
    if (!isDry && !options.yes && !deps.confirm) throw wrongUsage(NO_TERMINAL);
    const deployment = needsBuild ? await build(described) : described;
    if (isDry) await plan(deployment, { ...deps, progress: say }, { isRollback, needsLogs });
    refuseWrong(deployment, { isRollback, needsLogs }, { ...deps, progress: say });
    if (isDry) return;
    const connection = { region: deployment.region, env: deps.env, waiting: deps.waiting };
    const call = connect(connection);
    const logs = needsLogs ? logsOf(deployment, deps.env, connectCls(connection)) : undefined;
    const agree = agreeBy(say, options.yes ? undefined : deps.confirm);
    const run = { call, deployment, waiting: deps.waiting, say };
    const deployed = await (isRollback ? rollBack(run, agree) : bringUp(run, agree, logs));
    await smokeTest(run, deployed, deps.env['SCF_ENDPOINT']?.startsWith('http:') ?? false);
  } catch (error) {
    if (!(error instanceof CommandError)) throw error;
    throw new CommandError(error.exitCode, hide(error.message));
  }
}

const NO_TERMINAL =
  'There is no terminal to ask on: --yes deploys without asking, --dry-run only shows.';

type Agree = (changes: readonly string[]) => Promise<void>;

/** Shows what will change, and asks. @param confirm absent: nobody is asked */
function agreeBy(say: (line: string) => void, confirm: DeployDeps['confirm']): Agree {
  return async ([first = '', ...others]) => {
    say([first, ...others.map((line) => `  ${line}`)].join('\n'));
    if (!confirm || (await confirm('Go on?'))) return;
    throw new CommandError(EXIT.failed, 'Nothing was done.');
  };
}

/** Deploys what the user agrees to. The index comes first: CLS uses it for lines that come later alone. */
async function bringUp(run: Run, agree: Agree, logs: LogsRun | undefined): Promise<Deployed> {
  const code = pack(run.deployment.src);
  const changes = await plannedChanges(run, code);
  const steps = logs ? await planLogs(logs) : [];
  const all = [...changes, ...steps.map(({ says }) => says)];
  if (all.length > 0) await agree(all);
  else run.say('Nothing has changed: nothing was done.');
  await takeAll(steps);
  if (changes.length > 0) return deployFunction(run, code);
  const version = (await servedVersion(run)) ?? '';
  return { version, before: version, url: publicUrl(await findUrl(run)) };
}

async function takeAll(steps: readonly Step[]): Promise<void> {
  for (const { send } of steps) await send();
}

/** Without a topic nothing is sent: `refuseWrong` says so. */
function logsOf(
  { name, cls = { logsetId: NO_TOPIC, topicId: NO_TOPIC } }: Deployment,
  env: Environment,
  call: LogsRun['call'],
): LogsRun {
  return { call, name, topic: cls, noticeId: env['CLS_NOTICE_ID'] || undefined };
}

const NO_TOPIC = '<not set>';

interface Wanted {
  readonly isRollback: boolean;
  readonly needsLogs: boolean;
}

/** Prints what would be sent. */
async function plan(
  deployment: Deployment,
  deps: DeployDeps,
  { isRollback, needsLogs }: Wanted,
): Promise<void> {
  const { waiting, out, progress } = deps;
  const requests: PlannedRequest[] = [];
  const wrong = new Set(checkSettings(deployment).reasons.map((one) => one.split(':')[0] ?? ''));
  const call = pretend(requests, deployment.region, isRollback, wrong);
  const run = { call, deployment, waiting, say: () => {} };
  if (needsLogs) {
    const cls = pretendCls(requests, deployment.region);
    await takeAll(await planLogs(logsOf(deployment, deps.env, cls)));
  }
  await (isRollback ? rollBack(run, async () => {}) : deployFunction(run, pack(deployment.src)));
  out(JSON.stringify(requests, undefined, 2));
  progress(isRollback ? ROLLBACK_NOTE : FIRST_NOTE);
}

const FIRST_NOTE = `Nothing was sent. These are the requests of a first deployment. A later one sends UpdateFunctionCode and
UpdateFunctionConfiguration instead of CreateFunction, and neither where nothing has changed. GetFunction
is repeated while SCF works; GET <function URL>/healthz and /readyz come last.`;
const ROLLBACK_NOTE = `Nothing was sent. Here version 2 is served, and 1 was published before it. Keys, tokens and webhook secrets that
were removed or replaced since then are accepted again; without --dry-run, that is said before, with what differs.`;

/** Names everything that is missing or wrong at once; a rollback needs only what finds the function. */
function refuseWrong(
  deployment: Deployment,
  { isRollback, needsLogs }: Wanted,
  { env, progress: say }: DeployDeps,
): void {
  const { missing, name, region } = deployment;
  const needed = missing.filter((one) => !isRollback || `${name}${region}`.includes(`<${one} `));
  const { reasons, unchecked } = isRollback ? NOTHING : checkSettings(deployment);
  if (unchecked.length > 0) {
    say(`Not checked, since only the function sees the file: ${unchecked.join(', ')}`);
  }
  const topic = needsLogs && !deployment.cls ? [NEEDS_TOPIC] : [];
  const notes = isRollback ? [] : [quotaNote(deployment), vpcNote(deployment)];
  const wrong = refusal([...missingReasons(needed), ...endpointReasons(env), ...topic, ...reasons]);
  if (wrong) throw wrong;
  for (const note of notes) if (note !== undefined) say(note);
}

const NEEDS_TOPIC =
  'CLS_LOGSET_ID, CLS_TOPIC_ID: --with-logs needs a topic of your own, and inputs.cls is made of both';

const NOTHING = { reasons: [], unchecked: [] };
