import type { Principal, Scheme, Scope } from './lib/auth/principal.ts';
import type { Clock, Deadline } from './lib/clock.ts';
import type { CloudCredentials, DlcClient, UpstreamStats } from './lib/dlc/client.ts';
import type { Lookup } from './lib/dlc/describe-task.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import type { problemResponse } from './lib/http/response.ts';
import type { Limiter } from './lib/rate-limit/limiter.ts';
import type { Log } from './lib/observability/log.ts';
import type { Problem } from './lib/problems.ts';
import type { TaskRef } from './lib/tasks.ts';
import type { ApiDocument } from './lib/api-document.ts';
import type { ConcurrencyLimit } from './lib/concurrency-limit.ts';
import type { Read } from './lib/webhooks/deliveries.ts';
import type { WebhookSender } from './lib/webhooks/webhook-senders.ts';
import type { Settings } from './settings.ts';

/** Routes, the endpoints behind their methods, and what each step knows of a request. */

/** What middlewares and handlers work with: made once for each process. */
export interface Deps {
  readonly settings: Settings;
  readonly dlc: DlcClient;
  /** The rate limit upstream, and the callers' quotas. */
  readonly limiter: Limiter;
  readonly log: Log;
  readonly clock: Clock;
  /** From 0 to 1, as `Math.random` gives it. */
  readonly random: () => number;
  /** Bounds the `Prefer: wait` of one principal. */
  readonly waits: ConcurrencyLimit;
  /** Bounds the requests of one principal that are in flight. */
  readonly inFlight: ConcurrencyLimit;
  /** The OpenAPI document; `undefined` if the build's file is not there. */
  readonly document: () => ApiDocument | undefined;
  readonly load: Load;
}

/** How many requests there are now. */
export interface Load {
  /** All that have no response yet. */
  inFlight: number;
  /** Those of authenticated callers within their quota. */
  admitted: number;
  /** Attempts that wait for a slot upstream. */
  waiting: number;
}

/** One method of one route, open to everybody. */
export interface OpenEndpoint {
  readonly access?: never;
  handle(context: RequestContext & Routed, deps: Deps): Promise<HttpResponse> | HttpResponse;
}

/** What an endpoint reads from a request: the task that it is about, or several. */
export interface TaskInput {
  readonly task?: TaskRef | undefined;
  /** Each costs a unit of the quota, and has its own permission, result and audit lines. */
  readonly tasks?: readonly TaskRef[];
  /** Nothing is cancelled. */
  readonly dryRun?: boolean;
}

/**
 * One method of one route, for callers who authenticate.
 *
 * @typeParam Input what `validate` reads from the request, and `handle` gets
 * @typeParam Added `Batched` if `validate` gives `tasks`
 */
export interface CallerEndpoint<Input extends TaskInput = TaskInput, Added = unknown> {
  readonly access: {
    readonly schemes: readonly Scheme[];
    readonly scope: Scope;
    /** The URL names the webhook sender, whose entry says how it proves itself. */
    readonly isBySender?: true;
    /** What is asked for stands in the body: the scope is that of another endpoint, which is called. */
    readonly isForAgents?: true;
  };
  /** Absent: no body is read. `isSigned`: authentication needs it. */
  readonly body?: { readonly maxBytes: number; readonly isSigned: boolean };
  /** @throws Problem `invalid-request`, `unsupported-media-type` */
  validate(context: CallerContext, settings: Settings): Input;
  handle(
    context: CallerContext & Input & Added,
    deps: Deps,
    agentRequest: (context: CallerContext) => AgentRequest,
  ): Promise<HttpResponse> | HttpResponse;
}

export type Endpoint = OpenEndpoint | CallerEndpoint;

export type Method = 'GET' | 'DELETE' | 'POST';

export interface Route {
  /** Such as `/tasks/{taskId}`. A parameter stands for one segment, which is not empty. */
  readonly template: string;
  readonly methods: Readonly<Partial<Record<Method, Endpoint>>>;
  /** Browsers call it from other origins: it takes part in CORS. */
  readonly isForBrowsers?: true;
  /** Webhook senders call it: the status decides whether they send again. */
  readonly isForSenders?: true;
  /** Header fields that browsers may send there, beside those of all routes; each after a comma. */
  readonly corsFields?: string;
}

