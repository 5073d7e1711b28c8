import { EXAMPLE, type Example } from '../../src/lib/words.openapi.ts';
import { UNKNOWN } from '../../src/lib/cancellation/attempts.ts';
import type { HttpResponse } from '../../src/lib/http/message.ts';
import { problemResponse, type ProblemContext } from '../../src/lib/http/response.ts';
import { Problem, type ProblemMembers, type ProblemCode, titleOf } from '../../src/lib/problems.ts';
import { invalid } from '../../src/lib/tasks.ts';
import { responseForSender } from '../../src/lib/webhooks/sender-response.ts';
import { canHaveUpstreamId, quotaFieldsOn, upstreamCodeFor } from './problem-codes.ts';

/** How an operation reports a problem: to whom, and whether the outcome is known. */
export type Report = 'plain' | 'outcome-unknown' | 'to-sender' | 'later';

const { task, requestId, upstreamRequestId } = EXAMPLE;

/** Gives an example of a problem, made by the functions that make the response. */
export function problemExample(code: ProblemCode, report: Report): Example {
  const isAboutTask = quotaFieldsOn(code) === 'always';
  const context = { requestId, typePrefix: '', ...(isAboutTask && task) };
  const problem = report === 'outcome-unknown' ? unknownOutcome(code) : plain(code);
  const value: unknown = JSON.parse(toResponse(report, problem, context).body);
  const suffix = report === 'outcome-unknown' ? ', and nobody knows whether it took effect' : '';
  return { summary: `${titleOf(problem.code)}${suffix}`, value };
}

function toResponse(report: Report, problem: Problem, context: ProblemContext): HttpResponse {
  if (report === 'to-sender') return responseForSender(problem, context);
  return report === 'later'
    ? problemResponse(problem, context, 503)
    : problemResponse(problem, context);
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

/** One of the DLC codes that become the problem. */
function fromDlc(code: ProblemCode): { upstreamCode?: string; upstreamRequestId?: string } {
  const upstreamCode = upstreamCodeFor(code);
  if (upstreamCode === undefined || !canHaveUpstreamId(code, false)) return {};
  return { upstreamCode, upstreamRequestId };
}

function unknownOutcome(code: ProblemCode): Problem {
  return new Problem(code, { ...fromDlc(code), ...UNKNOWN });
}
