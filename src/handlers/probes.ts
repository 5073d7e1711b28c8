import type { Deps, OpenEndpoint, RequestContext } from '../endpoint.ts';
import { lookUp } from '../lib/cancellation/lookup.ts';
import { startDeadline } from '../lib/clock.ts';
import { NO_TASK } from '../lib/dlc/describe-task.ts';
import { jsonResponse } from '../lib/http/response.ts';
import { Problem } from '../lib/problems.ts';

/** Whether the process can serve, and whether the gateway can cancel. */

/** `GET /healthz`: the process can serve. It says nothing about DLC, which is never called for it. */
export const healthz: OpenEndpoint = {
  handle: () => jsonResponse(200, { status: 'ok' }),
};

/** Asking DLC costs a call, so its response counts for a minute. */
const ASK_EVERY_MS = 60_000;

/** Anybody may ask whether the gateway is ready, and a Redis that is kept busy would cost all callers. */
const ASK_REDIS_EVERY_MS = 1000;

/** What an operator has to mend before the gateway can cancel anything. */
export const FAULTS = {
  'cloud-credentials-missing': 'The gateway has no cloud credentials.',
  'cloud-credentials-rejected':
    "DLC does not accept the gateway's cloud credentials or permissions.",
  'redis-misconfigured': 'Redis refuses the gateway by its settings.',
} as const;
export type Fault = keyof typeof FAULTS;

export function notReady(fault: Fault): Problem {
  return new Problem('gateway-misconfigured', { status: 503, detail: FAULTS[fault], fault });
}

interface Asked {
  readonly askedAt: number;
  readonly fault: Promise<Fault | undefined>;
}

/**
 * `GET /readyz`: the gateway can cancel tasks, as far as its own set-up goes. Names the kind of fault
 * and nothing else; the log has the reason. DLC is asked for a task that does not exist, at most once
 * a minute, and Redis at most once a second.
 */
export function createReadyz(): OpenEndpoint {
  let askedDlc: Asked | undefined;
  let askedRedis: Asked | undefined;
  return {
    async handle(context, deps) {
      const now = deps.clock.steadyMs();
      const isDue = !askedDlc || now - askedDlc.askedAt >= ASK_EVERY_MS;
      if (isDue && !context.deadline.signal.aborted) {
        askedDlc = { askedAt: now, fault: askDlc(context, deps) };
      }
      if (!askedRedis || now - askedRedis.askedAt >= ASK_REDIS_EVERY_MS) {
        askedRedis = { askedAt: now, fault: askRedis(deps) };
      }
      const redisFault = await askedRedis.fault;
      const fault = (await askedDlc?.fault) ?? redisFault;
      if (fault === undefined) return jsonResponse(200, { status: 'ready' });
      // Missing credentials may come at any time, and looking for them costs no call.
      if (fault === 'cloud-credentials-missing') askedDlc = undefined;
      throw notReady(fault);
    },
  };
}

async function askRedis({ limiter }: Deps): Promise<Fault | undefined> {
  return (await limiter.misconfiguration()) && 'redis-misconfigured';
}

async function askDlc(context: RequestContext, deps: Deps): Promise<Fault | undefined> {
  if (!deps.dlc.chooseCredentials(context)) return 'cloud-credentials-missing';
  const task = { taskId: NO_TASK, region: deps.settings.defaultRegion };
  // The result counts for a minute: a client that disconnects must not decide it for all others.
  const deadline = startDeadline(context.deadline.remaining(), deps.clock);
  const asking = lookUp(task, { ...context, deadline }, deps);
  const found = await asking.finally(() => deadline.close());
  const isRefused = 'code' in found && found.code === 'upstream-credentials-rejected';
  return isRefused ? 'cloud-credentials-rejected' : undefined;
}
