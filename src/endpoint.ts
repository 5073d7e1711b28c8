import type { Principal, Scheme, Scope } from './lib/auth/principal.ts';
import type { Clock, Deadline } from './lib/clock.ts';
import type { Caller, DlcClient } from './lib/dlc/client.ts';
import type { Lookup } from './lib/dlc/describe-task.ts';
import type { HttpRequest, HttpResponse } from './lib/http/message.ts';
import type { Limiter } from './lib/rate-limit/limiter.ts';
import type { Log } from './lib/observability/log.ts';
import type { Problem } from './lib/problems.ts';
import type { TaskRef } from './lib/tasks.ts';
import type { ApiDocument } from './lib/api-document.ts';
import type { ConcurrencyLimit } from './lib/concurrency-limit.ts';
import type { ReadDelivery } from './lib/webhooks/deliveries.ts';
import type { WebhookSender } from './lib/webhooks/webhook-senders.ts';
import type { Settings } from './settings.ts';

/** Routes, the endpoints behind their methods, and what each step leaves for the next ones. */

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
  /** Of a body, which nobody reads; 8 KiB if absent. */
  readonly maxBytes?: number;
  handle(context: RequestContext & Routed, deps: Deps): Promise<HttpResponse> | HttpResponse;
}

/**
 * One method of one route, for callers who authenticate.
 *
 * @typeParam Input what `validate` reads from the request, and `handle` gets
 * @typeParam Proved what the proof of the caller leaves besides the principal
 * @typeParam Allowed what the check of the permission leaves
 */
interface ForCallers<Input, Proved = unknown, Allowed = unknown> {
  readonly access: {
    readonly schemes: readonly Scheme[];
    readonly scope: Scope;
    /** The URL names the webhook sender, whose entry says how it proves itself. */
    readonly isBySender?: true;
    /** What is asked for stands in the body: the scope is that of another endpoint, which is called. */
    readonly isForAgents?: true;
  };
  /** Of the body; absent: no body is read. */
  readonly maxBytes?: number;
  /** @throws Problem `invalid-request`, `unsupported-media-type` */
  validate(context: CallerContext & Proved, settings: Settings): Input;
  handle(
    context: CallerContext & Proved & Input & Allowed,
    deps: Deps,
    callTool: CallTool,
  ): Promise<HttpResponse> | HttpResponse;
}

/** About one task; a webhook may ask for something else. */
export interface TaskEndpoint<Task = TaskRef> extends ForCallers<{ readonly task: Task }> {
  readonly about: 'task';
}

/** About several: each costs a unit of the quota, and has its own permission, result and audit lines. */
export interface TasksEndpoint<Input = unknown, Proved = unknown> extends ForCallers<
  Input & SeveralTasks,
  Proved,
  Batched
> {
  readonly about: 'tasks';
}

/** About no task that the request names. */
export interface OtherEndpoint<Input = unknown> extends ForCallers<Input> {
  readonly about?: never;
  validate(context: CallerContext, settings: Settings): Input & NoTask;
}

export interface OneTask {
  readonly task: TaskRef | undefined;
}

export interface SeveralTasks {
  readonly tasks: readonly TaskRef[];
  /** Nothing is cancelled. */
  readonly dryRun?: boolean;
}

type NoTask = { readonly [name in 'task' | 'tasks']?: never };

export type CallerEndpoint = TaskEndpoint<TaskRef | undefined> | TasksEndpoint | OtherEndpoint;
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
export interface RequestContext extends Caller {
  readonly request: HttpRequest;
  /** Milliseconds of the steady clock. */
  readonly startedAt: number;
  readonly deadline: Deadline;
  /** Empty if the endpoint needs none. */
  readonly body: Buffer;
  /** The header fields that describe the caller's quota, once it was checked. */
  quotaFields?: Readonly<Record<string, string>>;
  /** Called when the response is there. */
  readonly onEnd: (() => void)[];
}

/** Found before the first middleware. */
export interface Routed {
  readonly route: Route;
  readonly endpoint: Endpoint;
  /** The segment that the route's parameter stands for, still percent-encoded; empty without one. */
  readonly parameter: string;
}

/** Added by the middleware `authenticate`. */
export interface Authenticated {
  readonly principal: Principal;
}

/** Added where the URL names the webhook sender. */
export interface Delivered {
  readonly sender: WebhookSender;
  /** What the delivery asks for, or why it is refused. */
  readonly read: ReadDelivery;
}

/** Added where an agent calls the endpoint by a tool. */
export interface ByAgent {
  readonly agent: {
    readonly tool: string;
    /** The client's name and version, as it gives them. */
    readonly client: string | undefined;
    /** @returns nothing if the call needs no person's word, or has it */
    readonly whyNotConfirmed: (
      asked: Authenticated & Partial<OneTask & SeveralTasks>,
    ) => { readonly detail?: string } | undefined;
  };
}

/** Does what a route does for its callers, from the quota on. A refusal is a response too. */
export type CallTool = (
  context: CallerContext,
  request: Pick<HttpRequest, 'method' | 'path' | 'query'> & { readonly body: Buffer },
  agent: ByAgent['agent'],
) => Promise<HttpResponse>;

/** Added by the middleware `permit`, where the request is about one task. */
export interface Permitted {
  /** What the permission rests on, for the audit line; only what was really checked. */
  readonly permittedBy?: string | undefined;
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

/** One of several tasks, with stats of its own. */
export interface BatchItem extends Pick<Caller, 'stats'> {
  readonly task: TaskRef;
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
  Partial<Routed & Authenticated & Delivered & Permitted & ByAgent & OneTask> & {
    /** Of one task among several. */
    readonly batchId?: string;
    readonly dryRun?: boolean;
  };
