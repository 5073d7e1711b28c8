import type { Endpoint, Route } from '../../src/endpoint.ts';
import type { OperationWords, Presence, Presences } from '../../src/lib/words.openapi.ts';
import { PROBLEM_TEXTS } from '../../src/lib/problems.openapi.ts';
import { PROBLEMS, type ProblemCode } from '../../src/lib/problems.ts';
import type { ComponentStore, Json } from './components.ts';
import { alwaysOn, headersOf } from './headers.ts';
import {
  canHaveUpstreamId,
  outcomeUnknown,
  problemsOf,
  quotaFieldsOn,
  statusesFor,
} from './problem-codes.ts';
import { problemExample, type Report } from './problem-examples.ts';

/** Gives the problem responses of an operation, by status. */
export function problemResponses(
  route: Route,
  endpoint: Endpoint,
  words: OperationWords,
  store: ComponentStore,
): Record<string, Json> {
  const codes = problemsOf(endpoint, words);
  const statusesOf = (code: ProblemCode): number[] => statusesFor(code, route, endpoint);
  // To a webhook's sender, a 200 is no problem.
  const statuses = new Set(codes.flatMap(statusesOf).filter((status) => status !== 200));
  const responses = [...statuses].map((status) => {
    const some = codes.filter((code) => statusesOf(code).includes(status));
    // After its quota was checked, a delivery that fails is a 503.
    const isEarly = endpoint.access?.isBySender === true && status === 500;
    const fields = {
      ...alwaysOn(route, true),
      ...(isEarly ? {} : fieldsOf(some, endpoint, route)),
      ...(words.about === 'each' && { 'X-Tc-Request-Id': 'never' as const }),
    };
    const response = {
      description: some.map((code) => `- \`${code}\`: ${PROBLEM_TEXTS[code].meaning}`).join('\n'),
      headers: headersOf(fields, store),
      content: { 'application/problem+json': problemBody(some, status, endpoint, store) },
    };
    return [status, response] as const;
  });
  return Object.fromEntries(responses);
}

function problemBody(
  codes: readonly ProblemCode[],
  status: number,
  endpoint: Endpoint,
  store: ComponentStore,
): Json {
  const only = { properties: { status: { const: status }, code: { enum: codes } } };
  const examples = codes.flatMap((code) =>
    reportsOf(code, status, endpoint).map((report) => {
      const name = report === 'plain' ? code : `${code}-${report}`;
      return [name, store.add('examples', name, { ...problemExample(code, report) })] as const;
    }),
  );
  return {
    schema: { allOf: [{ $ref: '#/components/schemas/Problem' }, only] },
    examples: Object.fromEntries(examples),
  };
}

const cancels = ({ access }: Endpoint): boolean => access?.scope === 'tasks:cancel';

function reportsOf(code: ProblemCode, status: number, endpoint: Endpoint): Report[] {
  if (PROBLEMS[code].status !== status) {
    return [endpoint.access?.isBySender ? 'later' : 'to-sender'];
  }
  const unknown = cancels(endpoint) ? outcomeUnknown(code) : 'never';
  if (unknown === 'always') return ['outcome-unknown'];
  return unknown === 'never' ? ['plain'] : ['plain', 'outcome-unknown'];
}

const when = (holds: boolean, presence: Presence): Presence => (holds ? presence : 'never');

/** A field is always there if each of the codes always has it, and never if none has it. */
function fieldsOf(
  codes: readonly ProblemCode[],
  endpoint: Endpoint,
  { isForSenders }: Route,
): Presences {
  const over = (presence: (code: ProblemCode) => Presence): Presence => {
    const [first = 'never', ...others] = new Set(codes.map(presence));
    return others.length > 0 ? 'at times' : first;
  };
  const forSenders = isForSenders === true;
  const isAuthenticated = endpoint.access !== undefined;
  const waits = cancels(endpoint) && !forSenders;
  const body = endpoint.access ? endpoint : {};
  const quota = over((code) => when(isAuthenticated, quotaFieldsOn(code, body)));
  return {
    'Retry-After': over((code) => when(PROBLEMS[code].retryable, 'always')),
    RateLimit: quota,
    'RateLimit-Policy': quota,
    'WWW-Authenticate': over((code) => when(isAuthenticated, challenged(code, forSenders))),
    Allow: over((code) => when(code === 'method-not-allowed', 'always')),
    'X-Tc-Request-Id': over((code) =>
      when(isAuthenticated && canHaveUpstreamId(code, cancels(endpoint)), 'at times'),
    ),
    'Preference-Applied': over((code) =>
      when(waits && code === 'task-already-finished', 'at times'),
    ),
  };
}

function challenged(code: ProblemCode, forSenders: boolean): Presence {
  if (code === 'unauthenticated' || code === 'insufficient-scope') return 'always';
  return code === 'invalid-request' && !forSenders ? 'at times' : 'never';
}