/** What is known of one request while it is served. */
export interface RequestContext {
  readonly request: HttpRequest;
  readonly requestId: string;
  /** Of the trace that the request belongs to; every call to DLC carries it. */
  readonly traceId: string;
  /** Milliseconds of the steady clock. */
  readonly startedAt: number;
  readonly deadline: Deadline;
  /** What was done upstream for this request, counted while it is done. */
  readonly stats: UpstreamStats;
  /** The cloud credentials that came with the request. */
  readonly credentials?: CloudCredentials | undefined;
  /** The body that the middleware `body` has read; empty if the endpoint needs none. */
  readonly body: Buffer;
  /** Called when the response is there. */
  readonly onEnd: (() => void)[];
}

/** Added by the middleware `route`. */
export interface Routed {
  readonly route: Route;
  readonly endpoint: Endpoint;
  /** The segment that the route's parameter stands for, still percent-encoded; empty without one. */
  readonly parameter: string;
}

/** Added by the middleware `authenticate`. */
export interface Authenticated {
  readonly principal: Principal;
  /** The webhook sender that the URL names. */
  readonly sender?: WebhookSender;
  /** What its delivery asks for, or why it is refused. */
  readonly read?: Read;
}

/** Added by the middleware `quota`. */
export interface Metered {
  /** The header fields that describe the caller's quota. */
  quotaFields: Readonly<Record<string, string>>;
}

/** Added where an agent calls the endpoint by a tool. */
export interface ByAgent {
  readonly agent: AgentCall;
}

export interface AgentCall {
  readonly tool: string;
  /** The client's name and version, as it gives them. */
  readonly client: string | undefined;
  /** @throws Problem `confirmation-required` */
  confirm(context: CallerContext & TaskInput): void;
}

/** An agent's request, and what it goes through. From the call on, it is a request for a route. */
export interface AgentRequest {
  readonly context: CallerContext & TaskInput;
  readonly deps: Deps;
  /** The only one: another bundle has a class of its own. */
  readonly Problem: typeof Problem;
  readonly problemResponse: typeof problemResponse;
  readonly inItsLanguage: (response: HttpResponse) => Promise<HttpResponse> | HttpResponse;
  /** Authenticates the caller, and reads the body. @throws Problem */
  readonly admit: () => Promise<unknown>;
  /** Does what the route does, from the quota on. @throws Problem */
  readonly call: (request: RouteRequest, agent: AgentCall) => Promise<HttpResponse>;
}

export interface RouteRequest extends Pick<HttpRequest, 'method' | 'path' | 'query'> {
  readonly body: Buffer;
}

/** Added by the middleware `permit` if the request is about one task. */
export interface Permitted {
  /** What the permission rests on, for the audit line; only what was really checked. */
  readonly permittedBy: string;
  /** The audit line of the intent, which the line of the result refers to. */
  readonly intentId?: string;
}

/** Added by the middleware `permitEach`, where the request is about several tasks. */
export interface Batched {
  readonly batch: {
    /** Made by the gateway, for the audit lines. */
    readonly batchId: string;
    readonly dryRun?: true;
    readonly items: readonly BatchItem[];
  };
}

/** One of several tasks. */
export interface BatchItem {
  readonly task: TaskRef;
  /** Of this task alone. */
  readonly stats: UpstreamStats;
  /** Why the caller may not cancel it. */
  readonly refusal: Problem | undefined;
  /** Of the permission, if DLC was asked for it. */
  readonly lookup: Lookup | undefined;
  /** Writes the audit line of the result. */
  readonly record: (response: Pick<HttpResponse, 'status' | 'logged'>) => void;
}

/** What a handler gets besides what its own endpoint reads from the request. */
export type CallerContext = RequestContext & Routed & Authenticated;

/** What the outer middlewares see: a request may fail at any step. */
export type PartialContext = RequestContext &
  Partial<Routed & Authenticated & Metered & Permitted & ByAgent> & {
    readonly task?: TaskRef | undefined;
    /** Of one task among several. */
    readonly batchId?: string;
    readonly dryRun?: boolean;
  };
