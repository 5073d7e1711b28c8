import type { Fault } from '../../src/handlers/probes.ts';
import { isLoopback } from '../../src/lib/config/setting-values.ts';
import { CommandError } from '../cli/command-line.ts';
import { commandLine } from '../cli/command.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Deployed } from './deploy-function.ts';
import { oneLine } from './api-errors.ts';
import type { Run } from './wait.ts';

/**
 * A new address takes a while until its name is known everywhere, a new version until it has started. The last
 * attempt comes after 65 s: the gateway asks DLC once a minute whether it accepts the role.
 */
const ATTEMPTS = 14;
const PAUSE_MS = 5000;
const TIMEOUT_MS = 15_000;

/**
 * Asks the deployed function for `/healthz` and `/readyz`, as a caller would: a gateway with wrong settings
 * answers 500, and one that DLC or Redis refuses is not ready.
 *
 * @throws CommandError 69 if it does not serve or is not ready, with what to do
 */
export async function smokeTest(run: Run, deployed: Deployed, isLocal: boolean): Promise<void> {
  const { say, deployment } = run;
  const { url, version } = deployed;
  if (url === undefined && deployment.url.netConfig.enableExtranet) {
    const todo =
      'Run the same command again; if it stays so, look at the function URL in the console.';
    throw new CommandError(
      EXIT.temporary,
      `Version ${version} is deployed, but SCF gives no address for it.\n${todo}`,
    );
  }
  if (url === undefined) return say('It has no public URL, so it is not tried from here.');
  say(`  ${url}`);
  if (deployment.url.authType === 'CAM')
    return say('Only signed requests get in (authType CAM), so it is not tried from here.');
  const { protocol, hostname } = new URL(url);
  if (protocol !== 'https:' && !(isLocal && isLoopback(hostname))) {
    throw new CommandError(EXIT.protocol, 'SCF gave an address that is not https: it is not used.');
  }
  const health = await untilOk(run, `${url}/healthz`, () => false);
  if (health.status !== '200') throw notServing(deployed, `does not serve: ${health.status}`, LOG);
  const ready = await untilOk(run, `${url}/readyz`, ({ status }) => status === '404');
  if (ready.status === '404') {
    say('This version has no /readyz: whether DLC accepts its role was not asked.');
  } else if (ready.status !== '200') {
    const reason = [ready.status, ready.reason].filter(Boolean).join(', ');
    const todo = Object.entries(TODO).find(([fault]) => fault === ready.fault)?.[1];
    throw notServing(deployed, `is not ready: ${reason}`, todo ?? LOG);
  }
}

const LOG = 'The log of the function in the console of SCF says why: look for "wrong-setting".';

/** What to do, by the kind of fault that `/readyz` names. */
const TODO: Readonly<Record<Fault, string>> = {
  'cloud-credentials-missing':
    'SCF gave the function no credentials: SCF_ROLE must name a role with the trust of deploy/cam-role-trust.json.',
  'cloud-credentials-rejected':
    "Give the role that SCF_ROLE names the policy of deploy/cam-role-policy.json; it may also have to be a user in DLC's console.",
  'redis-misconfigured':
    'Check REDIS_URL: user, password, rediss: for TLS and its certificate; a cluster is not supported.',
};

function notServing({ version, before }: Deployed, what: string, todo: string): CommandError {
  const canGoBack = /^\d+$/.test(before ?? '') && Number(before) < Number(version);
  const back = canGoBack
    ? `\n${commandLine('deploy', '--rollback')} moves callers to the version before.`
    : '';
  return new CommandError(
    EXIT.unavailable,
    `Version ${version} is deployed, but ${what}.\n${todo}${back}`,
  );
}

interface Heard {
  /** Of HTTP, or the code of the connection's error. */
  readonly status: string;
  /** What a problem document says. */
  readonly reason?: string;
  /** The kind of fault that `/readyz` names. */
  readonly fault?: string;
}

/** Asks until the answer is 200 or one that stays. @returns the last answer */
async function untilOk(
  { waiting, say }: Run,
  url: string,
  stays: (heard: Heard) => boolean,
): Promise<Heard> {
  let last: Heard = { status: '' };
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await waiting.sleep(PAUSE_MS);
    const heard = await ask(url);
    if (heard.status === '200') say(`GET ${url} answers 200.`);
    if (heard.status === '200' || stays(heard)) return heard;
    if (heard.status !== last.status) say(`  GET ${url}: ${heard.status} …`);
    last = heard;
  }
  return last;
}

async function ask(url: string): Promise<Heard> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const response = await fetch(url, { signal, redirect: 'manual' });
    return { status: String(response.status), ...problemIn(await response.text()) };
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return { status: cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer' };
  }
}

/** What a problem document (RFC 9457) says, on one line. */
function problemIn(body: string): Pick<Heard, 'reason' | 'fault'> {
  try {
    const { code, fault, detail } = Object(JSON.parse(body));
    const kind = String(fault ?? code ?? '');
    return { reason: oneLine([kind, detail].filter(Boolean).join(': ')), fault: kind };
  } catch {
    return {};
  }
}
