import { systemClock } from '../../src/lib/clock.ts';
import { createDlcClient } from '../../src/lib/dlc/client.ts';
import type { Environment } from '../../src/lib/config/secret-reference.ts';
import { checkCallers, checkSecrets } from './callers.ts';
import { checkSenders } from './senders.ts';
import { checkCredentials } from './credentials.ts';
import { checkEndpoint } from './endpoint.ts';
import { failed, skipped, type Finding } from './finding.ts';
import { checkIssuer } from './issuers.ts';
import { checkPermissions } from './permissions.ts';
import { checkRedis } from './redis.ts';
import { checkRegion } from './region.ts';
import { checkSettings } from './settings.ts';
import type { Settings } from '../../src/settings.ts';

const SILENT = { write: () => undefined };

export interface Examination {
  readonly env: Environment;
  /** What `@path` settings are relative to. */
  readonly baseDir: string;
  /** Whether CancelTask may be called, for a task that cannot exist. */
  readonly cancels: boolean;
  readonly now: () => number;
  /** Longest that any one check may take, in milliseconds. */
  readonly checkMs: number;
  /** Called with the service that is waited for, until its findings come. */
  readonly begin?: (what: string) => void;
  /** Called with each part of the report, in order, as it is found. */
  readonly tell: (findings: readonly Finding[]) => void;
}

/** Goes through all checks; what builds on something that is wrong is skipped. */
export async function examine(examination: Examination): Promise<void> {
  const { env, baseDir, now, begin, tell } = examination;
  const { config, findings } = checkSettings(env, baseDir);
  tell(findings);
  if (!config) return tell([skipped('doctor', 'everything else, until the settings are right')]);
  tell(checkCallers(config, now()));
  tell(checkSenders(config));
  tell(checkPermissions(config));
  tell(checkSecrets(env, baseDir));
  // All at once: an issuer that hangs must not keep the others waiting.
  const issuers = Promise.all(
    config.jwtIssuers.map((issuer) =>
      bounded(examination, `issuer ${issuer.id}`, async (signal) => [
        await checkIssuer(issuer, signal),
      ]),
    ),
  );
  const redis = bounded(examination, 'REDIS_URL', async (signal) => [
    await checkRedis(config.redis, signal),
  ]);
  await examineCloud(examination, config);
  begin?.('the issuers for their keys');
  tell((await issuers).flat());
  begin?.('Redis');
  tell(await redis);
}

async function examineCloud(examination: Examination, config: Settings): Promise<void> {
  const { env, cancels, now, checkMs, begin, tell } = examination;
  const { endpoint, allowedRegions, attemptTimeoutMs, taskStateLookup: looksUp } = config;
  const credentials = checkCredentials(env);
  tell(credentials);
  begin?.('DLC');
  const reached = await bounded(examination, 'DLC_ENDPOINT', (signal) =>
    checkEndpoint(endpoint, signal, now),
  );
  tell(reached);
  if ([...credentials, ...reached].some(hasStopped)) {
    return tell([skipped('region', 'no region is asked until the above is right')]);
  }
  const dlc = createDlcClient(endpoint, { env, log: SILENT, clock: systemClock });
  const attemptMs = Math.min(attemptTimeoutMs, checkMs);
  const checks = [...allowedRegions].map((region) =>
    bounded(examination, region, (signal) =>
      checkRegion(dlc, { region, attemptMs, looksUp, cancels, signal }),
    ),
  );
  for (const check of checks) {
    begin?.('DLC about a task that cannot exist');
    tell(await check);
  }
}

/** What a signed call would only say once more. A clock that is wrong is one of DLC's own words to hear. */
function hasStopped({ check, status }: Finding): boolean {
  return status === 'failed' && check !== 'clock';
}

/** What heeds its signal has this long to say more than that its time was up. */
const LAST_WORDS_MS = 250;

/** Gives a check its time, and a line of its own where it needs more or breaks. */
async function bounded(
  { checkMs }: Examination,
  name: string,
  check: (signal: AbortSignal) => Promise<Finding[]>,
): Promise<Finding[]> {
  const controller = new AbortController();
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<Finding[]>((resolve) => {
    timer = setTimeout(() => {
      controller.abort(new Error('the check timed out'));
      const message = `${name}: no answer within ${checkMs / 1000} s`;
      const finding = failed('doctor', 'unreachable', message, 'check the network');
      timer = setTimeout(() => resolve([finding]), LAST_WORDS_MS);
    }, checkMs);
  });
  try {
    return await Promise.race([check(controller.signal), late]);
  } catch (error) {
    const message = `${name}: the check broke (${String(Object(error).code ?? 'no code')})`;
    return [failed('doctor', 'unexpected', message, 'a mistake of the doctor: please report it')];
  } finally {
    clearTimeout(timer);
  }
}
