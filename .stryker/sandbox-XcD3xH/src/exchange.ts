import type { ApiDocument } from './lib/api-document.ts';
import type { Principal, Scheme, Scope } from './lib/auth/principal.ts';
import type { Config } from './lib/config/config.ts';
import type { Deadline } from './lib/deadline.ts';
import type { Upstream } from './lib/cancellation/cancel.ts';
import type { CancelAnswer } from './lib/cancellation/outcome.ts';
import type { SharedWork } from './lib/dlc/shared-work.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import type { Limiter } from './lib/rate-limit/limiter.ts';
import type { Route } from './lib/http/router.ts';
import { Problem } from './lib/problem.ts';
import type { Slots } from './lib/slots.ts';
import type { TaskRef } from './lib/task-request.ts';

/** A request on its way, and the routes and endpoints that it can be on its way to. */

/** One request on its way through the gateway, with what each stage has found out so far. */
export interface Exchange {
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Of the trace that the request belongs to; DLC is told it in every call. */
  readonly traceId: string;
  /** Milliseconds since the epoch. */
  readonly startedAt: number;
  readonly deadline: Deadline;
  /** It came when as many were under way as the gateway holds. */
  readonly isOneTooMany: boolean;
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
  /** The caller may do to the task what it asks for. */
  isPermitted?: true;
}

export interface Story {
  outcome?: string;
  /** False: probably taken by an attempt that was never answered. */
  confirmed?: false;
  upstreamRequestId?: string;
  problem?: Problem;
  /** What was done upstream for this request alone. */
  readonly own: Tally;
  /** What was done upstream for everybody who asked for the same cancellation at the same time. */
  shared?: { readonly tally: Tally; readonly isJoined: boolean };
}

/** What was done upstream, counted while it is done: whoever leaves early still has it told. */
export interface Tally {
  /** Of CancelTask. */
  attempts: number;
  /** Spent in calls to DLC; nothing where there was none. */
  upstreamMs?: number;
  /** Spent waiting for turns upstream. */
  waitMs: number;
  /** Name of the task's engine, where DLC was asked for the task. */
  engine?: string;
}

export function newTally(): Tally {
  return { attempts: 0, waitMs: 0 };
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
  /** DLC, for one request. @param tally told what is done there; by default the request's own */
  upstreamFor(exchange: Exchange, tally?: Tally): Upstream;
  /** Cancellations under way in this instance: the same one asked for twice goes upstream once. */
  readonly cancellations: SharedWork<CancelAnswer, Tally>;
  /** The pace upstream, and the callers' quotas. */
  readonly limiter: Limiter;
  /** `Prefer: wait` under way in this instance. */
  readonly waits: Slots;
  /** The OpenAPI document; nothing where the build's file is not there. */
  readonly document: () => ApiDocument | undefined;
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
