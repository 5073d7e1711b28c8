import { Refusal, type RefusalStatus } from './refusal.ts';

type Row = readonly [status: RefusalStatus, code: string, retryAfter?: number];

const NOT_FOUND: Row = [404, 'task-not-found'];
const FINISHED: Row = [409, 'task-already-finished'];
const UNAVAILABLE: Row = [503, 'upstream-unavailable', 2];
const CREDENTIALS: Row = [502, 'upstream-credentials-rejected'];

/** DLC's codes that somebody who writes this service would tell apart: not all 293 of them. */
const CODES: Readonly<Record<string, Row>> = {
  'FailedOperation.AnotherRequestProcessing': [409, 'another-request-processing', 1],
  'InvalidParameter.InvalidTaskId': NOT_FOUND,
  'InvalidParameter.TaskNotFound': NOT_FOUND,
  ResourceNotFound: NOT_FOUND,
  'InvalidParameter.TaskAlreadyFinished': FINISHED,
  'ResourceNotFound.TaskAlreadyFailed': FINISHED,
  'ResourceNotFound.TaskAlreadyFinished': FINISHED,
};

/** By what stands before a code's first dot. */
const FAMILIES: Readonly<Record<string, Row>> = {
  AuthFailure: CREDENTIALS,
  FailedOperation: [502, 'upstream-operation-failed'],
  InternalError: [502, 'upstream-internal-error', 2],
  InvalidParameter: [400, 'upstream-rejected-request'],
  InvalidParameterValue: [400, 'upstream-rejected-request'],
  LimitExceeded: [429, 'upstream-quota-exceeded', 60],
  OperationDenied: [409, 'operation-not-supported'],
  RequestLimitExceeded: [429, 'upstream-rate-limited', 1],
  ResourceInUse: [409, 'task-busy', 1],
  ResourceInsufficient: UNAVAILABLE,
  ResourceUnavailable: UNAVAILABLE,
  ServiceUnavailable: UNAVAILABLE,
  UnauthorizedOperation: CREDENTIALS,
  UnsupportedOperation: [409, 'operation-not-supported'],
};

const STATUSES: Readonly<Record<number, Row>> = {
  429: [429, 'upstream-rate-limited', 1],
  503: UNAVAILABLE,
  504: [504, 'upstream-timeout', 2],
};

/** What is known of a call to DLC that failed; unknown members are absent. */
export interface UpstreamFailure {
  /** DLC's error code. */
  readonly code?: string | undefined;
  /** Where the answer was no 200. */
  readonly httpCode?: number | undefined;
  readonly message: string;
}

/** How a failure upstream is answered: by its code, else by its HTTP status, else as that of a connection. */
export function toRefusal({ code, httpCode, message }: UpstreamFailure): Refusal {
  const [status, ours, retryAfter] = rowFor(code, httpCode, message);
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  return new Refusal(status, ours, 'DLC has not taken the cancellation.', headers);
}

function rowFor(code: string | undefined, httpCode: number | undefined, message: string): Row {
  if (code) {
    return CODES[code] ?? FAMILIES[code.split('.')[0] ?? ''] ?? [502, 'upstream-error'];
  }
  if (httpCode !== undefined) return STATUSES[httpCode] ?? [502, 'upstream-invalid-response', 2];
  // The SDK and Node say in the message alone that time was up.
  return /time(d ?)?out/i.test(message)
    ? [504, 'upstream-timeout', 2]
    : [502, 'upstream-unreachable', 2];
}
