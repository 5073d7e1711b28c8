import { randomUUID } from 'node:crypto';

import { within } from '../../src/lib/clock.ts';
import type { CallOptions, DlcClient } from '../../src/lib/dlc/client.ts';
import { describeTasks, lookupIn, NO_TASK } from '../../src/lib/dlc/describe-task.ts';
import { ok, skipped, warning, type Finding } from './finding.ts';
import { judge } from './judge.ts';

export interface RegionOptions {
  readonly region: string;
  /** Longest wait for an answer, as the gateway's own attempts have it. */
  readonly attemptMs: number;
  /** Whether the gateway asks for states at all (`TASK_STATE_LOOKUP`). */
  readonly looksUp: boolean;
  /** Whether CancelTask may be called. */
  readonly cancels: boolean;
  readonly signal: AbortSignal;
}

/**
 * Asks DLC in one region what the gateway asks it, about a task that cannot exist: are region,
 * credentials and signature good, and may they call both actions? CancelTask is called only where
 * DescribeTasks has not just found the task, against all expectation.
 */
export async function checkRegion(dlc: DlcClient, options: RegionOptions): Promise<Finding[]> {
  const { region, looksUp, cancels } = options;
  const findings: Finding[] = [];
  if (looksUp) {
    const query = { region, taskIds: [NO_TASK], limit: 1 };
    const page = await attempt(options, (call) => describeTasks(dlc, query, call));
    const finding =
      page.outcome === 'answered'
        ? ok('DescribeTasks', `${region}: allowed`)
        : judge('DescribeTasks', region, page);
    findings.push(finding);
    if (lookupIn(page, NO_TASK).outcome === 'found') {
      const message = `${region}: not called: there is a task ${NO_TASK}, which nobody can have made`;
      return [...findings, warning('CancelTask', message, 'find out what made it')];
    }
    // Where only this permission is missing, the other one is still worth knowing.
    if (finding.status === 'failed' && !isRefusalOf('DescribeTasks', finding)) {
      return [...findings, skipped('CancelTask', `${region}: not called after that`)];
    }
  } else {
    findings.push(skipped('DescribeTasks', `${region}: never called: TASK_STATE_LOOKUP is off`));
  }
  if (!cancels) return [...findings, skipped('CancelTask', `${region}: not called: --no-cancel`)];
  const reply = await attempt(options, (call) => dlc.call('CancelTask', { TaskId: NO_TASK }, call));
  return [
    ...findings,
    reply.outcome === 'answered'
      ? ok('CancelTask', `${region}: allowed`)
      : judge('CancelTask', region, reply),
  ];
}

function isRefusalOf(action: 'DescribeTasks', { check, exitCode }: Finding): boolean {
  return check === action && exitCode === 77;
}

function attempt<T>(
  { region, attemptMs, signal }: RegionOptions,
  call: (options: CallOptions) => Promise<T>,
): Promise<T> {
  const ids = { requestId: randomUUID(), traceId: randomUUID() };
  const caller = { ...ids, stats: { attempts: 0, waitMs: 0 } };
  return within(attemptMs, signal, (own) => call({ region, caller, signal: own }));
}
