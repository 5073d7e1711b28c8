import { PROBLEMS, type ProblemCode, type ProblemKind } from './problems.ts';

/**
 * The one error of the gateway: code throws a `Problem`, and `http/problem-response.ts` turns it into
 * RFC 9457 once, at the rim.
 */

/** One thing that is wrong with a request, for the `errors` member of a validation problem. */
export interface Violation {
  in: 'path' | 'query' | 'header' | 'body';
  name: string;
  message: string;
}

export interface ProblemMembers {
  detail?: string;
  errors?: readonly Violation[];
  outcomeUnknown?: true;
  upstreamCode?: string;
  upstreamRequestId?: string;
  taskState?: string;
  'violated-policies'?: readonly string[];
}

export interface ProblemOptions extends ProblemMembers {
  /** Header fields that belong to this problem, such as `WWW-Authenticate` or `Allow`. */
  headers?: Readonly<Record<string, string>>;
  /** Seconds, whole: overrides the table's. */
  retryAfter?: number;
  /** For the log alone: why, in a few words that name no secret. Never reaches a caller. */
  reason?: string;
  /** For the log alone; never reaches a caller. */
  cause?: unknown;
}

/** What the gateway throws where a request cannot be served. */
export class Problem extends Error {
  readonly code: ProblemCode;
  readonly members: ProblemMembers;
  readonly headers: Readonly<Record<string, string>>;
  readonly retryAfter: number | undefined;
  readonly reason: string | undefined;

  constructor(code: ProblemCode, options: ProblemOptions = {}) {
    const { headers, retryAfter, reason, cause, ...members } = options;
    const kind: ProblemKind = PROBLEMS[code];
    // A stack takes longer than all the rest of a refusal, and nobody reads it: code and reason tell what happened.
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    super(members.detail ?? kind.detail, cause === undefined ? undefined : { cause });
    Error.stackTraceLimit = stackTraceLimit;
    this.code = code;
    this.members = members;
    this.headers = headers ?? {};
    this.reason = reason;
    this.retryAfter = kind.retryable ? (retryAfter ?? kind.retryAfter) : undefined;
  }

  get kind(): ProblemKind {
    return PROBLEMS[this.code];
  }
}
