/** The problems that the gateway responds with (RFC 9457): the table of their codes, and the one error class. */

export interface ProblemKind {
  readonly status: number;
  /** Our own sentence, if the place that throws has nothing better to say. */
  readonly detail: string;
  /** The same request may succeed later, unchanged. */
  readonly retryable: boolean;
  /** Seconds for `Retry-After`, if the place that throws has computed none. */
  readonly retryAfter?: number;
}

/** @__NO_SIDE_EFFECTS__ @param retryAfter present: the same request may succeed after so many seconds */
function problem(status: number, detail: string, retryAfter?: number): ProblemKind {
  const retryable = retryAfter !== undefined;
  return { status, detail, retryable, ...(retryable && { retryAfter }) };
}

export const PROBLEMS = {
  'invalid-request': problem(400, 'The request is malformed.'),
  unauthenticated: problem(401, 'Valid credentials of a kind that this route takes are needed.'),
  'insufficient-scope': problem(403, 'The credentials lack the scope that this operation needs.'),
  'task-not-permitted': problem(403, 'The credentials are valid, but not for this task.'),
  'principal-blocked': problem(403, 'This caller has been blocked by the operator of the gateway.'),
  'origin-not-allowed': problem(403, 'Pages of this origin may not call this gateway.'),
  'confirmation-required': problem(
    403,
    'A person must confirm this cancellation, and this client cannot ask one.',
  ),
  'route-not-found': problem(404, 'There is nothing at this path.'),
  'method-not-allowed': problem(405, 'This path takes other methods; the Allow header lists them.'),
  'request-timeout': problem(408, 'The request did not arrive in time.'),
  'payload-too-large': problem(413, 'The body is larger than this route takes.'),
  'unsupported-media-type': problem(415, 'The body must be application/json.'),
  'quota-exceeded': problem(429, 'This caller has used up its own quota.', 1),
  'request-header-fields-too-large': problem(431, 'The header fields are too large together.'),
  'internal-error': problem(500, 'The gateway failed. Its log says why, under this request id.'),
  'gateway-misconfigured': problem(
    500,
    'The gateway is not set up correctly. Its log says why, under this request id.',
  ),
  'auth-provider-unavailable': problem(
    503,
    'The key that signed the token could not be fetched from its issuer.',
    2,
  ),
  'permission-check-unavailable': problem(
    503,
    'DLC could not be asked for the engine or the owner of the task, which the permission depends on.',
    2,
  ),
  overloaded: problem(503, 'The gateway has more requests in flight than it can hold.', 2),
  'upstream-rate-limited': problem(429, 'The rate at which DLC takes cancellations is used up.', 1),
  'upstream-operation-failed': problem(502, 'DLC reports that the operation failed.'),
  'another-request-processing': problem(409, 'DLC is processing another request for this task.', 1),
  'upstream-request-failed': problem(502, 'DLC could not reach the service behind it.', 2),
  'upstream-internal-error': problem(502, 'DLC reports an internal error.', 2),
  'task-not-found': problem(404, 'DLC knows no such task in this region.'),
  'task-already-finished': problem(409, 'The task had already finished and cannot be cancelled.'),
  'upstream-rejected-request': problem(400, 'DLC does not accept a parameter of this request.'),
  'upstream-credentials-rejected': problem(
    502,
    "DLC does not accept the gateway's own credentials or permissions. Yours are fine.",
  ),
  'upstream-quota-exceeded': problem(429, 'A quota of the cloud account is used up.', 60),
  'task-busy': problem(409, 'DLC reports that the task, or what it depends on, is in use.', 1),
  'operation-not-supported': problem(409, 'DLC does not support cancelling this task.'),
  'upstream-unavailable': problem(503, 'DLC is temporarily unavailable.', 2),
  'upstream-error': problem(502, 'DLC reports an error that the gateway does not know.'),
  'upstream-unreachable': problem(502, 'The connection to DLC failed.', 2),
  'upstream-timeout': problem(504, 'DLC did not respond in time.', 2),
  'upstream-invalid-response': problem(502, 'DLC gave a response that could not be understood.', 2),
} as const satisfies Record<string, ProblemKind>;

export type ProblemCode = keyof typeof PROBLEMS;

/** The code as words: `task-busy` is "Task busy". */
export function titleOf(code: ProblemCode): string {
  const words = code.replaceAll('-', ' ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** One thing that is wrong with a request, for the `errors` member of a validation problem. */
export interface Violation {
  in: 'path' | 'query' | 'header' | 'body';
  name: string;
  message: string;
}

export interface ProblemMembers {
  detail?: string;
  errors?: readonly Violation[];
  outcomeUnknown?: true | undefined;
  upstreamCode?: string | undefined;
  upstreamRequestId?: string | undefined;
  taskState?: string | undefined;
  /** Of a webhook delivery: what came of each task. */
  results?: readonly object[];
  'violated-policies'?: readonly string[];
  /** Of `/readyz`: the kind of what an operator has to mend. */
  fault?: string;
}

export interface ProblemOptions extends ProblemMembers {
  /** Header fields that belong to this problem, such as `WWW-Authenticate` or `Allow`. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds, whole: overrides the table's. */
  retryAfter?: number | undefined;
  /** Another status than the table's, in the one place where a probe expects it. */
  status?: number;
  /** For the log alone: why, in a few words that name no secret. Never reaches a caller. */
  reason?: string | undefined;
}

/** The one error of the gateway. Code throws it, and the middleware `problemDetails` turns it into a response. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly members: ProblemMembers;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;
  readonly reason: string | undefined;
  readonly status: number;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const kind: ProblemKind = PROBLEMS[code];
    const { headers, retryAfter, reason, status = kind.status, ...members } = options;
    super(members.detail ?? kind.detail);
    this.code = code;
    this.status = status;
    this.members = members;
    this.headers = headers ?? {};
    this.reason = reason;
    this.retryAfter = kind.retryable ? (retryAfter ?? kind.retryAfter) : undefined;
  }

  get kind(): ProblemKind {
    return PROBLEMS[this.code];
  }
}
