/** Every problem that a caller can be told of. `problem.ts` has what is thrown, `http/problem-response.ts` what is answered. */

export interface ProblemKind {
  status: number;
  title: string;
  /** Our own sentence, used where the place that throws has nothing better to say. */
  detail: string;
  /** The same request may succeed later, unchanged. */
  retryable: boolean;
  /** Seconds for `Retry-After`, where the place that throws has computed none. */
  retryAfter?: number;
}

export const PROBLEMS = {
  'invalid-request': {
    status: 400,
    title: 'Invalid request',
    detail: 'The request is malformed.',
    retryable: false,
  },
  unauthenticated: {
    status: 401,
    title: 'Not authenticated',
    detail: 'Valid credentials of a kind that this route takes are needed.',
    retryable: false,
  },
  'insufficient-scope': {
    status: 403,
    title: 'Insufficient scope',
    detail: 'The credentials are valid, but do not carry the scope that this operation needs.',
    retryable: false,
  },
  'task-not-permitted': {
    status: 403,
    title: 'Task not permitted',
    detail: 'The credentials are valid, but not for this task.',
    retryable: false,
  },
  'principal-blocked': {
    status: 403,
    title: 'Principal blocked',
    detail: 'This caller has been blocked by the operator of the gateway.',
    retryable: false,
  },
  'route-not-found': {
    status: 404,
    title: 'Route not found',
    detail: 'There is nothing at this path.',
    retryable: false,
  },
  'method-not-allowed': {
    status: 405,
    title: 'Method not allowed',
    detail: 'This path does not take this method; the Allow header lists those that it takes.',
    retryable: false,
  },
  'request-timeout': {
    status: 408,
    title: 'Request timeout',
    detail: 'The request did not arrive in time.',
    retryable: false,
  },
  'payload-too-large': {
    status: 413,
    title: 'Payload too large',
    detail: 'The body is larger than this route takes.',
    retryable: false,
  },
  'unsupported-media-type': {
    status: 415,
    title: 'Unsupported media type',
    detail: 'The body must be application/json.',
    retryable: false,
  },
  'quota-exceeded': {
    status: 429,
    title: 'Quota exceeded',
    detail: 'This caller has used up its own quota.',
    retryable: true,
    retryAfter: 1,
  },
  'request-header-fields-too-large': {
    status: 431,
    title: 'Request header fields too large',
    detail: 'The header fields of the request are larger than the gateway takes.',
    retryable: false,
  },
  'internal-error': {
    status: 500,
    title: 'Internal error',
    detail: 'The gateway failed. Its log has the reason under this request id.',
    retryable: false,
  },
  'gateway-misconfigured': {
    status: 500,
    title: 'Gateway misconfigured',
    detail: 'The gateway is not set up correctly. Its log has the reason under this request id.',
    retryable: false,
  },
  'auth-provider-unavailable': {
    status: 503,
    title: 'Authentication provider unavailable',
    detail: 'The key that signed the token could not be fetched from its issuer.',
    retryable: true,
    retryAfter: 2,
  },
  'permission-check-unavailable': {
    status: 503,
    title: 'Permission check unavailable',
    detail:
      'DLC could not be asked which engine the task runs on, which the permission depends on.',
    retryable: true,
    retryAfter: 2,
  },
  overloaded: {
    status: 503,
    title: 'Overloaded',
    detail: 'The gateway has more requests under way than it can hold.',
    retryable: true,
    retryAfter: 2,
  },
  'upstream-rate-limited': {
    status: 429,
    title: 'Upstream rate limited',
    detail: 'The rate at which DLC takes cancellations is used up.',
    retryable: true,
    retryAfter: 1,
  },
  'upstream-operation-failed': {
    status: 502,
    title: 'Upstream operation failed',
    detail: 'DLC reports that the operation failed.',
    retryable: false,
  },
  'another-request-processing': {
    status: 409,
    title: 'Another request is being processed',
    detail: 'DLC is processing another request for this task.',
    retryable: true,
    retryAfter: 1,
  },
  'upstream-request-failed': {
    status: 502,
    title: 'Upstream request failed',
    detail: 'DLC could not reach the service behind it.',
    retryable: true,
    retryAfter: 2,
  },
  'upstream-internal-error': {
    status: 502,
    title: 'Upstream internal error',
    detail: 'DLC reports an internal error.',
    retryable: true,
    retryAfter: 2,
  },
  'task-not-found': {
    status: 404,
    title: 'Task not found',
    detail: 'DLC knows no such task in this region.',
    retryable: false,
  },
  'task-already-finished': {
    status: 409,
    title: 'Task already finished',
    detail: 'The task had already finished and can no longer be cancelled.',
    retryable: false,
  },
  'upstream-rejected-request': {
    status: 400,
    title: 'Upstream rejected the request',
    detail: 'DLC does not accept a parameter of this request.',
    retryable: false,
  },
  'upstream-credentials-rejected': {
    status: 502,
    title: 'Upstream credentials rejected',
    detail: "DLC does not accept the gateway's own credentials or permissions. Yours are fine.",
    retryable: false,
  },
  'upstream-quota-exceeded': {
    status: 429,
    title: 'Upstream quota exceeded',
    detail: 'A quota of the cloud account is used up.',
    retryable: true,
    retryAfter: 60,
  },
  'task-busy': {
    status: 409,
    title: 'Task busy',
    detail: 'DLC reports that the task, or what it depends on, is in use.',
    retryable: true,
    retryAfter: 1,
  },
  'operation-not-supported': {
    status: 409,
    title: 'Operation not supported',
    detail: 'DLC does not support cancelling this task.',
    retryable: false,
  },
  'upstream-unavailable': {
    status: 503,
    title: 'Upstream unavailable',
    detail: 'DLC is temporarily unavailable.',
    retryable: true,
    retryAfter: 2,
  },
  'upstream-error': {
    status: 502,
    title: 'Upstream error',
    detail: 'DLC reports an error that the gateway does not know.',
    retryable: false,
  },
  'upstream-unreachable': {
    status: 502,
    title: 'Upstream unreachable',
    detail: 'The connection to DLC failed.',
    retryable: true,
    retryAfter: 2,
  },
  'upstream-timeout': {
    status: 504,
    title: 'Upstream timeout',
    detail: 'DLC did not answer in time.',
    retryable: true,
    retryAfter: 2,
  },
  'upstream-invalid-response': {
    status: 502,
    title: 'Invalid upstream response',
    detail: 'DLC gave an answer that could not be understood.',
    retryable: true,
    retryAfter: 2,
  },
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;
