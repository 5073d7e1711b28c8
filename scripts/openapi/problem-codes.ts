import { EXACT_CODES, FAMILIES, ruleFor } from '../../src/lib/dlc/errors.ts';
import type { CallerEndpoint, Endpoint, Route } from '../../src/endpoint.ts';
import { CODES, type OperationWords } from '../../src/lib/words.openapi.ts';
import { isAcknowledged, responseForSender } from '../../src/lib/webhooks/sender-response.ts';
import { Problem, PROBLEMS, type ProblemCode } from '../../src/lib/problems.ts';

/** Which problems an operation can answer with: from DLC's table, and from the steps on the way of a request. */

/** The status of a problem. To a webhook's sender that is 200 if the problem is acknowledged. */
function statusFor(code: ProblemCode, forSenders: boolean): number {
  if (!forSenders) return PROBLEMS[code].status;
  return responseForSender(new Problem(code), { requestId: '-', typePrefix: '' }).status;
}

/** The statuses of a problem of an endpoint; a 200 is no problem, but an acknowledgement. */
export function statusesFor(code: ProblemCode, route: Route, { access }: Endpoint): number[] {
  if (!access?.isBySender) return [statusFor(code, route.isForSenders === true)];
  const problem = new Problem(code);
  if (isAcknowledged(problem) || code === 'upstream-rejected-request') return [200];
  // DLC says so of a task, or the settings are wrong.
  if (code === 'gateway-misconfigured') return [500, 503];
  const isLater = problem.kind.retryable || (UPSTREAM.has(code) && problem.status >= 500);
  return [isLater ? 503 : statusFor(code, true)];
}

/** A cancellation or a lookup: whatever DLC may say (`lib/dlc/errors.ts`), and the transport's. */
const UPSTREAM: ReadonlySet<ProblemCode> = new Set([
  ...[...Object.values(EXACT_CODES), ...Object.values(FAMILIES), ruleFor('')].map(
    ({ code }) => code,
  ),
  'upstream-unreachable',
  'upstream-timeout',
  'upstream-invalid-response',
]);

/** One of DLC's codes that becomes the problem; nothing where no known one does. */
export function upstreamCodeFor(code: ProblemCode): string | undefined {
  const known = [...Object.keys(EXACT_CODES), ...Object.keys(FAMILIES)];
  return known.find((upstreamCode) => ruleFor(upstreamCode).code === code);
}

/** After these the cancellation may have taken effect (`outcomeUnknown`): always, or at times. */
const UNKNOWN_ALWAYS: ReadonlySet<ProblemCode> = new Set([
  'upstream-operation-failed',
  'upstream-request-failed',
  'upstream-internal-error',
  'upstream-error',
  'upstream-invalid-response',
]);
const UNKNOWN_AT_TIMES: ReadonlySet<ProblemCode> = new Set([
  'upstream-unavailable',
  'upstream-unreachable',
  'upstream-timeout',
]);

export function outcomeUnknown(code: ProblemCode): 'always' | 'at times' | 'never' {
  if (UNKNOWN_ALWAYS.has(code)) return 'always';
  return UNKNOWN_AT_TIMES.has(code) ? 'at times' : 'never';
}

/** Every request to a known path: if the settings are wrong, all are refused; Node's own 408 can end any. */
const EVERYWHERE: readonly ProblemCode[] = [
  'invalid-request',
  'request-timeout',
  'payload-too-large',
  'request-header-fields-too-large',
  'internal-error',
  'gateway-misconfigured',
];

const AUTHENTICATED: readonly ProblemCode[] = [
  'overloaded',
  'unauthenticated',
  'principal-blocked',
  'quota-exceeded',
  'insufficient-scope',
];

/** Of the routes that tools stand for: an agent gets them as results. */
const OF_ROUTES: ReadonlySet<ProblemCode> = new Set(['quota-exceeded', 'insufficient-scope']);

/** The problems of an endpoint, in the order of the table. */
export function problemsOf(
  endpoint: Endpoint,
  { problems = [], about }: Pick<OperationWords, 'problems' | 'about'>,
): ProblemCode[] {
  const { access } = endpoint;
  const isIn = new Set<ProblemCode>([
    ...EVERYWHERE,
    ...(access ? AUTHENTICATED.filter((code) => !access.isForAgents || !OF_ROUTES.has(code)) : []),
    ...(access && about !== 'each' ? (['task-not-permitted', ...UPSTREAM] as const) : []),
    ...(access && about === undefined ? (['permission-check-unavailable'] as const) : []),
    ...(access?.schemes.includes('bearer') ? (['auth-provider-unavailable'] as const) : []),
    ...problems,
  ]);
  return CODES.filter((code) => isIn.has(code));
}

/** Whether a problem has the fields of the caller's quota: it comes up before or after that step. */
export function quotaFieldsOn(
  code: ProblemCode,
  { maxBytes, access }: Partial<Pick<CallerEndpoint, 'maxBytes' | 'access'>> = {},
): 'always' | 'at times' | 'never' {
  if (access?.isForAgents) return code === 'internal-error' ? 'at times' : 'never';
  if (AT_TIMES.has(code)) return 'at times';
  // A signed body is read before.
  if (OF_BODY.has(code) && maxBytes && !access?.schemes.includes('webhook')) return 'at times';
  return BEFORE_QUOTA.has(code) ? 'never' : 'always';
}

const OF_BODY = new Set<ProblemCode>(['request-timeout', 'payload-too-large']);
const AT_TIMES = new Set<ProblemCode>([
  'overloaded',
  'invalid-request',
  'internal-error',
  'gateway-misconfigured',
]);
const BEFORE_QUOTA = new Set<ProblemCode>([
  'unauthenticated',
  'principal-blocked',
  'route-not-found',
  'method-not-allowed',
  'request-timeout',
  'payload-too-large',
  'request-header-fields-too-large',
  'auth-provider-unavailable',
]);

/**
 * Whether the problem can have DLC's own id of the request: DLC answered, with an id. If the last attempt of a
 * cancellation had none, it is another attempt's or the lookup's.
 */
export function canHaveUpstreamId(code: ProblemCode, cancels: boolean): boolean {
  const silent = code === 'upstream-unreachable' || code === 'upstream-timeout';
  return UPSTREAM.has(code) && (cancels || !silent);
}
