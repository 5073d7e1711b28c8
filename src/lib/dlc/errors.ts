import type { ProblemCode } from '../problems.ts';

/**
 * What each of DLC's error codes means: the one place where an upstream code becomes a problem.
 * All codes that the API defines have their row here by intent (`test/lib/dlc/errors.test.ts`).
 */
export interface UpstreamRule {
  readonly code: ProblemCode;
  /** `unknown`: the code does not say whether the cancellation took effect. */
  readonly outcome: 'refused' | 'unknown';
  /** Whether the gateway tries again by itself. */
  readonly again: boolean;
}

const refused = (code: ProblemCode): UpstreamRule => ({ code, outcome: 'refused', again: false });
const refusedForNow = (code: ProblemCode): UpstreamRule => ({ ...refused(code), again: true });
const unknown = (code: ProblemCode): UpstreamRule => ({ code, outcome: 'unknown', again: false });
const unknownForNow = (code: ProblemCode): UpstreamRule => ({ ...unknown(code), again: true });

const PERMISSION = refused('upstream-credentials-rejected');
const NOT_FOUND = refused('task-not-found');
const FINISHED = refused('task-already-finished');
const BUSY_WITH_ANOTHER = refusedForNow('another-request-processing');
const MISCONFIGURED = refused('gateway-misconfigured');
const UNAVAILABLE = refused('upstream-unavailable');

/** These codes and no others: what is definite about the task is never inferred from a family. */
export const EXACT_CODES: Readonly<Record<string, UpstreamRule>> = {
  'FailedOperation.AnotherRequestProcessing': BUSY_WITH_ANOTHER,
  'FailedOperation.AnotherProcessRunning': BUSY_WITH_ANOTHER,
  'FailedOperation.HttpClientDoRequestFailed': unknownForNow('upstream-request-failed'),
  'FailedOperation.NoPermission': PERMISSION,
  'FailedOperation.NoPermissionToUseTheDataEngine': PERMISSION,
  'InvalidParameter.InvalidTaskId': NOT_FOUND,
  'InvalidParameter.TaskNotFound': NOT_FOUND,
  'InvalidParameter.SQLTaskNotFound': NOT_FOUND,
  'InvalidParameter.TaskAlreadyFinished': FINISHED,
  ResourceNotFound: NOT_FOUND,
  'ResourceNotFound.TaskInfoNotFound': NOT_FOUND,
  'ResourceNotFound.BatchSQLTaskNotFound': NOT_FOUND,
  'ResourceNotFound.TaskAlreadyFinished': FINISHED,
  'ResourceNotFound.TaskAlreadyFailed': FINISHED,
  // Permission, in spite of the name.
  'ResourcesSoldOut.UnauthorizedOperation': PERMISSION,
  'ResourcesSoldOut.UnauthorizedGrantPolicy': PERMISSION,
  'ResourcesSoldOut.UnauthorizedRevokePolicy': PERMISSION,
};

/** `X`, which has no point, stands for `X` itself and every `X.…`. */
export const FAMILIES: Readonly<Record<string, UpstreamRule>> = {
  FailedOperation: unknown('upstream-operation-failed'),
  InternalError: unknownForNow('upstream-internal-error'),
  // An engine, a session or a role does not exist: that says nothing about the task.
  ResourceNotFound: unknown('upstream-operation-failed'),
  InvalidParameter: refused('upstream-rejected-request'),
  InvalidParameterValue: refused('upstream-rejected-request'),
  MissingParameter: MISCONFIGURED,
  UnknownParameter: MISCONFIGURED,
  InvalidAction: MISCONFIGURED,
  InvalidRequest: MISCONFIGURED,
  NoSuchVersion: MISCONFIGURED,
  NoSuchProduct: MISCONFIGURED,
  UnsupportedProtocol: MISCONFIGURED,
  RequestSizeLimitExceeded: MISCONFIGURED,
  UnsupportedRegion: MISCONFIGURED,
  RegionError: MISCONFIGURED,
  AuthFailure: PERMISSION,
  UnauthorizedOperation: PERMISSION,
  IpInBlacklist: PERMISSION,
  IpNotInWhitelist: PERMISSION,
  RequestLimitExceeded: refusedForNow('upstream-rate-limited'),
  LimitExceeded: refused('upstream-quota-exceeded'),
  ResourceInUse: refused('task-busy'),
  UnsupportedOperation: refused('operation-not-supported'),
  OperationDenied: refused('operation-not-supported'),
  ResourceInsufficient: UNAVAILABLE,
  ResourcesSoldOut: UNAVAILABLE,
  ResourceUnavailable: UNAVAILABLE,
  ServiceUnavailable: refusedForNow('upstream-unavailable'),
  ActionOffline: UNAVAILABLE,
};

/** `ResponseSizeLimitExceeded`, `DryRunOperation`, `InvalidParameterCombination`, and codes that are new. */
const ANYTHING_ELSE = unknown('upstream-error');

/** The rule for one of DLC's codes: the exact code first, then its family, then the rest. */
export function ruleFor(upstreamCode: string): UpstreamRule {
  const [family = ''] = upstreamCode.split('.');
  return own(EXACT_CODES, upstreamCode) ?? own(FAMILIES, family) ?? ANYTHING_ELSE;
}

function own(rules: Readonly<Record<string, UpstreamRule>>, key: string): UpstreamRule | undefined {
  return Object.hasOwn(rules, key) ? rules[key] : undefined;
}
