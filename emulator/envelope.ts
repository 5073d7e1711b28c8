import { randomUUID } from 'node:crypto';

/**
 * The body of a successful response.
 *
 * @param data the action's own members
 * @returns JSON text: `{"Response": {…data, "RequestId"}}`
 */
export function successBody(data: object): string {
  return JSON.stringify({ Response: { ...data, RequestId: randomUUID() } });
}

/**
 * The body of a refusal, which the API sends with HTTP 200.
 *
 * @param detail the undocumented `Error.Detail` that DLC sometimes sends
 * @returns JSON text: `{"Response": {"Error": {"Code", "Message"}, "RequestId"}}`
 */
export function errorBody(code: string, message: string, detail?: string): string {
  const error = {
    Code: code,
    Message: message,
    ...(detail === undefined ? {} : { Detail: detail }),
  };
  return JSON.stringify({ Response: { Error: error, RequestId: randomUUID() } });
}

/**
 * Every code that the emulator responds with by itself, and its message. The codes before the gap are
 * the common ones of Tencent's API 3.0, the others are DLC's.
 */
const messages = {
  'AuthFailure.InvalidAuthorization':
    'The `Authorization` in the request headers does not meet the standard of TC3-HMAC-SHA256.',
  'AuthFailure.SecretIdNotFound': 'The SecretId is not found, please ensure that it is correct.',
  'AuthFailure.SignatureExpire':
    'The provided credentials have expired: X-TC-Timestamp differs from the time here by more than 5 minutes.',
  'AuthFailure.SignatureFailure':
    'The provided credentials could not be validated. Please check your signature is correct.',
  'AuthFailure.TokenFailure': 'The provided token is wrong or missing.',
  InternalError: 'An internal error has occurred.',
  InvalidAction: 'The request action is invalid or not found.',
  InvalidParameter: 'The parameter is invalid.',
  InvalidParameterValue: 'The value of a parameter is invalid.',
  InvalidRequest: 'The request is malformed.',
  MissingParameter: 'The request is missing a required parameter.',
  NoSuchVersion: 'The API version is not found.',
  RequestLimitExceeded: 'Your current request times exceeds the limit, please try again later.',
  RequestSizeLimitExceeded: 'The request is larger than 10 MB.',
  UnknownParameter: 'The parameter is not recognized.',
  UnsupportedProtocol: 'The request method is not supported, only GET and POST are.',
  UnsupportedRegion: 'The region is not supported.',

  'FailedOperation.AnotherRequestProcessing': 'Another request is being processed.',
  'InvalidParameter.FiltersValuesNumberOutOfLimit':
    'The number of values of a filter is out of the limit of 50.',
  'InvalidParameter.InvalidFilterLength': 'A filter needs at least one value.',
  'InvalidParameter.InvalidTaskId': 'The taskid is invalid.',
  'InvalidParameter.InvalidTimeFormat': 'A time must look like 2024-01-31 23:59:59.',
  'InvalidParameter.ParameterNotFoundOrBeNone': 'A required parameter is empty.',
  'InvalidParameter.SQLTaskFiltersKeyTypeNotMath': 'The name of a filter is not supported.',
  'InvalidParameter.SQLTaskSortByTypeNotMatch': 'SortBy or Sorting is not supported.',
  'InvalidParameter.TaskAlreadyFinished': 'The task has ended and cannot be canceled.',
  'InvalidParameter.TaskStateTypeNotMath': 'A value of the filter task-state is not a number.',
  'ResourceNotFound.TaskAlreadyFailed': 'The task has failed and cannot be canceled.',
} as const satisfies Record<string, string>;

/** A code that the emulator responds with by itself; injected faults may have any code. */
type ApiErrorCode = keyof typeof messages;

/** All of {@link ApiErrorCode}, for the test that compares them with DLC's own list. */
export const apiErrorCodes: readonly string[] = Object.keys(messages);

/** A refusal by the API. Actions throw it; api.ts turns it into a body. */
export class ApiError extends Error {
  readonly code: ApiErrorCode;

  constructor(code: ApiErrorCode, message: string = messages[code]) {
    super(message);
    this.code = code;
  }
}
