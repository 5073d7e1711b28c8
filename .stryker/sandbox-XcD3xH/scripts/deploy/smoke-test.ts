import { isLoopback } from '../../src/lib/loopback.ts';
import { CommandError } from '../cli/command-line.ts';
import { EXIT } from '../cli/exit-codes.ts';
import type { Deployed } from './deploy-function.ts';
import type { Run } from './wait.ts';

/** A new address takes a while until its name is known everywhere, a new version until it is started. */
const ATTEMPTS = 12;
const PAUSE_MS = 5000;
const TIMEOUT_MS = 15_000;

/**
 * Asks what was deployed for `/healthz`, as a caller would: a gateway with wrong settings answers 500.
 *
 * @throws CommandError 69 where it does not answer 200, with what to do
 */
export async function smokeTest(
  { waiting, say, deployment }: Run,
  { url, version, before }: Deployed,
  isLocal: boolean,
): Promise<void> {
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
  let said = '';
  for (let attempt = 1; attempt <= ATTEMPTS; attempt += 1) {
    if (attempt > 1) await waiting.sleep(PAUSE_MS);
    const answer = await ask(`${url}/healthz`);
    if (answer === '200') return say(`GET ${url}/healthz answers 200.`);
    if (answer !== said) say(`  GET ${url}/healthz: ${answer} …`);
    said = answer;
  }
  const isGoingBack =
    before !== undefined && /^\d+$/.test(before) && Number(before) < Number(version);
  const back = isGoingBack
    ? '\nnpm run deploy -- --rollback lets callers get the version before again.'
    : '';
  const todo = 'The log of the function in the console of SCF says why: look for "wrong-setting".';
  throw new CommandError(
    EXIT.unavailable,
    `Version ${version} is deployed, but does not serve: ${said}.\n${todo}${back}`,
  );
}

async function ask(url: string): Promise<string> {
  try {
    const signal = AbortSignal.timeout(TIMEOUT_MS);
    const answer = await fetch(url, { signal, redirect: 'manual' });
    await answer.body?.cancel();
    return String(answer.status);
  } catch (error) {
    const cause = error instanceof Error ? error.cause : undefined;
    return cause instanceof Error && 'code' in cause ? String(cause.code) : 'no answer';
  }
}
