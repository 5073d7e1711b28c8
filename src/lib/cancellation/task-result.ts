import type { ProblemCode } from '../problems.ts';

/**
 * What became of one of several tasks.
 *
 * @typeParam Id `string | null` for deliveries: what stands in the place of an id may be no text
 */
export interface TaskResult<Id extends string | null = string> {
  readonly taskId: Id;
  /** As `DELETE` would have answered. */
  readonly status: number;
  /** Of a success. */
  readonly outcome?: string;
  readonly confirmed?: false;
  /** Of a failure. */
  readonly code?: ProblemCode;
  readonly detail?: string;
  readonly retryable?: boolean;
  readonly outcomeUnknown?: true | undefined;
  /** Seconds; there if the same cancellation may succeed later. */
  readonly retryAfter?: number | undefined;
  readonly taskState?: string | undefined;
  readonly upstreamCode?: string | undefined;
  readonly upstreamRequestId?: string | undefined;
}
