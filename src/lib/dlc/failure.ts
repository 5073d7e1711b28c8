import { printable } from '../http/message.ts';
import { Problem, type ProblemCode } from '../problems.ts';
import { ruleFor } from './errors.ts';
import { MAX_RESPONSE_BYTES, type Observation } from './connections.ts';

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

/** `code` and `requestId` are there in an API error as the SDK throws it, and only there both. */
interface Thrown {
  readonly code?: unknown;
  readonly requestId?: unknown;
  readonly message?: unknown;
}

/** The slot had expired when the request was about to be written: no attempt, and another slot is needed. */
export const EXPIRED: Failure = {
  outcome: 'did-not-happen',
  code: 'upstream-timeout',
  again: true,
  reason: 'its slot had expired',
};

/**
 * Classifies what the SDK threw, by what was seen on the wire.
 *
 * @param thrown duck-typed: bundling and minifying leave no class to test for
 * @param signal the attempt's: whether it was cut off, and why
 */
export function classify(thrown: unknown, seen: Observation, signal: AbortSignal): Failure {
  const error: Thrown = typeof thrown === 'object' && thrown !== null ? thrown : {};
  const reason = String(error.message ?? thrown);
  if (seen.isExpired) return EXPIRED;
  if (!seen.request) {
    // The SDK's own words may quote a header field, so they are left out.
    return signal.aborted
      ? cutOff(false, signal)
      : misconfigured('the SDK refused to send the request');
  }
  if (seen.status === 200 && isApiError(error)) return fromApiError(error, reason);
  if (seen.status !== undefined && seen.status !== 200) return fromStatus(seen.status);
  if (seen.bytes > MAX_RESPONSE_BYTES) return invalidResponse(TOO_LARGE);
  if (signal.aborted) return cutOff(seen.connected, signal);
  if (seen.status === 200) return invalidResponse(reason, error.requestId);
  if (seen.errorCode?.startsWith('HPE_')) return invalidResponse(seen.errorCode);
  const outcome = seen.connected ? 'unknown' : 'did-not-happen';
  return { outcome, code: 'upstream-unreachable', again: true, reason: seen.errorCode ?? reason };
}

export function misconfigured(reason: string): Failure {
  return { outcome: 'did-not-happen', code: 'gateway-misconfigured', again: false, reason };
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

function cutOff(connected: boolean, { reason: why }: AbortSignal): Failure {
  const outcome = connected ? 'unknown' : 'did-not-happen';
  const reason = why instanceof Error ? why.message : 'cut off';
  return { outcome, code: 'upstream-timeout', again: true, reason };
}

function isApiError(
  error: Thrown,
): error is { code: string; requestId: string; message?: unknown } {
  return isText(error.code) && isText(error.requestId);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function fromApiError(error: { code: string; requestId: string }, reason: string): Failure {
  return {
    ...ruleFor(error.code),
    upstreamCode: printable(error.code),
    upstreamRequestId: printable(error.requestId),
    reason,
  };
}

const BY_STATUS = new Map<number, Pick<Failure, 'code' | 'outcome'>>([
  [429, { code: 'upstream-rate-limited', outcome: 'did-not-happen' }],
  [502, { code: 'upstream-unreachable', outcome: 'unknown' }],
  [503, { code: 'upstream-unavailable', outcome: 'unknown' }],
  [504, { code: 'upstream-timeout', outcome: 'unknown' }],
]);

function fromStatus(status: number): Failure {
  const known = BY_STATUS.get(status);
  const reason = `HTTP status ${status}`;
  return known ? { ...known, again: true, reason } : invalidResponse(reason);
}

/** A lookup that failed, as the problem for a caller who asked for the task's state. */
export function toLookupProblem(failure: Failure): Problem {
  return new Problem(failure.code, { ...upstreamMembers(failure), reason: loggedReason(failure) });
}

/** Upstream's code and words, for the log: callers get no words of it, and not every code. */
export function loggedReason({ upstreamCode, reason }: LoggedFailure): string {
  return upstreamCode === undefined ? reason : `${upstreamCode}: ${reason}`;
}

type LoggedFailure = Pick<Failure, 'upstreamCode' | 'reason'>;

/** The members of a problem that name upstream's code and request. */
export function upstreamMembers(
  failure: Pick<Failure, 'code' | 'upstreamCode' | 'upstreamRequestId'>,
): {
  upstreamCode?: string;
  upstreamRequestId?: string;
} {
  const { code, upstreamCode, upstreamRequestId } = failure;
  // What exactly the cloud refused the gateway is for its operator, not for its callers.
  const tellsCode = upstreamCode !== undefined && code !== 'upstream-credentials-rejected';
  return {
    ...(tellsCode && { upstreamCode }),
    ...(upstreamRequestId !== undefined && { upstreamRequestId }),
  };
}
