import type { Endpoint } from '../../src/exchange.ts';
import { PROBLEMS, type ProblemCode } from '../../src/lib/problems.ts';
import { problemExample, type Example, type Telling } from './examples.ts';
import { headersOf, type Presence, type Presences } from './headers.ts';
import { canHaveUpstreamId, outcomeUnknown, quotaIsTold } from './problem-codes.ts';
import { PROBLEM_TEXTS } from './problem-texts.ts';

/** What an operation answers with one status, where that is a problem. */
export interface ProblemAnswer {
  readonly status: number;
  readonly codes: readonly ProblemCode[];
  readonly endpoint: Endpoint;
  readonly forSenders: boolean;
  /** Header fields of every answer of the route. */
  readonly always: Presences;
}

export function problemAnswer(answer: ProblemAnswer): Record<string, unknown> {
  const { status, codes, always } = answer;
  const names = codes.flatMap((code) => tellings(code, answer).map((how) => nameOf(code, how)));
  const examples = names.map((name) => [name, { $ref: `#/components/examples/${name}` }]);
  const only = { properties: { status: { const: status }, code: { enum: codes } } };
  const schema = { allOf: [{ $ref: '#/components/schemas/Problem' }, only] };
  return {
    description: codes.map((code) => `- \`${code}\`: ${PROBLEM_TEXTS[code].meaning}`).join('\n'),
    headers: headersOf({ ...always, ...problemHeaders(answer) }),
    content: { 'application/problem+json': { schema, examples: Object.fromEntries(examples) } },
  };
}

/** Every example of a problem, by the name that answers refer to. */
export function problemExamples(): Record<string, Example> {
  const all = Object.keys(PROBLEM_TEXTS).flatMap((code) =>
    isCode(code)
      ? TELLINGS.map((how) => [nameOf(code, how), problemExample(code, how)] as const)
      : [],
  );
  return Object.fromEntries(all);
}

const TELLINGS: readonly Telling[] = ['plain', 'outcome-unknown', 'to-sender'];
const isCode = (code: string): code is ProblemCode => code in PROBLEMS;
const nameOf = (code: ProblemCode, how: Telling): string =>
  how === 'plain' ? code : `${code}-${how}`;

const cancels = ({ access }: Endpoint): boolean => access?.scope === 'tasks:cancel';

function tellings(code: ProblemCode, { endpoint, status }: ProblemAnswer): Telling[] {
  if (PROBLEMS[code].status !== status) return ['to-sender'];
  const unknown = cancels(endpoint) ? outcomeUnknown(code) : 'never';
  if (unknown === 'always') return ['outcome-unknown'];
  return unknown === 'never' ? ['plain'] : ['plain', 'outcome-unknown'];
}

const when = (holds: boolean, presence: Presence): Presence => (holds ? presence : 'never');

/** A field is always there where each of the codes always has it, and never where none has it. */
function problemHeaders({ codes, endpoint, forSenders }: ProblemAnswer): Presences {
  const over = (presence: (code: ProblemCode) => Presence): Presence => {
    const [first = 'never', ...others] = new Set(codes.map(presence));
    return others.length > 0 ? 'at times' : first;
  };
  const hasQuota = endpoint.access !== undefined;
  const quota = over((code) => when(hasQuota, quotaIsTold(code)));
  return {
    'Retry-After': over((code) => when(PROBLEMS[code].retryable, 'always')),
    RateLimit: quota,
    'RateLimit-Policy': quota,
    'WWW-Authenticate': over((code) => when(hasQuota, challenged(code, forSenders))),
    Allow: over((code) => when(code === 'method-not-allowed', 'always')),
    'X-Tc-Request-Id': over((code) =>
      when(hasQuota && canHaveUpstreamId(code, cancels(endpoint)), 'at times'),
    ),
    'Preference-Applied': over((code) =>
      when(cancels(endpoint) && !forSenders && code === 'task-already-finished', 'at times'),
    ),
  };
}

function challenged(code: ProblemCode, forSenders: boolean): Presence {
  if (code === 'unauthenticated' || code === 'insufficient-scope') return 'always';
  return code === 'invalid-request' && !forSenders ? 'at times' : 'never';
}
