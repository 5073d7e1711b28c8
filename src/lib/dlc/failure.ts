import { printable } from '../http/message.ts';
import { Problem, type ProblemCode, type ProblemOptions } from '../problems.ts';
import { ruleFor } from './errors.ts';
import { MAX_RESPONSE_BYTES, type ObservedAgent } from './connections.ts';

/**
 * A call to DLC that did not succeed. `outcome` says whether a cancellation took effect: DLC said no
 * (`refused`), nothing reached DLC or DLC turned it away (`did-not-happen`), or this cannot be known
 * (`unknown`).
 */
export interface Failure {
  readonly outcome: 'refused' | 'did-not-happen' | 'unknown';
  readonly code: ProblemCode;
  /** Whether the gateway tries again by itself, and if so how often at most. */
  readonly again: boolean | 'once';
  /** Seconds until it may be different, if that is known. */
  readonly retryAfter?: number;
  readonly upstreamCode?: string;
  readonly upstreamRequestId?: string;
  /** Upstream's words or the transport's, for the log alone. */
  readonly reason: string;
  /** For the caller, if it differs from the problem's own sentence. */
  readonly detail?: string;
}

/** Nothing reached DLC, and the gateway does not try again by itself. */
export function notSent(code: ProblemCode, reason: string): Failure {
  return { outcome: 'did-not-happen', code, again: false, reason };
}

/** The slot had expired when the request was about to be written: no attempt, and another slot is needed. */
export const EXPIRED = notSent('upstream-timeout', 'its slot had expired');

/**
 * Classifies what the SDK threw, by what was seen on the wire.
 *
 * @param thrown duck-typed: bundling and minifying leave no class to test for
 */
export function classify(thrown: unknown, seen: ObservedAgent): Failure {
  const { signal } = seen.call;
  const error: Thrown = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const { code, requestId } = error;
  const reason = String(error.message ?? thrown);
  if (seen.isExpired) return EXPIRED;
  // The SDK's own words may quote a header field, so they are left out.
  if (!seen.request && !signal.aborted) {
    return notSent('gateway-misconfigured', 'the SDK refused to send the request');
  }
  if (seen.status === 200 && isText(code) && isText(requestId)) {
    const ids = { upstreamCode: printable(code), upstreamRequestId: printable(requestId) };
    return { ...ruleFor(code), ...ids, reason };
  }
  if (seen.status !== undefined && seen.status !== 200) {
    const known = BY_STATUS.get(seen.status);
    const status = `HTTP status ${seen.status}`;
    return known ? { ...known, again: true, reason: status } : invalidResponse(status);
  }
  if (seen.bytes > MAX_RESPONSE_BYTES) return invalidResponse(TOO_LARGE);
  const outcome = seen.isConnected ? 'unknown' : 'did-not-happen';
  if (signal.aborted) {
    const why = signal.reason instanceof Error ? signal.reason.message : 'cut off';
    return { outcome, code: 'upstream-timeout', again: true, reason: why };
  }
  if (seen.status === 200) return invalidResponse(reason, requestId);
  if (seen.errorCode?.startsWith('HPE_')) return invalidResponse(seen.errorCode);
  return { outcome, code: 'upstream-unreachable', again: true, reason: seen.errorCode ?? reason };
}

/** The SDK throws an API error with both a `code` and a `requestId`, and nothing else with both. */
interface Thrown {
  readonly code?: unknown;
  readonly requestId?: unknown;
  readonly message?: unknown;
}

const TOO_LARGE = 'response too large';

/** Whether a smaller question may have a response. */
export function isTooLarge({ reason }: Pick<Failure, 'reason'>): boolean {
  return reason === TOO_LARGE;
}

/** A response that says nothing reliable: the call is tried again once, and it never counts as a "no". */
export function invalidResponse(reason: string, requestId?: unknown): Failure {
  const id = isText(requestId) ? { upstreamRequestId: printable(requestId) } : {};
  return { outcome: 'unknown', code: 'upstream-invalid-response', again: 'once', reason, ...id };
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

const BY_STATUS = new Map<number, Pick<Failure, 'code' | 'outcome'>>([
  [429, { code: 'upstream-rate-limited', outcome: 'did-not-happen' }],
  [502, { code: 'upstream-unreachable', outcome: 'unknown' }],
  [503, { code: 'upstream-unavailable', outcome: 'unknown' }],
  [504, { code: 'upstream-timeout', outcome: 'unknown' }],
]);

/**
 * A call that failed, as the problem for a caller.
 *
 * @param more what else is known, or what is known better
 */
export function toProblem(failure: Failure, more: ProblemOptions = {}): Problem {
  const { code, upstreamCode, upstreamRequestId, retryAfter, detail } = failure;
  // What exactly the cloud refused the gateway is for its operator, not for its callers.
  const isForCallers = code !== 'upstream-credentials-rejected';
  return new Problem(code, {
    upstreamCode: isForCallers ? upstreamCode : undefined,
    upstreamRequestId,
    retryAfter,
    reason: loggedReason(failure),
    ...(detail !== undefined && { detail }),
    ...more,
  });
}

/** Upstream's code and words, for the log: callers get no words of it, and not every code. */
export function loggedReason({ upstreamCode, reason }: Failure): string {
  return upstreamCode === undefined ? reason : `${upstreamCode}: ${reason}`;
}
