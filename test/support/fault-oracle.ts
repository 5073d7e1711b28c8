import { canHang, isRefusal, type Cell } from './fault-cells.ts';
import type { Answer } from './in-process.ts';

/** What really happened, from the emulator's own record. */
export interface Truth {
  /** DLC accepted a cancellation of this task. */
  readonly took: boolean;
  /** The task's state when everything had come to rest. */
  readonly state: string;
  /** As far as DLC read them: an attempt that timed out on a busy machine may never have come. */
  readonly attempts: number;
  readonly lookups: number;
}

const FINAL: ReadonlySet<string> = new Set(['succeeded', 'failed', 'cancelled']);
/** Hosts, upstream's words, stacks, paths. */
const INTERNAL =
  /10\.1\.2\.3|127\.0\.0\.1|injected|tencentcloudapi|node_modules|\.[jt]s:\d|\/work\//;
/** Says "not done", which nobody can know where the outcome is unknown. */
const SAYS_NOT_DONE = (status: number): boolean => status < 500;

/** Everything that is untrue or improper about an answer, by the contract's words. An honest "unknown" is true. */
export function judge(cell: Cell, response: Answer, truth: Truth, maxAttempts: number): string[] {
  const lies = [
    ...(cell.method === 'GET'
      ? judgeState(cell, response)
      : judgeCancellation(cell, response, truth)),
    ...judgeForm(response),
  ];
  if (truth.attempts > maxAttempts) lies.push(`${truth.attempts} attempts`);
  if (!cell.lookup && truth.lookups > 0) lies.push('a lookup although they are off');
  return lies;
}

function judgeCancellation(cell: Cell, response: Answer, truth: Truth): string[] {
  const { status, body } = response;
  const { outcome, code, outcomeUnknown, confirmed, taskState } = body;
  const isFailure = status >= 400;
  const isCertain = outcome === 'cancel_requested' && confirmed !== false;
  // Any attempt may time out on a busy machine, if attempts can time out at all.
  const isHonest = canHang(cell) || (truth.attempts > 0 && mayLose(cell));
  const claims: [boolean, string][] = [
    [isFailure && truth.took && !outcomeUnknown, 'failed, but it took effect'],
    [isCertain && !truth.took, 'requested, but it did not'],
    [outcome === 'cancelled' && truth.state !== 'cancelled', 'cancelled, but it is not'],
    [outcome === 'already_cancelled' && cell.state !== 'cancelled', 'already, but it was not'],
    [code === 'task-not-found' && cell.state !== 'absent', 'not found, but it is there'],
    [code === 'task-already-finished' && !FINAL.has(cell.state), 'finished, but it had not'],
    [taskState !== undefined && taskState !== truth.state, 'a state that it does not have'],
    [outcomeUnknown === true && SAYS_NOT_DONE(status), 'unknown, but with a status that says no'],
    [!isFailure && outcome === undefined, 'a success without an outcome'],
    [outcomeUnknown === true && !isHonest, 'unknown, but no attempt was lost'],
    [confirmed === false && !canHang(cell) && truth.attempts < 2, 'unconfirmed after one attempt'],
  ];
  return claims.filter(([isLie]) => isLie).map(([, lie]) => lie);
}

/** Whether a fault of the cell may hide from the gateway what an attempt did. */
function mayLose({ faults }: Cell): boolean {
  return faults.some((fault) => fault.action === 'CancelTask' && !isRefusal(fault));
}

function judgeState(cell: Cell, { status, body }: Answer): string[] {
  if (status === 200 && body['state'] !== cell.state) return [`state ${String(body['state'])}`];
  if (status === 404 && cell.state !== 'absent') return ['not found, but it is there'];
  return [];
}

function judgeForm({ status, headers, body, text }: Answer): string[] {
  const faults: [boolean, string][] = [
    [INTERNAL.test(text), 'internals in the body'],
    [status >= 400 && body['status'] !== status, 'another status in the body'],
    [body['retryable'] === true && headers['Retry-After'] === undefined, 'no Retry-After'],
    [status === 410 || status === 401, `status ${status}`],
    [body['requestId'] !== headers['X-Request-Id'], 'another request id in the body'],
  ];
  return faults.filter(([isWrong]) => isWrong).map(([, fault]) => fault);
}
