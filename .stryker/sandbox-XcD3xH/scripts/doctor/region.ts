import { within } from '../../src/lib/deadline.ts';
import type { DlcClient } from '../../src/lib/dlc/client.ts';
import { describeTask } from '../../src/lib/dlc/task-state.ts';
import { ok, skipped, warning, type Finding } from './finding.ts';
import { judge } from './judge.ts';

/**
 * A task that cannot exist: of a UUID's form, so that DLC looks for it, but of version 0, which no
 * generator makes (RFC 9562 section 4.2), and neither nil nor all ones, which a program may take for
 * "none" or "all". It is always the same one, so that it is recognised in the account's audit log.
 */
const NO_TASK = 'd0c70000-0000-0000-0000-00000000d0c7';

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
    const lookup = await attempt(options, (call) => describeTask(dlc, NO_TASK, call));
    const finding =
      lookup.outcome === 'found' || lookup.outcome === 'absent'
        ? ok('DescribeTasks', `${region}: allowed`)
        : judge('DescribeTasks', region, lookup);
    findings.push(finding);
    if (lookup.outcome === 'found') {
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
  call: (options: { region: string; signal: AbortSignal }) => Promise<T>,
): Promise<T> {
  return within(attemptMs, signal, (own) => call({ region, signal: own }));
}
