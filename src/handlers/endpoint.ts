import type { Exchange } from '../exchange.ts';
import type { Scheme, Scope } from '../lib/auth/principal.ts';
import type { Config } from '../lib/config.ts';
import type { Upstream } from '../lib/dlc/cancel.ts';
import type { CancelAnswer } from '../lib/dlc/outcome.ts';
import type { SharedWork } from '../lib/dlc/shared-work.ts';
import type { HttpResponse } from '../lib/http/message.ts';
import type { Route } from '../lib/http/router.ts';
import type { Slots } from '../lib/slots.ts';
import type { TaskRef } from '../lib/task-request.ts';

/** What the handlers have to work with. */
export interface Services {
  readonly config: Config;
  /** DLC, for one request: what it does there is told in the request's story. */
  upstreamFor(exchange: Exchange): Upstream;
  /** Cancellations under way in this instance: the same one asked for twice goes upstream once. */
  readonly cancellations: SharedWork<CancelAnswer>;
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
