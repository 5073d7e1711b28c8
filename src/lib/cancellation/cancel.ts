import { within } from '../deadline.ts';
import { EXPIRED, type Failure } from '../dlc/failure.ts';
import type { Log } from '../observability/log.ts';
import type { Limiter } from '../rate-limit/limiter.ts';
import { wholeSeconds } from '../rate-limit/quota.ts';
import type { NoSlot } from '../rate-limit/store.ts';
import type { TaskRef } from '../tasks.ts';
import { lookUp, type Job, type LookupDeps } from './lookup.ts';
import {
  needsLookup,
  settle,
  type Attempt,
  type CancelResult,
  pauseBeforeNext,
  SHORTEST_ATTEMPT_MS,
} from './attempts.ts';

/** The request that a task is cancelled for. */
export interface CancelJob extends Job {
  readonly principal: { readonly id: string };
  /** Ends an attempt that was sent. Absent: the deadline does, at once if the client disconnects. */
  readonly attemptsUntil?: AbortSignal;
}

export interface CancelDeps extends LookupDeps {
  readonly settings: LookupDeps['settings'] & { readonly maxAttempts: number };
  readonly limiter: Pick<Limiter, 'acquire' | 'backOff'>;
  readonly random: () => number;
  readonly log: Pick<Log, 'write'>;
  readonly load: { waiting: number };
}

/** Kept free for the lookup that settles an unknown outcome: this much, or a quarter of what there is. */
const LOOKUP_RESERVE_MS = 1000;

/**
 * Asks DLC to cancel a task: attempts, each with a slot of the shared rate, pauses between them, and a
 * lookup of the task's state if only that shows what happened. All of it ends within the deadline.
 * Never throws for what goes wrong upstream: that is in the result.
 */
export async function cancelTask(
  task: TaskRef,
  job: CancelJob,
  deps: CancelDeps,
): Promise<CancelResult> {
  const attempts = await attemptUntilSettled(task, job, deps);
  const lookup = needsLookup(attempts) ? await lookUp(task, job, deps) : undefined;
  return settle(attempts, lookup);
}

/** All attempts at a cancellation. The last one, or the task's state, settles it. */
export async function attemptUntilSettled(
  task: TaskRef,
  job: CancelJob,
  deps: CancelDeps,
): Promise<Attempt[]> {
  const { settings, clock, random, limiter } = deps;
  const { deadline } = job;
  const reserve = settings.taskStateLookup
    ? Math.min(LOOKUP_RESERVE_MS, deadline.remaining() / 4)
    : 0;
  const remaining = (): number => deadline.remaining() - reserve;
  const attempts: Attempt[] = [];
  /** The slot of the last try had expired when the request could leave: the connection took too long. */
  let expired: Failure | undefined;
  for (;;) {
    const pause = pauseBeforeNext(attempts, settings.maxAttempts, remaining(), random);
    if (pause === undefined) break;
    if (pause > 0) await clock.sleep(pause, deadline.signal).catch(() => undefined);
    if (deadline.signal.aborted) break;
    const slot = await acquireSlot(task, job, () => remaining() - SHORTEST_ATTEMPT_MS, deps);
    if (!slot.granted) {
      const isOver = remaining() <= SHORTEST_ATTEMPT_MS;
      return [
        ...attempts.slice(0, -1),
        withoutSlot(attempts.at(-1) ?? (isOver ? expired : undefined), slot),
      ];
    }
    const ms = Math.min(settings.attemptTimeoutMs, remaining());
    const attempt = await attemptOnce(task, job, ms, slot.isValid, deps);
    expired = attempt === EXPIRED ? attempt : undefined;
    if (expired) continue;
    attempts.push(attempt);
    if (isRateLimited(attempt)) limiter.backOff(task.region);
  }
  return attempts.length > 0 ? attempts : [expired ?? NO_TIME];
}

/** Waits for a slot, which every attempt needs. */
async function acquireSlot(
  { region }: TaskRef,
  { requestId, principal, deadline, stats }: CancelJob,
  reachMs: () => number,
  { limiter, log, clock, load }: CancelDeps,
) {
  const startedAt = clock.steadyMs();
  load.waiting += 1;
  try {
    const request = { region, principal: principal.id, kind: 'single', reachMs } as const;
    const slot = await limiter.acquire({ ...request, signal: deadline.signal });
    const ms = Math.round(clock.steadyMs() - startedAt);
    log.write('debug', 'slot', { requestId, region, granted: slot.granted, ms });
    return slot;
  } finally {
    load.waiting -= 1;
    stats.waitMs += clock.steadyMs() - startedAt;
  }
}

async function attemptOnce(
  { taskId, region }: TaskRef,
  job: CancelJob,
  ms: number,
  isValid: () => boolean,
  { dlc }: CancelDeps,
): Promise<Attempt> {
  const { deadline, attemptsUntil = deadline.signal } = job;
  const options = { region, caller: job, isValid: () => isValid() && !deadline.signal.aborted };
  const reply = await within(ms, attemptsUntil, (signal) =>
    dlc.call('CancelTask', { TaskId: taskId }, { ...options, signal }),
  );
  if (reply.outcome !== 'answered') return reply;
  return { outcome: 'accepted', upstreamRequestId: reply.requestId };
}

/** The deadline passed before anything could be written. */
const NO_TIME: Failure = {
  outcome: 'did-not-happen',
  code: 'upstream-timeout',
  again: true,
  reason: 'no time for an attempt',
};

/**
 * How the last attempt counts if there is no slot for another one. After a refusal for the rate, the
 * limiter knows best when to come back; any other failure stays what it was.
 *
 * @param last absent: there was no attempt at all
 */
export function withoutSlot(last: Attempt | undefined, { retryInMs, isQuiet }: NoSlot): Attempt {
  const retryAfter = Math.max(1, wholeSeconds(retryInMs));
  if (!last) return { ...NO_SLOT, retryAfter, ...(isQuiet && QUIET) };
  return isRateLimited(last) ? { ...last, retryAfter } : last;
}

const NO_SLOT = {
  outcome: 'did-not-happen',
  code: 'upstream-rate-limited',
  again: false,
  reason: 'no slot upstream in time',
} as const;

/** In a quiet period the rate is not used up, so the caller gets another sentence. */
const QUIET = {
  reason: 'quiet period after a switch between Redis and an own share',
  detail:
    'The gateway has just changed how its instances share the rate of DLC, and sends nothing for a few seconds.',
} as const;

function isRateLimited(attempt: Attempt): attempt is Failure {
  return attempt.outcome !== 'accepted' && attempt.code === 'upstream-rate-limited';
}
