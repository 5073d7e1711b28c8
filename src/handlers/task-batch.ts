import { setMaxListeners } from 'node:events';

import type { BatchItem, Batched, CallerContext, Deps } from '../endpoint.ts';
import { cancelBatch, type TaskResult } from '../lib/cancellation/batch.ts';
import { lookUpAll, noteEngine } from '../lib/cancellation/lookup.ts';
import { startDeadline } from '../lib/clock.ts';
import type { UpstreamStats } from '../lib/dlc/client.ts';
import { isFinal, mayStillChange, type Lookup } from '../lib/dlc/describe-task.ts';
import { toProblem } from '../lib/dlc/failure.ts';
import { problemMembers } from '../lib/http/response.ts';
import { stackOf } from '../lib/observability/log.ts';
import { Problem } from '../lib/problems.ts';
import { doneMembers, type DoneOutcome } from './cancel-task.ts';

/** Several tasks of one request: each is cancelled as `DELETE` does it with one. */

type Context = CallerContext & Batched;
type Ended = Problem | (DoneOutcome & { readonly upstreamRequestId?: string | undefined });

/** @returns a result for each task, in order: what goes wrong with one of them is in its result */
export async function cancelEach(context: Context, deps: Deps): Promise<TaskResult[]> {
  const { items, dryRun } = context.batch;
  const allowed = items.filter(({ refusal }) => !refusal);
  const ends = dryRun ? foresee(allowed, context, deps) : cancel(allowed, context, deps);
  const endOf = new Map(allowed.map((item, i) => [item, ends[i]]));
  const results = await Promise.all(
    items.map(async (item) => {
      const end = item.refusal ?? (await endOf.get(item)?.catch(toDefect(context, deps)));
      return report(item, end ?? new Problem('internal-error'));
    }),
  );
  addStats(context.stats, items);
  return results;
}

function cancel(items: readonly BatchItem[], context: Context, deps: Deps): Promise<Ended>[] {
  // If the client disconnects, nothing new is sent. What was sent goes on until its end.
  const attempts = startDeadline(context.deadline.remaining(), deps.clock);
  context.onEnd.push(() => attempts.close());
  // Every task listens, and none stays: Node would take them for a leak.
  setMaxListeners(0, context.deadline.signal, attempts.signal);
  return cancelBatch(items, { ...context, attemptsUntil: attempts.signal }, deps);
}

/** What would become of the tasks, as far as their states say it. */
function foresee(items: readonly BatchItem[], context: Context, deps: Deps): Promise<Ended>[] {
  const open = items.filter(({ lookup }) => !lookup).map(({ task }) => task);
  const lookups = lookUpAll(open, context, deps);
  return items.map(async (item) => {
    const lookup = item.lookup ?? (await lookups).get(item.task);
    if (lookup) noteEngine(lookup, item);
    return foreseen(lookup);
  });
}

const NOT_KNOWN = { outcome: 'would_cancel', confirmed: false } as const;

function foreseen(lookup: Lookup | undefined): Ended {
  if (lookup?.outcome !== 'found') {
    return lookup?.code === 'task-not-found' ? toProblem(lookup) : NOT_KNOWN;
  }
  const { upstreamRequestId, task } = lookup;
  const { state } = task;
  if (state === 'cancelled') return { outcome: 'already_cancelled', upstreamRequestId };
  if (isFinal(state)) {
    return new Problem('task-already-finished', { taskState: state, upstreamRequestId });
  }
  if (!mayStillChange(state)) return { ...NOT_KNOWN, upstreamRequestId };
  return { outcome: 'would_cancel', upstreamRequestId };
}

/** Writes the audit line of a result as soon as it is there. */
function report({ task: { taskId }, record }: BatchItem, ended: Ended): TaskResult {
  if (ended instanceof Problem) {
    record({ status: ended.status, logged: { problem: ended } });
    return { taskId, ...problemMembers(ended) };
  }
  const { upstreamRequestId } = ended;
  const { status, members } = doneMembers(ended);
  record({ status, logged: { ...members, upstreamRequestId } });
  return { taskId, status, ...members, upstreamRequestId };
}

/** One task's defect is no other's. */
function toDefect({ requestId }: CallerContext, { log }: Deps): (error: unknown) => Problem {
  return (error) => {
    log.write('error', 'crash', { origin: 'request', requestId, stack: stackOf(error) });
    return new Problem('internal-error');
  };
}

/** The tasks wait at the same time, so the longest wait counts. */
function addStats(stats: UpstreamStats, items: readonly BatchItem[]): void {
  const all = items.map((item) => item.stats);
  const longest = Math.max(0, ...all.map(({ upstreamMs = 0 }) => upstreamMs));
  stats.attempts += all.reduce((sum, { attempts }) => sum + attempts, 0);
  stats.waitMs += Math.max(0, ...all.map(({ waitMs }) => waitMs));
  if (longest > 0) stats.upstreamMs = (stats.upstreamMs ?? 0) + longest;
}
