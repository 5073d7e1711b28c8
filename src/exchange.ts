import type { Principal, Scheme, Scope } from './lib/auth/principal.ts';
import type { Config } from './lib/config.ts';
import type { Deadline } from './lib/deadline.ts';
import type { Upstream } from './lib/dlc/cancel.ts';
import type { CancelAnswer } from './lib/dlc/outcome.ts';
import type { SharedWork } from './lib/dlc/shared-work.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import type { Limiter } from './lib/limit/limiter.ts';
import type { Route } from './lib/http/router.ts';
import { Problem } from './lib/problem.ts';
import type { Slots } from './lib/slots.ts';
import type { TaskRef } from './lib/task-request.ts';

/** A request on its way, and the routes and endpoints that it can be on its way to. */

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
  /** Header fields that tell the caller's quota, once it was looked at. */
  quotaFields?: Readonly<Record<string, string>>;
  task?: TaskRef;
}

export interface Story {
  outcome?: string;
  upstreamRequestId?: string;
  attempts: number;
  upstreamMs: number;
  /** Spent waiting for turns upstream. */
  waitMs: number;
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

/** What the handlers have to work with. */
export interface Services {
  readonly config: Config;
  /** DLC, for one request: what it does there is told in the request's story. */
  upstreamFor(exchange: Exchange): Upstream;
  /** Cancellations under way in this instance: the same one asked for twice goes upstream once. */
  readonly cancellations: SharedWork<CancelAnswer>;
  /** The pace upstream, and the callers' quotas. */
  readonly limiter: Limiter;
  /** `Prefer: wait` under way in this instance. */
  readonly waits: Slots;
}

/** One method of one route, and what must hold before its handler is called. */
export interface Endpoint {
  /** Absent: open to anybody. */
  readonly access?: { readonly schemes: readonly Scheme[]; readonly scope: Scope };
  readonly maxBodyBytes: number;
  /** The task that the request is about; `undefined` where it is about none after all. */
  readonly readTask?: (exchange: Exchange, config: Config) => TaskRef | undefined;
  readonly handle: (exchange: Exchange, services: Services) => Promise<HttpResponse> | HttpResponse;
}

export interface GatewayRoute extends Route<Endpoint> {
  /** Called from frontends: takes part in CORS. */
  readonly forBrowsers: boolean;
  /** Called by webhook senders, whose retries are steered by the status. */
  readonly forSenders: boolean;
}

/** A body that no route asks for is ignored, but not read past this. */
export const UNUSED_BODY_BYTES = 8 * 1024;
