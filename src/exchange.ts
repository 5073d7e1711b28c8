import type { Principal } from './lib/auth/principal.ts';
import type { Deadline } from './lib/deadline.ts';
import type { HttpRequest } from './lib/http/message.ts';
import { Problem } from './lib/problem.ts';
import type { TaskRef } from './lib/task-request.ts';
import type { GatewayRoute, Endpoint } from './handlers/endpoint.ts';

/** One request on its way through the gateway, with what each stage has found out so far. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly deadline: Deadline;
  /** What the access line tells beside what stands here. */
  readonly story: Story;
  route?: GatewayRoute;
  endpoint?: Endpoint;
  /** The route's parameter, still percent-encoded. */
  parameter?: string;
  body?: Buffer;
  principal?: Principal;
  task?: TaskRef;
}

export interface Story {
  outcome?: string;
  upstreamRequestId?: string;
  attempts: number;
  upstreamMs: number;
  problem?: Problem;
}

/** What an earlier stage must have put there; its absence is a defect, and fails closed. */
export function required<K extends keyof Exchange>(
  exchange: Exchange,
  key: K,
): NonNullable<Exchange[K]> {
  const value = exchange[key];
  if (value === undefined || value === null) {
    throw new Problem('internal-error', { reason: `no ${key} yet` });
  }
  return value;
}
