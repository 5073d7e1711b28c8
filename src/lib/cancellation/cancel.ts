import { within } from '../clock.ts';
import type { Reply } from '../dlc/client.ts';
import { EXPIRED, notSent, type Failure } from '../dlc/failure.ts';
import type { Log } from '../observability/log.ts';
import type { Problem } from '../problems.ts';
import type { Acquired, SlotRequest } from '../rate-limit/limiter.ts';
import { wholeSeconds } from '../rate-limit/quota.ts';
import type { NoSlot } from '../rate-limit/slots.ts';
import type { TaskRef } from '../tasks.ts';
import {
  needsLookup,
  pauseBeforeNext,
  settle,
  SHORTEST_ATTEMPT_MS,
  type Done,
} from './attempts.ts';
import { lookUp, type Job, type LookupDeps } from './lookup.ts';

/** The request that a task is cancelled for. */
export interface CancelJob extends Job {
  readonly principal: { readonly id: string };
  /** Ends an attempt that was sent. Absent: the deadline does, at once if the client disconnects. */
  readonly attemptsUntil?: AbortSignal;
}

export interface CancelDeps extends LookupDeps {
  readonly settings: LookupDeps['settings'] & { readonly maxAttempts: number };
  readonly limiter: {
    /** @param isRetry there was an attempt at this task before */
    acquire(request: SlotRequest, isRetry?: boolean): Promise<Acquired>;
    backOff(region: string): void;
  };
  readonly random: () => number;
  readonly log: Pick<Log, 'write'>;
  readonly load: { waiting: number };
}

/**
 * Asks DLC to cancel a task: attempts, each with a slot of the shared rate, pauses between them, and a
 * lookup of the task's state if only that shows what happened. All of it ends within the deadline.
 *
 * @returns the problem of a cancellation that failed, or of which nobody knows; it is not thrown
 */
export async function cancelTask(
  task: TaskRef,
  job: CancelJob,
  deps: CancelDeps,
): Promise<Done | Problem> {
  const attempts = await attemptUntilSettled(task, job, deps);
  return settle(attempts, needsLookup(attempts) ? await lookUp(task, job, deps) : undefined);
}

/** All attempts at a cancellation, or why there was none. The last one, or the task's state, settles it. */
export async function attemptUntilSettled(
  task: TaskRef,
  job: CancelJob,
  deps: CancelDeps,
): Promise<Reply[]> {
  const { settings, clock, random, limiter } = deps;
  const { deadline } = job;
  // Kept free for the lookup that settles an unknown outcome: a second, or a quarter of what there is.
  const reserve = settings.taskStateLookup ? Math.min(1000, deadline.remaining() / 4) : 0;
  const remaining = (): number => deadline.remaining() - reserve;
  const reachMs = (): number => remaining() - SHORTEST_ATTEMPT_MS;
  const attempts: Reply[] = [];
  /** A slot had expired when its request could leave: the connection took too long. */
  let hasExpired = false;
  for (;;) {
    const pause = pauseBeforeNext(attempts, settings.maxAttempts, remaining(), random);
    if (pause === undefined) break;
    if (pause > 0) await clock.sleep(pause, deadline.signal).catch(() => undefined);
    if (deadline.signal.aborted) break;
    const slot = await acquireSlot(task, job, { reachMs, isRetry: attempts.length > 0 }, deps);
    if (!slot.granted) {
      const isTooLate = hasExpired && reachMs() <= 0;
      attempts.push(withoutSlot(attempts.pop() ?? (isTooLate ? EXPIRED : undefined), slot));
      return attempts;
    }
    const ms = Math.min(settings.attemptTimeoutMs, remaining());
    const attempt = await attemptOnce(task, job, { ms, isValid: slot.isValid }, deps);
    if (attempt === EXPIRED) hasExpired = true;
    else attempts.push(attempt);
    if (isRateLimited(attempt)) limiter.backOff(task.region);
  }
  return attempts.length > 0 ? attempts : [hasExpired ? EXPIRED : NO_TIME];
}

/** Waits for a slot, which every attempt needs. */
async function acquireSlot(
  { region }: TaskRef,
  { requestId, principal, deadline, stats }: CancelJob,
  { reachMs, isRetry }: Pick<SlotRequest, 'reachMs'> & { isRetry: boolean },
  { limiter, log, clock, load }: CancelDeps,
): Promise<Acquired> {
  const startedAt = clock.steadyMs();
  load.waiting += 1;
  try {
    const request = { region, principal: principal.id, kind: 'single', reachMs } as const;
    const slot = await limiter.acquire({ ...request, signal: deadline.signal }, isRetry);
    const ms = Math.round(clock.steadyMs() - startedAt);
    log.write('debug', 'slot', { requestId, region, granted: slot.granted, ms });
    return slot;
  } finally {
    load.waiting -= 1;
    stats.waitMs += clock.steadyMs() - startedAt;
  }
}

function attemptOnce(
  { taskId, region }: TaskRef,
  job: CancelJob,
  { ms, isValid }: { ms: number; isValid: () => boolean },
  { dlc }: CancelDeps,
): Promise<Reply> {
  const { deadline, attemptsUntil = deadline.signal } = job;
  const options = { region, caller: job, isValid: () => isValid() && !deadline.signal.aborted };
  return within(ms, attemptsUntil, (signal) =>
    dlc.call('CancelTask', { TaskId: taskId }, { ...options, signal }),
  );
}

/** The deadline passed before anything could be written. */
const NO_TIME = notSent('upstream-timeout', 'no time for an attempt');
const NO_SLOT = notSent('upstream-rate-limited', 'no slot upstream in time');
/** In a quiet period the rate is not used up, so the caller gets another sentence. */
const QUIET: Failure = {
  ...NO_SLOT,
  reason: 'quiet period after a switch between Redis and an own share, or after a loss in Redis',
  detail:
    'The instances of the gateway have just begun to share the rate of DLC anew, and send nothing for a few seconds.',
};

/**
 * How the last attempt counts if there is no slot for another one. After a refusal for the rate, the
 * limiter knows best when to come back; any other failure stays what it was.
 *
 * @param last absent: there was no attempt at all
 */
export function withoutSlot(last: Reply | undefined, { retryInMs, isQuiet }: NoSlot): Reply {
  const counted = last ?? (isQuiet ? QUIET : NO_SLOT);
  if (!isRateLimited(counted)) return counted;
  return { ...counted, retryAfter: Math.max(1, wholeSeconds(retryInMs)) };
}

function isRateLimited(attempt: Reply): attempt is Failure {
  return attempt.outcome !== 'answered' && attempt.code === 'upstream-rate-limited';
}
