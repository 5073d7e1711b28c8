import { toProblemPage } from '../../src/handlers/problem-page.ts';
import { toCancelProblem } from '../../src/lib/dlc/problem.ts';
import { toProblemResponse } from '../../src/lib/http/problem-response.ts';
import { answerForSender } from '../../src/lib/webhooks/sender-answer.ts';
import { Problem, type ProblemMembers } from '../../src/lib/problem.ts';
import { PROBLEMS, type ProblemCode } from '../../src/lib/problems.ts';
import { invalid } from '../../src/lib/task-request.ts';
import { PROBLEM_TEXTS } from './problem-texts.ts';
import { canHaveUpstreamId, quotaIsTold, upstreamCodeFor } from './problem-codes.ts';

/** An example of every body; those of problems are made by the code that makes the answers. */

const task = { taskId: '4ad30ca9-8b0e-499f-b4e1-d6e43ba0e564', region: 'ap-guangzhou' };
const requestId = 'f4a101d2-66df-424b-95d0-ebd9ddae772f';
const upstreamRequestId = '0f2ee4c8-feec-417d-ab81-d4fcf979c82f';
const ids = { requestId, upstreamRequestId };
const found = { engine: 'demo-engine', upstreamCreateTime: '2025-11-25 00:00:00' };
const busy = { code: 'task-busy', title: PROBLEMS['task-busy'].title, status: 409 } as const;
const page = { ...busy, retryable: true, ...PROBLEM_TEXTS['task-busy'] };

export interface Example {
  readonly summary: string;
  readonly value: unknown;
}

export const EXAMPLES = {
  requested: {
    summary: 'Taken',
    value: { ...task, outcome: 'cancel_requested', ...ids },
  },
  requestedUnconfirmed: {
    summary: 'Probably taken, by an attempt that was never answered',
    value: { ...task, outcome: 'cancel_requested', confirmed: false, ...ids },
  },
  cancelled: {
    summary: 'Cancelled by this request',
    value: { ...task, outcome: 'cancelled', ...ids },
  },
  alreadyCancelled: {
    summary: 'Cancelled before',
    value: { ...task, outcome: 'already_cancelled', ...ids },
  },
  running: {
    summary: 'Running',
    value: { ...task, state: 'running', upstreamState: 1, ...found, ...ids },
  },
  succeeded: {
    summary: 'Ended by itself',
    value: { ...task, state: 'succeeded', upstreamState: 2, ...found, ...ids },
  },
  acknowledged: {
    summary: 'Ended by itself before',
    value: { ...task, outcome: 'task_already_finished', ...ids, taskState: 'succeeded' },
  },
  ignored: { summary: 'Of another type', value: { outcome: 'ignored', requestId } },
  cancelTaskEvent: {
    summary: 'Cancel a task',
    value: { type: 'task.cancel', timestamp: '2025-11-25T00:00:00Z', data: task },
  },
  otherEvent: { summary: 'Of another type', value: { type: 'task.created' } },
  document: {
    summary: 'The beginning of this document',
    value: { openapi: '3.1.1', info: { title: 'dlc-task-gateway' }, paths: {} },
  },
  problemPage: { summary: 'JSON', value: { type: '/problems/task-busy', ...page } },
  problemHtml: { summary: 'A page', value: toProblemPage(page) },
  health: { summary: 'It can serve', value: { status: 'ok' } },
} as const satisfies Record<string, Example>;

export type ExampleName = keyof typeof EXAMPLES;

/** How an operation tells a problem: to whom, and whether the outcome is known. */
export type Telling = 'plain' | 'outcome-unknown' | 'to-sender';

/** A problem as it is told, by the functions that tell it. */
export function problemExample(code: ProblemCode, telling: Telling): Example {
  const isAboutTask = quotaIsTold(code) === 'always';
  const context = { requestId, typePrefix: '', ...(isAboutTask && task) };
  const problem = telling === 'outcome-unknown' ? unknownOutcome(code) : plain(code);
  const response =
    telling === 'to-sender'
      ? answerForSender(problem, context)
      : toProblemResponse(problem, context);
  const value: unknown = JSON.parse(response.body);
  const suffix = telling === 'outcome-unknown' ? ', and nobody knows whether it took effect' : '';
  return { summary: `${problem.kind.title}${suffix}`, value };
}

function plain(code: ProblemCode): Problem {
  if (code === 'invalid-request') {
    const message = 'is not a parameter of this route';
    return invalid([{ in: 'query', name: 'regoin', message }]);
  }
  return new Problem(code, { ...membersOf(code) });
}

function membersOf(code: ProblemCode): ProblemMembers {
  if (code === 'quota-exceeded') return { 'violated-policies': ['cancel'] };
  if (code === 'task-already-finished') return { taskState: 'succeeded', upstreamRequestId };
  if (code === 'upstream-credentials-rejected') return { upstreamRequestId };
  return fromDlc(code);
}

/** One of DLC's codes that are told so. */
function fromDlc(code: ProblemCode): { upstreamCode?: string; upstreamRequestId?: string } {
  const upstreamCode = upstreamCodeFor(code);
  if (upstreamCode === undefined || !canHaveUpstreamId(code, false)) return {};
  return { upstreamCode, upstreamRequestId };
}

function unknownOutcome(code: ProblemCode): Problem {
  const failure = { code, reason: '', ...fromDlc(code) };
  return toCancelProblem({ kind: 'failed', failure, outcomeUnknown: true, ...fromDlc(code) });
}
