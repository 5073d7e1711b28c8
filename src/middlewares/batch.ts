import { randomUUID } from 'node:crypto';

import type { Batched, BatchItem, CallerContext, Deps, TaskInput } from '../endpoint.ts';
import { noteEngine } from '../lib/cancellation/lookup.ts';
import { before, type Middleware } from '../request-context.ts';
import { recordIntent, recordResult } from './log-lines.ts';
import { permitAll, type TaskPermission } from './permit.ts';

/**
 * Does for each of a request's tasks what `permit` and `auditIntent` do for one. A refusal is the task's
 * own; nothing is thrown for it.
 */
export function permitEach(deps: Deps): Middleware<CallerContext & TaskInput> {
  return before(async (context): Promise<Batched | undefined> => {
    const { tasks, dryRun = false } = context;
    if (!tasks) return undefined;
    const batch = { batchId: randomUUID(), ...(dryRun && { dryRun }) };
    const permissions = await permitAll('tasks:cancel', tasks, context, deps);
    const items = permissions.map((permission) => toItem(permission, context, batch, deps));
    return { batch: { ...batch, items } };
  });
}

function toItem(
  { task, permitted, refusal, lookup }: TaskPermission,
  context: CallerContext,
  batch: { readonly batchId: string; readonly dryRun?: true },
  deps: Deps,
): BatchItem {
  const stats = { attempts: 0, waitMs: 0, credentials: context.stats.credentials };
  if (lookup) noteEngine(lookup, { stats });
  const known = { ...context, ...batch, task, stats, ...permitted };
  // A dry run intends nothing.
  const isIntent = permitted && !batch.dryRun;
  const audited = { ...known, ...(isIntent && { intentId: recordIntent(deps, known) }) };
  return {
    task,
    stats,
    refusal,
    lookup,
    record: (response) => recordResult(deps.log, audited, response),
  };
}
